"""What identifies a person: said, and erased."""

from fastapi import APIRouter, Request

from headrace_api.audit.trail import address_of
from headrace_api.errors import Unprocessable
from headrace_api.followed import until
from headrace_api.personal.models import Confirmation, Profile
from headrace_api.sending import Accepted, PlatformSending
from headrace_api.sessions.signing_in import prove
from headrace_events.password import PasswordStored
from headrace_events.personal import DescribeUser, EraseSubject

router = APIRouter(prefix="/api/users/{user}", tags=["users"])


@router.put("/profile", summary="Say what a person is called")
async def describe_user(user: str, body: Profile, sending: PlatformSending) -> Accepted:
    """Oneself, or as an administrator anybody. It goes into the log encrypted, under a key of that person."""
    personal = sending.context.personal
    wish = DescribeUser(
        user=user,
        full_name=await personal.sealed(user, body.full_name),
        email=await personal.sealed(user, body.email),
    )
    return await sending.send(wish)


@router.post("/erasure", summary="Erase a person")
async def erase_user(user: str, body: Confirmation, sending: PlatformSending, request: Request) -> Accepted:
    """Oneself, or as an administrator somebody who is shut out; for ever. Returns once this API knows nothing more.

    With a session, or a key without scopes, project or end; for oneself the password has to be shown, if there is one.
    """
    context, actor = sending.context, sending.actor
    actor.must_not_be_narrowed()
    if body.confirm != user:
        raise Unprocessable("not-confirmed", f"`confirm` is the name once more: {user!r}", {"confirm": body.confirm})
    if user == actor.user and context.credentials.held(PasswordStored, f"password/{user}") is not None:
        context.doors.must_not_be_crowded(address_of(request))
        async with context.doors.turn(user):
            await prove(context, user, body.password or "", body.code, address_of(request))
    accepted = await sending.send(EraseSubject(user=user))
    await until(context.credentials, lambda: not context.personal.knows(user))
    return accepted
