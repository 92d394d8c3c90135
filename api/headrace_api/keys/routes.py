"""API keys."""

from fastapi import APIRouter

from headrace_api.keys.minting import mint
from headrace_api.keys.models import IssuedKey, NewKey
from headrace_api.reading import PlatformReading
from headrace_api.sending import Accepted, PlatformSending, Sender
from headrace_events.api_key import IssueApiKey, RevokeApiKey
from headrace_events.ids import Micros
from headrace_projections.catalogue.queries import users as queries
from headrace_projections.catalogue.queries.users import ApiKeyRow

router = APIRouter(prefix="/api/keys", tags=["keys"])


@router.post("", status_code=201, summary="Issue an API key")
async def issue_key(body: NewKey, sending: PlatformSending) -> IssuedKey:
    """Give oneself a key, or as an administrator somebody else. The secret is shown in this answer only."""
    return await issue(sending, body.user or sending.actor.user, body.project, body.expires)


@router.get("", summary="List API keys")
async def list_keys(reading: PlatformReading, user: str | None = None) -> list[ApiKeyRow]:
    """One's own keys, or for administrators those of `user`; the newest first, without secrets."""
    reading.actor.must_not_be_limited()
    if user not in {None, reading.actor.user}:
        reading.must_be_administrator()
    return await queries.api_keys(reading.context.pool, user or reading.actor.user)


@router.delete("/{key_id}", summary="Revoke an API key")
async def revoke_key(key_id: str, sending: PlatformSending) -> Accepted:
    """Make a key useless; for its owner and administrators."""
    return await sending.send(RevokeApiKey(key_id=key_id))


async def issue(sending: Sender, user: str, project: str | None, expires: int | None) -> IssuedKey:
    """Issue a key as the caller, and return once this API knows it."""
    minted = mint(sending.context.master, sending.id)
    until = Micros(expires) if expires is not None else None
    wish = IssueApiKey(key_id=minted.key_id, user=user, key_hash=minted.hash, limited_to=project, expires=until)
    accepted = await sending.send(wish)
    await minted.until_known(sending.context.credentials)
    return IssuedKey(
        **accepted.model_dump(), user=user, key_id=minted.key_id, key=minted.key, project=project, expires=until
    )
