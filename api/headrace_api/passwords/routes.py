"""Passwords: one's own, and what administrators do about others'."""

from fastapi import APIRouter, Request

from headrace_api.audit.trail import address_of
from headrace_api.errors import Unauthenticated
from headrace_api.followed import until, until_held
from headrace_api.passwords.models import NewPassword, TemporaryPassword
from headrace_api.sending import Accepted, PlatformSending
from headrace_api.sessions.doors import this_moment
from headrace_api.sessions.signing_in import prove_again, shown
from headrace_api.totp.codes import Factor
from headrace_events.ids import Micros
from headrace_events.password import LockStored, PasswordStored, SetPassword, UnlockPassword
from headrace_events.scopes import Scope

router = APIRouter(prefix="/api", tags=["passwords"])

TEMPORARY_US = 24 * 3_600_000_000


@router.put("/password", summary="Set one's password")
async def set_password(body: NewPassword, sending: PlatformSending, request: Request) -> Accepted:
    """Give oneself a password; every session but this one ends.

    The present one has to be shown, and a one-time code where they are used; the first one takes a session, or a key
    without scopes, project or end.
    """
    context, user = sending.context, sending.actor.user
    sending.actor.must_have(Scope.ACCOUNT)
    present = context.credentials.held(PasswordStored, f"password/{user}")
    if present is None:
        sending.actor.must_not_be_narrowed()
    context.doors.must_not_be_crowded(address_of(request))
    sealed = await context.doors.hashing.chosen(user, body.password, sending.id)
    if present is not None and present.sealed == sealed:  # the same request once more, which is answered again
        factor = shown(context, user, body.code) or Factor()
    elif present is not None and body.current is None:
        raise Unauthenticated("wrong-password", "send the present password as `current`")
    else:
        factor = await prove_again(context, user, body.current, body.code, address_of(request))
    wish = SetPassword(
        user=user, sealed=sealed, keep=sending.actor.key_id, totp_step=factor.step, recovery=factor.recovery
    )
    accepted = await sending.send(wish)
    await until_held(context.credentials, PasswordStored, f"password/{user}", lambda stored: stored.sealed == sealed)
    return accepted


@router.post("/users/{user}/password-reset", summary="Give somebody a temporary password")
async def reset_password(user: str, sending: PlatformSending) -> TemporaryPassword:
    """Make a password that counts for a day, and only to choose another; all sessions end.

    For administrators, with a session, or a key without scopes, project or end.
    """
    sending.actor.must_not_be_narrowed()
    context = sending.context
    password = context.master.fingerprint(f"temporary password of {user} by {sending.id}".encode())[:24]
    until = Micros(this_moment() // TEMPORARY_US * TEMPORARY_US + 2 * TEMPORARY_US)
    sealed = await context.doors.hashing.sealed(user, password, sending.id)
    accepted = await sending.send(SetPassword(user=user, sealed=sealed, temporary_until=until))
    await until_held(context.credentials, PasswordStored, f"password/{user}", lambda stored: stored.sealed == sealed)
    return TemporaryPassword(**accepted.model_dump(), user=user, password=password, temporary_until=until)


@router.delete("/users/{user}/password-lock", summary="Let somebody try again")
async def unlock(user: str, sending: PlatformSending) -> Accepted:
    """Lift the lock that too many wrong passwords brought about; for administrators."""
    sending.actor.must_have(Scope.ADMIN)
    accepted = await sending.send(UnlockPassword(user=user))
    credentials = sending.context.credentials
    await until(credentials, lambda: credentials.held(LockStored, f"lock/{user}") is None)
    return accepted
