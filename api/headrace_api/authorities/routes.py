"""The authorities that sign certificates, and how one follows another; for administrators."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from headrace_api.reading import WholePlatformReading
from headrace_api.sending import Accepted, PlatformSending
from headrace_events.access import Access
from headrace_events.authority import RetireAuthority, RotateAuthority
from headrace_projections.catalogue.queries import authorities as queries
from headrace_projections.catalogue.queries.authorities import AuthorityRow

router = APIRouter(prefix="/api/authorities", tags=["authorities"])

Number = Annotated[int, Path(ge=1, le=2**31, description="the authority's number")]
Force = Annotated[bool, Query(description="also while certificates of it count: they are cut off")]


@router.get("", summary="List authorities")
async def list_authorities(reading: WholePlatformReading) -> list[AuthorityRow]:
    """All there have been, the newest first."""
    reading.must(Access.PLATFORM)
    return await queries.authorities(reading.context.pool)


@router.post("", status_code=202, summary="Rotate the authority")
async def rotate_authority(sending: PlatformSending) -> Accepted:
    """Let another authority sign from now on; the one before stays believed until it is retired."""
    return await sending.send(RotateAuthority(), "/api/authorities")


@router.delete("/{authority}", status_code=202, summary="Retire an authority")
async def retire_authority(authority: Number, sending: PlatformSending, force: Force = False) -> Accepted:
    """Let nobody believe the older authority any more."""
    return await sending.send(RetireAuthority(authority=authority, force=force), "/api/authorities")
