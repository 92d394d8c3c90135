"""What identifies a person: said, and erased."""

from fastapi import APIRouter

from headrace_api.errors import Unprocessable
from headrace_api.followed import until
from headrace_api.personal.models import Confirmation, Profile
from headrace_api.sending import Accepted, PlatformSending
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
async def erase_user(user: str, body: Confirmation, sending: PlatformSending) -> Accepted:
    """Oneself, or as an administrator somebody who is shut out; for ever. Returns once this API knows nothing more."""
    if body.confirm != user:
        raise Unprocessable("not-confirmed", f"`confirm` is the name once more: {user!r}", {"confirm": body.confirm})
    accepted = await sending.send(EraseSubject(user=user))
    personal = sending.context.personal
    await until(sending.context.credentials, lambda: not personal.knows(user))
    return accepted
