"""`headrace member`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from headrace_cli.signing_in import signed_in
from headrace_cli.telling import ActAs, AsJson, tell, tell_rows, told

app = typer.Typer(no_args_is_help=True, help="Members of projects.")


class RoleName(StrEnum):
    """The roles in a project."""

    DATA_OWNER = "data-owner"
    DATA_SCIENTIST = "data-scientist"


AsRole = Annotated[RoleName, typer.Option(help="what they are in the project")]


@app.command("add")
@told
def add(project: str, person: str, role: AsRole, user: ActAs = None, as_json: AsJson = False) -> None:
    """Give a person a role in a project."""
    signed_in(user).get_project(project).add_member(person, role.value)
    row = {"project": project, "user": person, "role": role.value}
    tell(as_json, row, f"{person} is {role.value} of {project}")


@app.command("remove")
@told
def remove(project: str, person: str, user: ActAs = None, as_json: AsJson = False) -> None:
    """End a membership; the broker closes at once."""
    signed_in(user).get_project(project).remove_member(person)
    tell(as_json, {"project": project, "user": person}, f"{person} is no member of {project} any more")


@app.command("list")
@told
def list_(project: str, user: ActAs = None, as_json: AsJson = False) -> None:
    """Show a project's members."""
    members = signed_in(user).get_project(project).get_members()
    rows = [{"user": member.user, "role": member.role, "full_name": member.full_name} for member in members]
    tell_rows(as_json, rows, ("user", "role", "full_name"))
