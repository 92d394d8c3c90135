"""`headrace login`, `logout`, `whoami`, `password`, `totp` and `session`: one's own account."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Callable
from typing import Annotated

import typer

import headrace
from headrace._settings import forget_session, save_session, saved_session
from headrace_cli.signing_in import signed_in
from headrace_cli.telling import ActAs, AsJson, tell, tell_rows, told

passwords = typer.Typer(no_args_is_help=True, help="Passwords.")
codes = typer.Typer(no_args_is_help=True, help="One-time codes beside the password.")
sessions = typer.Typer(no_args_is_help=True, help="Sessions.")

Host = Annotated[str | None, typer.Option(help="address of the API; else HEADRACE_API")]
Browser = Annotated[bool, typer.Option(help="open the browser of this machine; else only say what to open")]
Stdin = Annotated[bool, typer.Option("--password-stdin", help="read passwords from standard input, one a line")]


@told
def login(
    name: Annotated[str | None, typer.Argument(help="who; not needed with --sso")] = None,
    *,
    host: Host = None,
    sso: Annotated[
        bool, typer.Option("--sso", help="sign in with a browser, at the provider of this platform")
    ] = False,
    ldap: Annotated[
        bool, typer.Option("--ldap", help="with name and password of the organisation's directory")
    ] = False,
    browser: Browser = True,
    code: Annotated[str | None, typer.Option(help="a one-time or recovery code")] = None,
    from_stdin: Stdin = False,
    as_json: AsJson = False,
) -> None:
    """Sign in with a password or a browser; later commands and programs of this account act as this person."""
    session = _by_browser(host, browser) if sso else _by_password(name, host, code, from_stdin, ldap)
    path = save_session(session.saved())
    row = {"user": session.user, "host": session.host, "session_id": session.session_id, "file": str(path)}
    tell(as_json, row, f"signed in as {session.user} at {session.host}")


def _by_browser(host: str | None, browser: bool) -> headrace.Session:
    return headrace.sign_in_with_browser(host=host, show=shower(browser))


def shower(browser: bool) -> Callable[[str], object]:
    """What brings an address before somebody's eyes: the browser, and the terminal in any case."""

    def show(address: str) -> None:
        typer.echo(f"To sign in, open\n  {address}", err=True)
        if browser:
            webbrowser.open(address)

    return show


def _by_password(
    name: str | None, host: str | None, code: str | None, from_stdin: bool, ldap: bool
) -> headrace.Session:
    if name is None:
        raise headrace.Invalid("say who signs in: `headrace login NAME`, or `headrace login --sso`", code="no-name")
    password, new = asked("Password", from_stdin), None
    while True:
        try:
            return headrace.sign_in(name, password, code=code, new_password=new, host=host, directory=ldap)
        except headrace.HeadraceError as error:
            if error.code == "code-required" and code is None and not from_stdin:
                code = typer.prompt("Code", err=True)
            elif error.code == "password-must-change" and new is None:
                new = asked("New password", from_stdin, confirm=True)
            else:
                raise


@told
def logout(as_json: AsJson = False) -> None:
    """Sign out, and forget the session."""
    saved = saved_session()
    if saved is None:
        raise headrace.NotSignedIn("nobody is signed in", code="no-credential")
    forget_session()
    with headrace.connect(host=saved.host, api_key=saved.token) as platform:
        platform.get_account_api().end_session()
    tell(as_json, {"user": saved.user}, f"{saved.user} is signed out")


@told
def whoami(user: ActAs = None, as_json: AsJson = False) -> None:
    """Show as whom commands act."""
    row = signed_in(user).api.get("/api/whoami")
    tell(as_json, row, row["user"])


@passwords.command("set")
@told
def set_(
    code: Annotated[str | None, typer.Option(help="a one-time code, where they are used")] = None,
    from_stdin: Stdin = False,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Give oneself a password: the present one (empty if there is none), then the new one."""
    platform = signed_in(user)
    current = asked("Present password", from_stdin)
    new = asked("New password", from_stdin, confirm=True)
    platform.get_account_api().set_password(new, current or None, code)
    tell(as_json, {"user": platform.user}, f"the password of {platform.user} is set")


@passwords.command("reset")
@told
def reset(name: str, user: ActAs = None, as_json: AsJson = False) -> None:
    """Give somebody a temporary password, shown this once; for administrators."""
    password = signed_in(user).get_users_api().reset_password(name)
    tell(as_json, {"user": name, "password": password}, password)


@passwords.command("unlock")
@told
def unlock(name: str, user: ActAs = None, as_json: AsJson = False) -> None:
    """Let somebody try again after too many wrong passwords; for administrators."""
    signed_in(user).get_users_api().unlock_password(name)
    tell(as_json, {"user": name}, f"{name} may try again")


@codes.command("enrol")
@told
def enrol(user: ActAs = None, as_json: AsJson = False) -> None:
    """Get a seed for an authenticator app; confirm with a code of it."""
    secret, uri = signed_in(user).get_account_api().enrol_totp()
    tell(as_json, {"secret": secret, "uri": uri}, f"{uri}\nseed {secret}\nNow: headrace totp confirm CODE")


@codes.command("confirm")
@told
def confirm(code: str, user: ActAs = None, as_json: AsJson = False) -> None:
    """Ask for one-time codes from now on; shows the recovery codes this once."""
    recovery = signed_in(user).get_account_api().confirm_totp(code)
    tell(as_json, {"recovery_codes": recovery}, "\n".join(recovery))


@codes.command("remove")
@told
def remove(
    name: Annotated[str | None, typer.Argument(help="whose, for administrators; one's own if not given")] = None,
    code: Annotated[str, typer.Option(help="a one-time or recovery code, for one's own")] = "",
    from_stdin: Stdin = False,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Let the password alone sign in again."""
    platform = signed_in(user)
    if name is None:
        platform.get_account_api().remove_totp(asked("Password", from_stdin), code)
    else:
        platform.get_users_api().remove_totp(name)
    tell(as_json, {"user": name or platform.user}, "the password alone signs in")


@sessions.command("list")
@told
def list_(
    name: Annotated[str | None, typer.Argument(help="whose, for administrators; one's own if not given")] = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Show sessions that are on."""
    rows = signed_in(user).get_account_api().get_sessions(name)
    tell_rows(as_json, rows, ("session_id", "idle_until", "ends", "current"))


@sessions.command("end")
@told
def end(session_id: str, user: ActAs = None, as_json: AsJson = False) -> None:
    """End a session of one's own, or as an administrator anybody's."""
    signed_in(user).get_account_api().end_session(session_id)
    tell(as_json, {"session_id": session_id}, f"session {session_id} is over")


def asked(what: str, from_stdin: bool, *, confirm: bool = False) -> str:
    """A secret: a line of standard input, or typed unseen."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    typed: str = typer.prompt(
        what, hide_input=True, confirmation_prompt=confirm, default="", show_default=False, err=True
    )
    return typed
