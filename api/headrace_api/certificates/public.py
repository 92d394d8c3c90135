"""What anybody may ask who is shown a certificate: who signs them, and which were taken back."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Response

from headrace_api.context import Context, Here
from headrace_api.errors import Missing
from headrace_api.kinds import of_kind
from headrace_broker.revocations import as_pem
from headrace_events.revocation_list import RevocationListStored

router = APIRouter(prefix="/api/certificates", tags=["certificates"])

PEM, DER = "application/x-pem-file", "application/pkix-crl"


@router.get("/authorities.pem", summary="Who signs certificates", response_class=Response, responses=of_kind(PEM))
async def get_authorities(context: Here) -> Response:
    """The certificate of the authority (PEM)."""
    return Response(context.ca_chain(), media_type=PEM)


@router.get(
    "/revoked.pem", summary="Which certificates were taken back", response_class=Response, responses=of_kind(PEM)
)
async def get_revoked(context: Here) -> Response:
    """The authority's revocation list (X.509 CRL, PEM), for whoever else accepts its certificates."""
    return Response(b"".join(as_pem(stored.document) for stored in _lists(context)), media_type=PEM)


@router.get("/revoked/{authority}", summary="The same in DER", response_class=Response, responses=of_kind(DER))
async def get_revoked_by(authority: Annotated[int, Path(ge=1, le=2**31)], context: Here) -> Response:
    """The revocation list of the authority of that number (DER)."""
    for stored in _lists(context):
        if stored.authority == authority:
            return Response(stored.document, media_type=DER)
    raise Missing("revocation list", str(authority))


def _lists(context: Context) -> Sequence[RevocationListStored]:
    found = sorted(context.credentials.all_of(RevocationListStored), key=lambda stored: stored.authority)
    if not found:
        raise Missing("revocation list", "1")
    return found
