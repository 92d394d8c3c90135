"""Files of a project: models, training data, programs."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import StreamingResponse

from headrace_api.artifacts.models import StoredArtifact
from headrace_api.artifacts.store import WrongHash
from headrace_api.errors import Missing, NotAllowed, Unprocessable
from headrace_api.kinds import of_kind
from headrace_api.reading import Reading, ReadingData
from headrace_api.usage.room import must_have_room
from headrace_events.access import Access
from headrace_events.errors import Archived
from headrace_events.scopes import Scope

router = APIRouter(prefix="/api/projects/{project}/artifacts", tags=["artifacts"])

BYTES = "application/octet-stream"

Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the bytes, lower-case hexadecimal")]


@router.put("/{sha256}", status_code=201, summary="Store a file")
async def put_artifact(sha256: Digest, request: Request, reading: Reading, response: Response) -> StoredArtifact:
    """Store the body, of any size, under its hash; the same bytes again change nothing (200)."""
    if not reading.may(Access.STORING_FILES):
        raise NotAllowed("members-only", "only members of the project store its files")
    if reading.archived:
        raise Archived(reading.project)
    reading.actor.must_have(Scope.MODELS, Scope.EXPERIMENTS, Scope.FEATURES)
    store = reading.context.artifacts
    size = await store.size(reading.project, sha256)
    if size is None:
        await must_have_room(reading, request)
        try:
            size = await store.write(reading.project, sha256, request.stream())
        except WrongHash as error:
            raise Unprocessable("wrong-hash", str(error), {"sha256": error.promised, "found": error.found}) from error
        reading.context.file_bytes.add(reading.project, size)
    else:
        response.status_code = 200
        async for _ in request.stream():  # so that whoever still sends gets to see the answer
            pass
    return StoredArtifact(sha256=sha256, size=size, address=f"artifacts/{sha256}")


@router.get("/{sha256}", summary="Read a file", response_class=StreamingResponse, responses=of_kind(BYTES))
async def get_artifact(sha256: Digest, reading: ReadingData) -> StreamingResponse:
    """The bytes, streamed; whoever reads them checks the hash."""
    size = await _size(sha256, reading)
    content = reading.context.artifacts.read(reading.project, sha256)
    return StreamingResponse(content, media_type=BYTES, headers=_headers(sha256, size))


@router.head("/{sha256}", summary="Is a file stored", response_class=Response)
async def head_artifact(sha256: Digest, reading: Reading) -> Response:
    """Its size as Content-Length, or 404."""
    return Response(headers=_headers(sha256, await _size(sha256, reading)))


async def _size(sha256: str, reading: Reading) -> int:
    size = await reading.context.artifacts.size(reading.project, sha256)
    if size is None:
        raise Missing("artifact", sha256)
    return size


def _headers(sha256: str, size: int) -> dict[str, str]:
    return {"Content-Length": str(size), "ETag": f'"{sha256}"'}
