"""Making an identity that was proved one of the caller's."""

from starlette.requests import HTTPConnection

from headrace_api.audit.trail import address_of
from headrace_api.followed import until
from headrace_api.identities.proven import Proven
from headrace_api.sending import Accepted, Sender
from headrace_api.sessions.signing_in import prove_again
from headrace_events.identity import IdentityStored, LinkIdentity
from headrace_events.scopes import Scope


async def link_to(
    sending: Sender, proven: Proven, request: HTTPConnection, *, password: str | None, code: str | None
) -> Accepted:
    """Link it; return once this API knows it.

    Whoever only holds a session or a key of somebody does not get a lasting way in: the password has to be shown, and a
    one-time code, by who has them. Raises NotAllowed, Unauthenticated, TooMany, and the Refusal of an identity that is
    another's.
    """
    context, actor = sending.context, sending.actor
    actor.must_have(Scope.ACCOUNT)
    actor.must_not_be_narrowed()
    factor = await prove_again(context, actor.user, password, code, address_of(request))
    wish = LinkIdentity(
        user=actor.user,
        identity=proven.identity,
        provider=proven.provider,
        totp_step=factor.step,
        recovery=factor.recovery,
    )
    accepted = await sending.send(wish)
    key = f"identity/{proven.identity}"
    await until(context.credentials, lambda: context.credentials.held(IdentityStored, key) is not None)
    return accepted
