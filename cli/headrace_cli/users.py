"""`headrace user`."""

from __future__ import annotations

import typer

from headrace_cli.signing_in import signed_in
from headrace_cli.telling import ActAs, AsJson, tell, tell_rows, told

app = typer.Typer(no_args_is_help=True, help="People of the platform.")


@app.command("create")
@told
def create(name: str, user: ActAs = None, as_json: AsJson = False) -> None:
    """Make a person known to the platform."""
    signed_in(user).create_user(name)
    tell(as_json, {"user": name}, f"user {name} is made")


@app.command("list")
@told
def list_(user: ActAs = None, as_json: AsJson = False) -> None:
    """Show everybody."""
    tell_rows(as_json, signed_in(user).get_users(), ("user", "administrator", "created_time"))
