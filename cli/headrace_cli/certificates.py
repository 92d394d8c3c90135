"""`headrace certificates`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from headrace_cli.signing_in import signed_in
from headrace_cli.telling import ActAs, AsJson, tell, tell_rows, told

app = typer.Typer(no_args_is_help=True, help="Certificates of members, and of trials that read topics.")

_COLUMNS = ("project", "user", "role", "generation", "serial", "not_before", "not_after", "state", "reason", "run")
_STATES = "valid, expires-soon, superseded, authority-retired, revoked or expired"


@app.command("list")
@told
def list_(
    project: Annotated[str | None, typer.Option(help="only those for this project")] = None,
    of: Annotated[str | None, typer.Option("--of", help="only this person's")] = None,
    state: Annotated[str | None, typer.Option(help=f"only those that are {_STATES}")] = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Show whose certificate is how, the last to expire first; one's own to who is no administrator."""
    found = signed_in(user).get_certificates_api().get_certificates(project=project, user=of, state=state)
    times = ("not_before", "not_after")
    rows = [{**asdict(one), **{name: getattr(one, name).isoformat() for name in times}} for one in found]
    tell_rows(as_json, rows, _COLUMNS)


@app.command("revoke")
@told
def revoke(
    name: Annotated[str, typer.Argument(help="whose")],
    generation: Annotated[int, typer.Argument(min=1, help="which of theirs, as `list` shows")],
    project: Annotated[str, typer.Option(help="for which project it is")],
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Close the brokers to one certificate for ever."""
    signed_in(user).get_certificates_api().revoke(project, name, generation)
    what = {"project": project, "user": name, "generation": generation}
    tell(as_json, what, f"certificate {generation} of {name} for {project} is revoked")


@app.command("revoked")
@told
def revoked(user: ActAs = None, as_json: AsJson = False) -> None:
    """Print the authority's revocation list (X.509 CRL, PEM)."""
    pem = signed_in(user).get_certificates_api().get_revocation_list()
    tell(as_json, {"pem": pem}, pem.removesuffix("\n"))


@app.command("authorities")
@told
def authorities(user: ActAs = None, as_json: AsJson = False) -> None:
    """Print the certificate of whoever signs members' certificates (PEM)."""
    pem = signed_in(user).get_certificates_api().get_authorities()
    tell(as_json, {"pem": pem}, pem.removesuffix("\n"))
