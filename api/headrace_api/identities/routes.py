"""The identities that sign in as one."""

from fastapi import APIRouter, Request

from headrace_api.audit.trail import address_of
from headrace_api.authentication import PlatformCaller
from headrace_api.context import Here
from headrace_api.errors import Missing
from headrace_api.followed import until
from headrace_api.identities.linking import link_to
from headrace_api.identities.models import IdentityRow, NewIdentity
from headrace_api.oidc.flow import code_in
from headrace_api.reading import PlatformReader
from headrace_api.sending import Accepted, PlatformSending
from headrace_api.sessions.doors import this_moment
from headrace_events.access import Access
from headrace_events.identity import IdentityStored, UnlinkIdentity
from headrace_events.scopes import Scope
from headrace_projections.catalogue.queries.access import is_administrator

router = APIRouter(prefix="/api/identities", tags=["identities"])


@router.get("", summary="List identities")
async def list_identities(context: Here, actor: PlatformCaller, user: str | None = None) -> list[IdentityRow]:
    """The identities that sign in as oneself, or for administrators as `user`."""
    actor.must_have(Scope.ACCOUNT)
    if user not in {None, actor.user}:
        administrator = await is_administrator(context.pool, actor.user)
        PlatformReader(context=context, actor=actor, administrator=administrator).must(Access.PEOPLE)
    found = [one for one in context.credentials.all_of(IdentityStored) if one.user == (user or actor.user)]
    return [
        IdentityRow(identity=one.identity, provider=one.provider, user=one.user)
        for one in sorted(found, key=lambda one: (one.provider, one.identity))
    ]


@router.post("", status_code=201, summary="Link an identity")
async def link(body: NewIdentity, sending: PlatformSending, request: Request) -> Accepted:
    """Let the identity that the code is of sign in as oneself.

    The password has to be shown, and a one-time code, by who has them; it takes a session, or a key
    without scopes, project or end.
    """
    context = sending.context
    context.doors.must_not_be_crowded(address_of(request))
    proven = code_in(body.code, body.verifier, context.master, this_moment()).proven
    return await link_to(sending, proven, request, password=body.password, code=body.one_time_code)


@router.delete("/{identity}", summary="Unlink an identity")
async def unlink(identity: str, sending: PlatformSending) -> Accepted:
    """Let an identity sign in no more: one's own, or for administrators anybody's."""
    credentials = sending.context.credentials
    stored = credentials.held(IdentityStored, f"identity/{identity}")
    if stored is None:
        raise Missing("identity", identity)
    accepted = await sending.send(UnlinkIdentity(user=stored.user, identity=identity))
    await until(credentials, lambda: credentials.held(IdentityStored, stored.key) is None)
    return accepted
