"""Who comes in with an identity that was proved: its person, a person it is linked to now, or nobody yet."""

from starlette.requests import HTTPConnection

from headrace_api.audit.trail import ANONYMOUS, address_of, came_from
from headrace_api.context import Context
from headrace_api.errors import NotAllowed
from headrace_api.followed import until
from headrace_api.identities.proven import Proven
from headrace_api.sending import result_of
from headrace_events.envelope import Request
from headrace_events.errors import Conflict, Forbidden
from headrace_events.identity import IdentityStored, LinkIdentity, RegisterWithIdentity
from headrace_events.ids import CommandId, uuid7
from headrace_events.language import Command


async def person_of(context: Context, proven: Proven, request: HTTPConnection) -> str:
    """The name of the identity's person; raises NotAllowed, and the Refusal of a name that cannot be given."""
    stored = context.credentials.held(IdentityStored, f"identity/{proven.identity}")
    if stored is not None:
        return stored.user
    if proven.vouched and await _linked(context, proven, request):
        return proven.name
    if not proven.registers:
        raise NotAllowed("unknown-identity", f"nobody here is known by this identity at {proven.provider}: {_WAYS}")
    await _register(context, proven, request)
    request.state.tried = "session.start", f"user/{proven.name}"
    raise NotAllowed(
        "registered",
        f"you are registered as {proven.name!r}: sign in again when an administrator has let you in",
        {"user": proven.name},
    )


_WAYS = "ask an administrator for a user, sign in as that, and link the identity"


async def _linked(context: Context, proven: Proven, request: HTTPConnection) -> bool:
    """Whether the person of that name has the identity now; nobody may have the name."""
    actor = f"user:{proven.name}"
    wish = LinkIdentity(user=proven.name, identity=proven.identity, provider=proven.provider)
    try:
        command = await _send(context, wish, actor)
    except Forbidden as refusal:
        if refusal.code != "unknown-user":
            raise
        return False
    context.trail.tell(came_from(request, "identity.receive", actor, proven.name, command))
    await until(context.credentials, lambda: context.credentials.held(IdentityStored, _key(proven)) is not None)
    return True


async def _register(context: Context, proven: Proven, request: HTTPConnection) -> None:
    context.doors.take_registration(address_of(request))
    wish = RegisterWithIdentity(user=proven.name, identity=proven.identity, provider=proven.provider)
    try:
        command = await _send(context, wish, ANONYMOUS)
    except Conflict as refusal:
        if refusal.code != "user-exists":
            raise
        raise NotAllowed(
            "name-taken",
            f"there is a user {proven.name!r}: if that is you, sign in another way and link this identity",
            {"user": proven.name},
        ) from None
    context.trail.tell(came_from(request, "registration.receive", ANONYMOUS, proven.name, command))


async def _send(context: Context, wish: Command, actor: str) -> CommandId:
    """Send it without an address: the person may have no key yet to seal it under."""
    command = CommandId(uuid7())
    await result_of(context, Request(command=wish, id=command, actor=actor))
    return command


def _key(proven: Proven) -> str:
    return f"identity/{proven.identity}"
