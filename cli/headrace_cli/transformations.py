"""`headrace transformation`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from headrace_cli.feature_group_options import InProject
from headrace_cli.signing_in import signed_in
from headrace_cli.telling import ActAs, AsJson, as_text, tell, tell_rows, told

app = typer.Typer(no_args_is_help=True, help="Transformation functions of projects.")
NewestVersion = Annotated[int | None, typer.Option("--version", help="which version; without it, the newest")]


@app.command("list")
@told
def list_(project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Show the functions that are built in, and all versions of those that members made."""
    functions = signed_in(user).get_project(project).get_feature_store().get_transformation_functions()
    rows = [
        {
            "name": one.name,
            "version": one.version,
            "arguments": as_text(one.arguments),
            "statistics": as_text(one.statistics),
            "returns": as_text(one.return_types),
            "mode": None if one.is_built_in else one.mode,
        }
        for one in functions
    ]
    tell_rows(as_json, rows, ("name", "version", "arguments", "statistics", "returns", "mode"))


@app.command("show")
@told
def show(
    name: str, project: InProject, *, version: NewestVersion = None, user: ActAs = None, as_json: AsJson = False
) -> None:
    """Show a function, with its source unless it is built in."""
    store = signed_in(user).get_project(project).get_feature_store()
    found = store.get_transformation_function(name, version)
    if found.is_built_in:
        tell(as_json, asdict(found), f"{found.name} is built in")
        return
    said = f"# {found.name} version {found.version}, of {as_text(found.arguments)}\n{found.source}"
    tell(as_json, asdict(found), said)
