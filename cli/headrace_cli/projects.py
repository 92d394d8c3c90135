"""`headrace project`."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from headrace_cli.signing_in import signed_in
from headrace_cli.telling import ActAs, AsJson, refuse, tell, tell_rows, told

app = typer.Typer(no_args_is_help=True, help="Projects.")


@app.command("create")
@told
def create(
    name: str,
    owner: Annotated[str | None, typer.Option(help="its first Data Owner; oneself if not given")] = None,
    description: Annotated[str, typer.Option(help="what it is for")] = "",
    *,
    sensitive: Annotated[bool, typer.Option("--sensitive", help="its data stays inside")] = False,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Make a project, and answer once its topics and access rules hold."""
    began = time.monotonic()
    platform = signed_in(user)
    platform.create_project(name, description, owner, sensitive=sensitive)
    seconds = time.monotonic() - began
    row = next(row for row in platform.get_projects() if row["project"] == name)
    tell(as_json, row, f"project {name} of {row['owner']} is ready after {seconds:.1f} s")


@app.command("archive")
@told
def archive(name: str, user: ActAs = None, as_json: AsJson = False) -> None:
    """Put a project away: it is read as before, and nothing in it is changed."""
    signed_in(user).get_project(name).archive()
    tell(as_json, {"project": name, "phase": "archived"}, f"project {name} is archived")


@app.command("unarchive")
@told
def unarchive(name: str, user: ActAs = None, as_json: AsJson = False) -> None:
    """Take an archived project up again."""
    signed_in(user).get_project(name).unarchive()
    tell(as_json, {"project": name, "phase": "ready"}, f"project {name} is taken up again")


@app.command("mark-sensitive")
@told
def mark_sensitive(name: str, user: ActAs = None, as_json: AsJson = False) -> None:
    """Keep a project's data inside: Data Scientists use it in runs on the platform, and take none of it away."""
    signed_in(user).get_project(name).mark_sensitive()
    tell(as_json, {"project": name, "sensitive": True}, f"the data of project {name} stays inside")


@app.command("unmark-sensitive")
@told
def unmark_sensitive(name: str, user: ActAs = None, as_json: AsJson = False) -> None:
    """Let a project's data out to all its members again; for administrators."""
    signed_in(user).get_project(name).unmark_sensitive()
    tell(as_json, {"project": name, "sensitive": False}, f"members of project {name} read its data again")


@app.command("delete")
@told
def delete(
    name: str,
    confirm: Annotated[
        str, typer.Option(prompt="Type the project's name to delete it for ever", help="the name again")
    ],
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Delete a project with all that is in it, and answer once nothing is left; its name stays taken."""
    began = time.monotonic()
    signed_in(user).delete_project(name, confirm=confirm)
    seconds = time.monotonic() - began
    tell(as_json, {"project": name, "phase": "deleted"}, f"nothing is left of project {name} after {seconds:.1f} s")


@app.command("describe")
@told
def describe(name: str, description: str, user: ActAs = None, as_json: AsJson = False) -> None:
    """Say in a few words what a project is for."""
    signed_in(user).get_project(name).describe(description)
    tell(as_json, {"project": name, "description": description}, f"{name}: {description}")


@app.command("readme")
@told
def readme(
    name: str,
    write: Annotated[
        Path | None, typer.Option(help="Markdown to put in its place; - for standard input", allow_dash=True)
    ] = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Show a project's README, or write it."""
    project = signed_in(user).get_project(name)
    if write is None:
        text = project.readme
        tell(as_json, {"project": name, "text": text}, text)
        return
    text = _text(write)
    project.write_readme(text)
    tell(as_json, {"project": name, "text": text}, f"the README of {name} is written: {len(text.encode())} bytes")


def _text(path: Path) -> str:
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"{path} cannot be read as text: {error}", "Name a file of Markdown in UTF-8, or - for standard input.")


@app.command("usage")
@told
def usage(name: str, user: ActAs = None, as_json: AsJson = False) -> None:
    """Show how much of its quotas a project uses."""
    rows = signed_in(user).get_project(name).get_usage()
    tell(as_json, [asdict(row) for row in rows], "\n".join(str(row) for row in rows))


@app.command("quota")
@told
def quota(
    name: str,
    which: Annotated[str, typer.Argument(help="as `headrace project usage --json` calls it")],
    limit: Annotated[int | None, typer.Argument(help="what the platform gives everybody, if not given")] = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Let a project have that much of something; for administrators."""
    platform = signed_in(user)
    platform.set_quota(name, which, limit)
    (row,) = [row for row in platform.get_project(name).get_usage() if row.quota == which]
    tell(as_json, asdict(row), f"{name}: {row}")


@app.command("list")
@told
def list_(user: ActAs = None, as_json: AsJson = False) -> None:
    """Show one's projects, or as the administrator all."""
    tell_rows(as_json, signed_in(user).get_projects(), ("project", "phase", "sensitive", "owner", "description"))
