"""`headrace key`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from headrace_cli.signing_in import signed_in
from headrace_cli.telling import ActAs, AsJson, tell, tell_rows, told

app = typer.Typer(no_args_is_help=True, help="API keys.")

Whose = Annotated[str | None, typer.Argument(help="whose; one's own if not given")]


@app.command("issue")
@told
def issue(  # noqa: PLR0917 - typer passes all of them by name
    owner: Whose = None,
    project: Annotated[str | None, typer.Option(help="the one project it is for; any if not given")] = None,
    hours: Annotated[float | None, typer.Option(help="how long it counts; until it is revoked if not given")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="what it is for, repeatable; everything if not given")] = None,
    name: Annotated[str, typer.Option(help="what to call it")] = "",
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Make a key, and show it this once."""
    key = signed_in(user).issue_key(owner, project=project, hours=hours, scopes=scope or None, name=name)
    tell(as_json, asdict(key), key.key)


@app.command("list")
@told
def list_(owner: Whose = None, user: ActAs = None, as_json: AsJson = False) -> None:
    """Show keys, without their secrets."""
    keys = signed_in(user).get_keys(owner)
    tell_rows(as_json, keys, ("key_id", "name", "project", "scopes", "expires", "used", "revoked"))


@app.command("revoke")
@told
def revoke(key_id: str, user: ActAs = None, as_json: AsJson = False) -> None:
    """Make a key useless at once."""
    signed_in(user).revoke_key(key_id)
    tell(as_json, {"key_id": key_id}, f"key {key_id} is revoked")
