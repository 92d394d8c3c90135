"""From a proved identity to a session, once for each flow."""

from starlette.requests import HTTPConnection

from headrace_api.audit.trail import address_of
from headrace_api.context import Context
from headrace_api.identities.admission import person_of
from headrace_api.identities.proven import Proven
from headrace_api.oidc.errors import NotProved
from headrace_api.sessions.signing_in import Session, start, tell_started
from headrace_api.totp.codes import Factor
from headrace_events.errors import Invalid
from headrace_events.ids import CommandId


async def begin(context: Context, proven: Proven, flow: CommandId, request: HTTPConnection) -> Session:
    """A new session of whoever the identity is.

    Raises NotProved where the flow has had its session, NotAllowed where nobody is the identity yet, and the Refusal of
    who is not active.
    """
    address = address_of(request)
    user = await person_of(context, proven, request)
    request.state.tried = "session.start", f"user/{user}"
    try:
        session = await start(context, user, "oidc", Factor(), flow)
    except Invalid as refusal:
        if refusal.code != "command-id-reused":
            raise
        raise NotProved("sign-in-over", "this sign-in has begun its session: begin again") from refusal
    tell_started(context, session, address, by="oidc", provider=proven.provider)
    return session
