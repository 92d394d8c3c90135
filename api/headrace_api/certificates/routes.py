"""Certificates of members, for Kafka over mTLS."""

from typing import Annotated

from fastapi import APIRouter, Path

from headrace_api.certificates.models import CertificateWithChain, NewCertificate
from headrace_api.errors import Missing
from headrace_api.reading import ProjectPath, Reader, Reading
from headrace_api.sending import Accepted, Sending
from headrace_events.access import Access
from headrace_events.certificate import RequestCertificate, RevokeCertificate
from headrace_projections.catalogue.queries import certificates as queries
from headrace_projections.catalogue.queries import projects
from headrace_projections.catalogue.queries.certificates import CertificateRow
from headrace_schemas.records import to_record

router = APIRouter(prefix="/api/projects/{project}/certificates", tags=["certificates"])

Generation = Annotated[int, Path(ge=1, le=2**31)]


@router.post("", status_code=202, summary="Request a certificate")
async def request_certificate(project: ProjectPath, body: NewCertificate, sending: Sending) -> Accepted:
    """Ask for a certificate over a key of one's own. Read `status_url` until `state` is issued or rejected."""
    wish = RequestCertificate(
        project=project,
        user=body.user or sending.actor.user,
        signing_request=body.signing_request,
        replaces=body.replaces,
    )
    return await sending.send(wish, f"/api/projects/{project}/certificates/requests/{sending.id}")


@router.get("", summary="List certificates")
async def list_certificates(reading: Reading, user: str | None = None) -> list[CertificateRow]:
    """All generations, or those of `user`; a Data Scientist sees their own."""
    found = await queries.certificates(reading.context.pool, reading.project, user)
    return [row for row in found if _may_see(reading, row)]


@router.get("/requests/{command_id}", summary="What became of a request")
async def get_requested(command_id: str, reading: Reading) -> CertificateWithChain:
    """The certificate that the command with this id asked for."""
    for happened in await projects.caused_by(reading.context.pool, reading.project, command_id):
        if happened.type == "certificate.requested":
            return await _shown(reading, happened.body["user"], happened.body["generation"])
    raise Missing("certificate request", command_id)


@router.get("/{user}/{generation}", summary="Show a certificate")
async def get_certificate(user: str, generation: Generation, reading: Reading) -> CertificateWithChain:
    """One generation, with the chain to check the broker with."""
    return await _shown(reading, user, generation)


@router.delete("/{user}/{generation}", summary="Revoke a certificate")
async def revoke_certificate(project: ProjectPath, user: str, generation: Generation, sending: Sending) -> Accepted:
    """Close the broker to one generation for ever; for Data Owners and administrators."""
    return await sending.send(RevokeCertificate(project=project, user=user, generation=generation))


def _may_see(reading: Reader, row: CertificateRow) -> bool:
    return row.user == reading.actor.user or reading.may(Access.CERTIFICATES)


async def _shown(reading: Reader, user: str, generation: int) -> CertificateWithChain:
    found = await queries.certificate(reading.context.pool, reading.project, user, generation)
    if found is None or not _may_see(reading, found):
        raise Missing("certificate", f"{user} {generation}")
    return CertificateWithChain(**to_record(found), ca_chain=reading.context.ca_chain())
