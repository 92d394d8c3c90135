"""Signing in with a password, and a one-time code where the person uses them."""

import time
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from headrace_api.audit.trail import ANONYMOUS, NOBODY_KNOWN, address_of
from headrace_api.context import Context
from headrace_api.errors import NotAllowed, TooMany, Unauthenticated
from headrace_api.followed import until
from headrace_api.sending import result_of
from headrace_api.sessions.doors import this_moment
from headrace_api.sessions.models import SignIn
from headrace_api.sessions.tokens import IDLE_US, LONGEST_US, Token, new_token
from headrace_api.totp.codes import Factor, factor_of
from headrace_broker.audit import Act, Outcome
from headrace_broker.results import Result
from headrace_events.envelope import Request
from headrace_events.errors import Refusal
from headrace_events.identity import IdentityStored
from headrace_events.ids import CommandId, Micros, uuid7
from headrace_events.language import Command
from headrace_events.password import LockPassword, LockStored, PasswordStored, SetPassword
from headrace_events.session import SessionStored, StartSession
from headrace_events.totp import TotpStored


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that began; `command` is the id of the command that began it."""

    user: str
    token: Token
    idle_until: Micros
    ends: Micros
    command: CommandId
    result: Result


async def sign_in(context: Context, wish: SignIn, request: HTTPConnection) -> Session:
    """A new session; raises Unauthenticated, NotAllowed, TooMany, and the Refusal of who is not active."""
    address = address_of(request)
    request.state.tried = "session.start", named(context, wish.user)
    context.doors.must_not_be_crowded(address)
    async with context.doors.turn(wish.user):
        factor = await prove(context, wish.user, wish.password, wish.code, address)
        session = await start(context, wish.user, "password", await _lasting(context, wish, factor))
    tell_started(context, session, address, by="password", factor=factor.kind)
    return session


def tell_started(context: Context, session: Session, address: str | None, **told: str) -> None:
    """Tell the trail of a session that began."""
    user = session.user
    context.trail.tell(_act("session.start", user, f"user:{user}", address, session.command, **told))


def named(context: Context, user: str) -> str:
    """Whom the trail names: who can sign in; what else was typed may be a password in the wrong place."""
    return f"user/{user}" if _can_sign_in(context, user) else f"user/{NOBODY_KNOWN}"


def _can_sign_in(context: Context, user: str) -> bool:
    """Whether it is somebody with a password here or elsewhere."""
    credentials = context.credentials
    return credentials.held(PasswordStored, f"password/{user}") is not None or any(
        one.user == user for one in credentials.all_of(IdentityStored)
    )


def _act(what: str, user: str, actor: str, address: str | None, command: CommandId, **details: str) -> Act:
    return Act(
        at=this_moment(),
        actor=actor,
        act=what,
        outcome=Outcome.ACCEPTED,
        subject=f"user/{user}",
        address=address,
        command=command,
        details=details,
    )


async def prove(context: Context, user: str, password: str, code: str | None, address: str | None) -> Factor:
    """Which second factor was shown beside the right password, if it counts; raises Unauthenticated, TooMany."""
    must_not_be_locked(context, user)
    stored = context.credentials.held(PasswordStored, f"password/{user}")
    if not await context.doors.hashing.matches(user, password, stored.sealed if stored else None):
        await count_failure(context, user, address)
        raise Unauthenticated("wrong-password", "there is no such user, or the password is another")
    factor = await prove_code(context, user, code, address)
    if stored is not None and stored.temporary_until is not None and stored.temporary_until <= this_moment():
        raise Unauthenticated("password-expired", "this temporary password is over: ask an administrator for another")
    return factor


async def prove_again(
    context: Context, user: str, password: str | None, code: str | None, address: str | None
) -> Factor:
    """Which second factor somebody signed in shows once more, beside the password if there is one.

    Raises Unauthenticated, TooMany: whoever only holds a session or a key changes nothing that lasts.
    """
    async with context.doors.turn(user):
        if context.credentials.held(PasswordStored, f"password/{user}") is not None:
            return await prove(context, user, password or "", code, address)
        must_not_be_locked(context, user)
        return await prove_code(context, user, code, address)


async def prove_code(context: Context, user: str, code: str | None, address: str | None) -> Factor:
    """Which second factor was shown, empty where none is asked for; raises Unauthenticated."""
    factor = shown(context, user, code)
    if factor is None and code is None:
        raise Unauthenticated("code-required", "send a one-time code, or a recovery code, beside the password")
    if factor is None:
        await count_failure(context, user, address)
        raise Unauthenticated("wrong-code", "the code is wrong or over: send the one shown now")
    return factor


def shown(context: Context, user: str, code: str | None) -> Factor | None:
    """Which of the person's codes it is: an empty factor where none is asked for, None where it is none of them."""
    totp = context.credentials.held(TotpStored, f"totp/{user}")
    if totp is None or not totp.confirmed:
        return Factor()
    return None if code is None else factor_of(totp, code, context.master, time.time())


def must_not_be_locked(context: Context, user: str) -> None:
    """Raise TooMany while the person's password does not count."""
    now = this_moment()
    over = max(_lock_of(context, user) or 0, context.doors.attempts.locked_until(user) or 0)
    if over > now:
        raise TooMany("password-locked", "too many wrong tries: wait, or ask an administrator", over - now)


def _lock_of(context: Context, user: str) -> Micros | None:
    stored = context.credentials.held(LockStored, f"lock/{user}")
    return stored.until if stored is not None else None


async def count_failure(context: Context, user: str, address: str | None) -> None:
    """Count a failure; after too many the password is locked, on the log, for every server."""
    over = context.doors.attempts.failed(user, address or "", this_moment())
    if over is None or not _can_sign_in(context, user):
        return
    try:
        command, _ = await say(context, LockPassword(user=user, until=over))
    except Refusal:
        return  # nobody who could be locked: who waits or was shut out does not sign in anyway
    await until(context.credentials, lambda: _lock_of(context, user) == over)
    context.doors.attempts.forgive(user)
    context.trail.tell(_act("password.lock", user, ANONYMOUS, address, command))


async def _lasting(context: Context, wish: SignIn, factor: Factor) -> Factor:
    """Take a new password in place of a temporary one, which spends the code, or leave it for the session to spend.

    Raises NotAllowed.
    """
    stored = context.credentials.held(PasswordStored, f"password/{wish.user}")
    if stored is None or stored.temporary_until is None:
        return factor
    if wish.new_password is None or wish.new_password == wish.password:
        raise NotAllowed("password-must-change", "this password is temporary: send `new_password` beside it")
    command = CommandId(uuid7())
    sealed = await context.doors.hashing.chosen(wish.user, wish.new_password, command)
    change = SetPassword(user=wish.user, sealed=sealed, totp_step=factor.step, recovery=factor.recovery)
    await result_of(context, Request(command=change, id=command, actor=f"user:{wish.user}"))
    return Factor()


async def start(context: Context, user: str, by: str, factor: Factor, command_id: CommandId | None = None) -> Session:
    """Begin a session of somebody who has proved who they are; return once this API knows it.

    With a command id it begins once, on whichever server: another try is refused as `command-id-reused`.
    """
    token, now = new_token(), this_moment()
    idle_until, ends = Micros(now + IDLE_US), Micros(now + LONGEST_US)
    command = StartSession(
        user=user,
        session_id=token.session_id,
        token_hash=token.hash,
        by=by,
        idle_until=idle_until,
        ends=ends,
        totp_step=factor.step,
        recovery=factor.recovery,
    )
    command_id, result = await say(context, command, command_id)
    held = context.credentials.held
    await until(context.credentials, lambda: held(SessionStored, f"session/{token.session_id}") is not None)
    context.doors.attempts.forgive(user)
    return Session(user=user, token=token, idle_until=idle_until, ends=ends, command=command_id, result=result)


async def say(context: Context, command: Command, command_id: CommandId | None = None) -> tuple[CommandId, Result]:
    """Send a command as the API itself."""
    command_id = command_id or CommandId(uuid7())
    return command_id, await result_of(context, Request(command=command, id=command_id, actor="system:api"))


def sessions_of(context: Context, user: str) -> list[SessionStored]:
    """The person's sessions that are on."""
    now = this_moment()
    found = [one for one in context.credentials.all_of(SessionStored) if one.user == user]
    return sorted((one for one in found if now < min(one.idle_until, one.ends)), key=lambda one: -one.ends)
