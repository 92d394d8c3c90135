"""What a project lets others read, and what it may read of theirs."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from headrace_api.errors import Missing
from headrace_api.reading import ProjectPath, Reading
from headrace_api.sending import Accepted, Sending
from headrace_api.shares.models import NewShare, ShareOffered
from headrace_events.share import AcceptShare, DeclineShare, RevokeShare
from headrace_projections.catalogue.queries import sharing as queries
from headrace_projections.catalogue.queries.sharing import ShareRow

router = APIRouter(prefix="/api/projects/{project}/shares", tags=["shares"])

SharePath = Annotated[str, Path(description="the share's id", max_length=400)]


@router.post("", status_code=201, summary="Offer a share")
async def offer_share(project: ProjectPath, body: NewShare, sending: Sending) -> ShareOffered:
    """Offer another project to read something of this one; nothing is readable before it accepts. For Data Owners."""
    wish = body.of(project)
    accepted = await sending.send(wish)
    return ShareOffered(**accepted.model_dump(), share=wish.key)


@router.get("", summary="List shares")
async def list_shares(reading: Reading) -> list[ShareRow]:
    """What the project gives and what it is given, the ended ones too, by id."""
    return await queries.shares(reading.context.pool, reading.project)


@router.get("/{share}", summary="Show a share")
async def get_share(share: SharePath, reading: Reading, response: Response) -> ShareRow:
    """The share, to either of its projects; the ETag is its version, for If-Match."""
    found = await queries.share(reading.context.pool, reading.project, share)
    if found is None:
        raise Missing("share", share)
    response.headers["ETag"] = f'"{found.version}"'
    return found


@router.post("/{share}/accept", status_code=202, summary="Accept a share")
async def accept_share(project: ProjectPath, share: SharePath, sending: Sending) -> Accepted:
    """Take what was offered: all members read it once `open` is true. For Data Owners of the receiving project."""
    return await sending.send(AcceptShare(project=project, share=share), _status(project, share))


@router.post("/{share}/decline", status_code=202, summary="Decline a share")
async def decline_share(project: ProjectPath, share: SharePath, sending: Sending) -> Accepted:
    """Refuse what was offered, or give back what was accepted. For Data Owners of the receiving project."""
    return await sending.send(DeclineShare(project=project, share=share), _status(project, share))


@router.post("/{share}/revoke", status_code=202, summary="Revoke a share")
async def revoke_share(project: ProjectPath, share: SharePath, sending: Sending) -> Accepted:
    """Take it back; `open` is false once the brokers have closed to it. For Data Owners of the sharing project."""
    return await sending.send(RevokeShare(project=project, share=share), _status(project, share))


def _status(project: str, share: str) -> str:
    return f"/api/projects/{project}/shares/{share}"
