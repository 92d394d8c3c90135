"""API keys."""

from dataclasses import replace

from fastapi import APIRouter

from headrace_api.authentication import Actor
from headrace_api.errors import NotAllowed
from headrace_api.followed import until
from headrace_api.keys.minting import mint
from headrace_api.keys.models import IssuedKey, NewKey
from headrace_api.reading import WholePlatformReading
from headrace_api.sending import Accepted, PlatformSending, Sender
from headrace_events.access import Access
from headrace_events.api_key import IssueApiKey, RevokeApiKey
from headrace_events.ids import Micros
from headrace_events.scopes import Scope, scopes
from headrace_projections.catalogue.queries import users as queries
from headrace_projections.catalogue.queries.users import ApiKeyRow

router = APIRouter(prefix="/api/keys", tags=["keys"])


@router.post("", status_code=201, summary="Issue an API key")
async def issue_key(body: NewKey, sending: PlatformSending) -> IssuedKey:
    """Give oneself a key, or as an administrator somebody else. The secret is shown in this answer only."""
    chosen = sending.actor.scopes if body.scopes is None else scopes(body.scopes)
    return await issue(
        sending, body.user or sending.actor.user, body.project, body.expires, chosen=chosen, name=body.name
    )


@router.get("", summary="List API keys")
async def list_keys(reading: WholePlatformReading, user: str | None = None) -> list[ApiKeyRow]:
    """One's own keys, or for administrators those of `user`; the newest first, without secrets."""
    if user not in {None, reading.actor.user}:
        reading.must(Access.PEOPLE)
    shown = reading.context.personal.shown
    found = await queries.api_keys(reading.context.pool, user or reading.actor.user)
    return [replace(row, name=shown(row.name)) for row in found]


@router.delete("/{key_id}", summary="Revoke an API key")
async def revoke_key(key_id: str, sending: PlatformSending) -> Accepted:
    """Make a key useless; for its owner and administrators. Returns once this API refuses it."""
    accepted = await sending.send(RevokeApiKey(key_id=key_id))
    credentials = sending.context.credentials
    await until(credentials, lambda: credentials.find(key_id) is None)
    return accepted


async def issue(
    sending: Sender,
    user: str,
    project: str | None,
    expires: int | None,
    *,
    chosen: tuple[Scope, ...] | None = None,
    name: str = "",
) -> IssuedKey:
    """Issue a key as the caller, which gives no more than the caller's and no longer; return once this API knows it."""
    until = Micros(expires) if expires is not None else None
    _must_cover(sending.actor, chosen, until, user)
    minted = mint(user, sending.context.master, sending.id)
    wish = IssueApiKey(
        key_id=minted.key_id,
        user=user,
        key_hash=minted.hash,
        limited_to=project,
        expires=until,
        scopes=chosen,
        name=await sending.context.personal.sealed(user, name) or "",
    )
    accepted = await sending.send(wish)
    await minted.until_known(sending.context.credentials)
    return IssuedKey(
        **accepted.model_dump(),
        user=user,
        key_id=minted.key_id,
        key=minted.key,
        project=project,
        expires=until,
        scopes=list(chosen) if chosen is not None else None,
        name=name,
    )


def _must_cover(actor: Actor, chosen: tuple[Scope, ...] | None, until: Micros | None, user: str) -> None:
    held = actor.scopes
    if held is not None and (chosen is None or not set(chosen) <= set(held)):
        raise NotAllowed(
            "scope-missing",
            f"a key gives no more than it has: {', '.join(held)}",
            {"scopes": list(held), "needs": list(chosen or Scope)},
        )
    if actor.expires is not None and (until is None or until > actor.expires):
        raise NotAllowed(
            "key-outlives-its-maker",
            f"a key gives no key that counts longer than itself: name an `expires` of at most {actor.expires}",
            {"expires": actor.expires},
        )
    if user != actor.user:
        actor.must_have(Scope.ADMIN)
