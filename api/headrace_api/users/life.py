"""A person's life on the platform: asking to be let in, and what administrators decide."""

from fastapi import APIRouter, Response
from fastapi import Request as HttpRequest

from headrace_api.audit.trail import ANONYMOUS, address_of, came_from
from headrace_api.context import Here
from headrace_api.sending import POSITION, Accepted, IdempotencyKey, PlatformSending, named_id, result_of
from headrace_api.users.models import Reason, Registration
from headrace_events.envelope import Request
from headrace_events.user import (
    ActivateUser,
    ApproveUser,
    DeactivateUser,
    GrantAdministrator,
    RegisterUser,
    RejectUser,
    WithdrawAdministrator,
)

router = APIRouter(prefix="/api", tags=["users"])


@router.post("/registrations", status_code=201, summary="Ask to become a user")
async def register(
    body: Registration, context: Here, request: HttpRequest, response: Response, key: IdempotencyKey = None
) -> Accepted:
    """Register without a credential. An administrator approves or rejects; until then nothing can be done."""
    context.doors.take_registration(address_of(request))
    command = named_id(key)
    sealed = None
    if body.password is not None:
        sealed = await context.doors.hashing.chosen(body.user, body.password, command)
    wish = RegisterUser(user=body.user, sealed=sealed)
    result = await result_of(context, Request(command=wish, id=command, actor=ANONYMOUS))
    context.trail.tell(came_from(request, "registration.receive", ANONYMOUS, body.user, command))
    response.headers[POSITION] = ",".join(result.positions)
    return Accepted.of(command, result)


@router.post("/users/{user}/approval", summary="Approve a registration")
async def approve(user: str, sending: PlatformSending) -> Accepted:
    """Let a registered person in; for administrators."""
    return await sending.send(ApproveUser(user=user))


@router.post("/users/{user}/rejection", summary="Reject a registration")
async def reject(user: str, body: Reason, sending: PlatformSending) -> Accepted:
    """Turn a registered person away, who may register again; for administrators."""
    reason = await sending.context.personal.sealed(user, body.reason)
    return await sending.send(RejectUser(user=user, reason=reason or ""))


@router.post("/users/{user}/deactivation", summary="Shut a user out")
async def deactivate(user: str, body: Reason, sending: PlatformSending) -> Accepted:
    """Make keys, sessions and certificates stop working at once; for administrators."""
    reason = await sending.context.personal.sealed(user, body.reason)
    return await sending.send(DeactivateUser(user=user, reason=reason or ""))


@router.post("/users/{user}/activation", summary="Let a deactivated user in again")
async def activate(user: str, sending: PlatformSending) -> Accepted:
    """Make keys count again; certificates have to be asked for anew. For administrators."""
    return await sending.send(ActivateUser(user=user))


@router.put("/users/{user}/administrator", summary="Make an administrator")
async def grant_administrator(user: str, sending: PlatformSending) -> Accepted:
    """Let a person administer the platform; for administrators."""
    return await sending.send(GrantAdministrator(user=user))


@router.delete("/users/{user}/administrator", summary="Take the administrator's right away")
async def withdraw_administrator(user: str, sending: PlatformSending) -> Accepted:
    """Take the right from a person; the last administrator keeps it. For administrators."""
    return await sending.send(WithdrawAdministrator(user=user))
