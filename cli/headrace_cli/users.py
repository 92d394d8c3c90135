"""`headrace user`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

import headrace
from headrace_cli.account import Host, Stdin, asked
from headrace_cli.signing_in import signed_in
from headrace_cli.telling import ActAs, AsJson, refuse, tell, tell_rows, told

app = typer.Typer(no_args_is_help=True, help="People of the platform.")

Why = Annotated[str, typer.Option("--reason", help="shown to administrators")]


@app.command("create")
@told
def create(name: str, user: ActAs = None, as_json: AsJson = False) -> None:
    """Make a person known to the platform."""
    signed_in(user).create_user(name)
    tell(as_json, {"user": name}, f"user {name} is made")


@app.command("list")
@told
def list_(
    standing: Annotated[
        str | None, typer.Option(help="pending, active, rejected, deactivated or erased; all if not")
    ] = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Show everybody."""
    people = signed_in(user).get_users_api().get_users(standing)
    columns = ("user", "standing", "administrator", "full_name", "email", "created_time")
    tell_rows(as_json, [asdict(one) for one in people], columns)


@app.command("show")
@told
def show(name: str, user: ActAs = None, as_json: AsJson = False) -> None:
    """Show a person."""
    row = asdict(signed_in(user).get_users_api().get_user(name))
    tell(as_json, row, "\n".join(f"{column:15} {value}" for column, value in row.items()))


@app.command("register")
@told
def register(
    name: str,
    host: Host = None,
    from_stdin: Stdin = False,
    as_json: AsJson = False,
) -> None:
    """Ask to become a user, without a credential; an administrator decides. An empty password is none."""
    headrace.register(name, host, asked("Password", from_stdin, confirm=True) or None)
    tell(as_json, {"user": name}, f"user {name} waits for an administrator")


@app.command("approve")
@told
def approve(name: str, user: ActAs = None, as_json: AsJson = False) -> None:
    """Let a registered person in."""
    signed_in(user).get_users_api().approve(name)
    tell(as_json, {"user": name}, f"user {name} is let in")


@app.command("reject")
@told
def reject(name: str, reason: Why = "", user: ActAs = None, as_json: AsJson = False) -> None:
    """Turn a registered person away."""
    signed_in(user).get_users_api().reject(name, reason)
    tell(as_json, {"user": name}, f"user {name} is turned away")


@app.command("deactivate")
@told
def deactivate(name: str, reason: Why = "", user: ActAs = None, as_json: AsJson = False) -> None:
    """Shut a person out at once: keys, sessions, certificates."""
    signed_in(user).get_users_api().deactivate(name, reason)
    tell(as_json, {"user": name}, f"user {name} is shut out")


@app.command("activate")
@told
def activate(name: str, user: ActAs = None, as_json: AsJson = False) -> None:
    """Let a deactivated person in again."""
    signed_in(user).get_users_api().activate(name)
    tell(as_json, {"user": name}, f"user {name} is let in again")


@app.command("grant-administrator")
@told
def grant_administrator(name: str, user: ActAs = None, as_json: AsJson = False) -> None:
    """Let a person administer the platform."""
    signed_in(user).get_users_api().grant_administrator(name)
    tell(as_json, {"user": name}, f"user {name} is an administrator")


@app.command("withdraw-administrator")
@told
def withdraw_administrator(name: str, user: ActAs = None, as_json: AsJson = False) -> None:
    """Take the administrator's right from a person."""
    signed_in(user).get_users_api().withdraw_administrator(name)
    tell(as_json, {"user": name}, f"user {name} is no administrator")


@app.command("describe")
@told
def describe(
    name: str,
    full_name: Annotated[str | None, typer.Option(help="what the person is called; nothing if not given")] = None,
    email: Annotated[str | None, typer.Option(help="how the person is reached; nothing if not given")] = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Say what a person is called and how they are reached: oneself, or as an administrator anybody."""
    with signed_in(user) as platform:
        platform.get_users_api().describe(name, full_name, email)
    tell(as_json, {"user": name, "full_name": full_name, "email": email}, f"user {name} is described")


@app.command("erase")
@told
def erase(
    name: str,
    confirm: Annotated[
        str, typer.Option(prompt="What is erased never comes back. The name once more", help="the name once more")
    ],
    *,
    code: Annotated[str | None, typer.Option(help="a one-time or recovery code, for oneself")] = None,
    from_stdin: Stdin = False,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Erase all that is known of a person but the name: as an administrator, somebody who is shut out.

    Or oneself, which asks for the password (empty if there is none).
    """
    if confirm != name:
        refuse(f"{confirm!r} is not {name!r}: nothing is erased", "Give the name of the person to erase twice.")
    with signed_in(user) as platform:
        password = asked("Password", from_stdin) or None if name == platform.user else None
        platform.get_users_api().erase(name, password, code)
    tell(as_json, {"user": name, "standing": "erased"}, f"user {name} is erased")
