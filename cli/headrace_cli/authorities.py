"""`headrace ca`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from headrace_cli.signing_in import signed_in
from headrace_cli.telling import ActAs, AsJson, tell, tell_rows, told

app = typer.Typer(no_args_is_help=True, help="The authorities that sign certificates.")


@app.command("list")
@told
def list_(user: ActAs = None, as_json: AsJson = False) -> None:
    """Show which authority signs, and which are believed."""
    rows = [asdict(one) for one in signed_in(user).get_authorities_api().get_authorities()]
    tell_rows(as_json, rows, ("number", "state", "overlaps_until"))


@app.command("rotate")
@told
def rotate(user: ActAs = None, as_json: AsJson = False) -> None:
    """Let another authority sign from now on; both are believed."""
    made = signed_in(user).get_authorities_api().rotate()
    tell(as_json, asdict(made), f"authority {made.number} signs; restart the stack, and retire {made.number - 1} later")


@app.command("retire")
@told
def retire(
    number: Annotated[int, typer.Argument(min=1, help="which authority")],
    force: Annotated[bool, typer.Option("--force", help="cut off who still has certificates of it")] = False,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Let nobody believe the older authority any more."""
    gone = signed_in(user).get_authorities_api().retire(number, force=force)
    tell(as_json, asdict(gone), f"authority {number} is retired")
