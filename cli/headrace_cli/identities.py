"""`headrace identity`: the identities that sign in as a person."""

from __future__ import annotations

from typing import Annotated

import typer

from headrace_cli.account import Browser, Stdin, asked, shower
from headrace_cli.signing_in import signed_in
from headrace_cli.telling import ActAs, AsJson, tell, tell_rows, told

identities = typer.Typer(no_args_is_help=True, help="Identities to sign in with, at a provider or in a directory.")


@identities.command("list")
@told
def list_(
    name: Annotated[str | None, typer.Argument(help="whose, for administrators; one's own if not given")] = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Show the identities that sign in as a person."""
    tell_rows(as_json, signed_in(user).get_account_api().get_identities(name), ("identity", "provider", "user"))


@identities.command("link")
@told
def link(
    *,
    ldap: Annotated[str | None, typer.Option(help="a name in the directory, in place of a browser")] = None,
    code: Annotated[str | None, typer.Option(help="a one-time code, where they are used")] = None,
    browser: Browser = True,
    from_stdin: Stdin = False,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Sign in elsewhere, so as to sign in so from now on; asks for the password here (empty if there is none)."""
    platform = signed_in(user)
    account = platform.get_account_api()
    current = asked("Password", from_stdin) or None
    if ldap is None:
        account.link_identity(current, code, show=shower(browser))
    else:
        account.link_directory(ldap, asked("Password in the directory", from_stdin), current=current, code=code)
    way = "headrace login --sso" if ldap is None else f"headrace login {ldap} --ldap"
    tell(as_json, {"user": platform.user}, f"{platform.user} can sign in with `{way}`")


@identities.command("unlink")
@told
def unlink(identity: str, user: ActAs = None, as_json: AsJson = False) -> None:
    """Let an identity sign in no more: one's own, or as an administrator anybody's."""
    signed_in(user).get_account_api().unlink_identity(identity)
    tell(as_json, {"identity": identity}, f"identity {identity} signs in no more")
