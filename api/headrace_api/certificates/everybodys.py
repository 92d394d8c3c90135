"""Certificates of all projects: administrators see everybody's, everybody their own."""

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from headrace_api.certificates.models import CertificatePage
from headrace_api.context import Here
from headrace_api.reading import PlatformReading
from headrace_events.access import Access
from headrace_events.ids import Micros
from headrace_projections.catalogue.queries import certificates as queries
from headrace_projections.catalogue.queries.certificates import (
    CertificateState,
    ListedCertificate,
    Place,
    WhichCertificates,
)

router = APIRouter(prefix="/api/certificates", tags=["certificates"])

PLACE = r"[0-9]{1,18}:[a-z0-9-]{1,30}:[a-z0-9-]{1,30}:[0-9]{1,18}"
Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[str | None, Query(pattern=f"^{PLACE}$", description="`next` of the page before")]


async def _which(
    reading: PlatformReading,
    project: Annotated[str | None, Query(description="only those for this project", max_length=200)] = None,
    user: Annotated[str | None, Query(description="only this person's", max_length=200)] = None,
    state: Annotated[CertificateState | None, Query(description="only those that stand like that now")] = None,
) -> WhichCertificates:
    """What was asked for, as far as the caller may see it; raises NotAllowed."""
    mine, limited_to = reading.actor.user, reading.actor.limited_to
    if user not in {None, mine}:
        reading.must(Access.PEOPLE)
    if limited_to is not None and project not in {None, limited_to}:
        reading.actor.must_not_be_limited()
    return WhichCertificates(
        now=Micros(time.time_ns() // 1000),
        project=limited_to or project,
        user=user if reading.may(Access.PEOPLE) else mine,
        state=state,
    )


@router.get("", summary="List all certificates")
async def list_all_certificates(
    which: Annotated[WhichCertificates, Depends(_which)], context: Here, cursor: Cursor = None, limit: Limit = 100
) -> CertificatePage:
    """Whose certificate is how; those that last the longest first. Who is no administrator sees their own."""
    found = await queries.listed(context.pool, which, limit=limit, after=_place(cursor))
    return CertificatePage(certificates=found, next=_cursor(found[-1]) if len(found) == limit else None)


def _place(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    expires, project, user, generation = cursor.split(":")
    return Place(expires=int(expires), project=project, user=user, generation=int(generation))


def _cursor(last: ListedCertificate) -> str:
    return f"{last.expires}:{last.project}:{last.user}:{last.generation}"
