"""Where external databases are, and what opens them."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from headrace_api.audit.trail import secret_read
from headrace_api.errors import Busy, Missing, NotAllowed
from headrace_api.followed import until, until_held
from headrace_api.reading import ProjectPath, Reader, Reading, data_stays_inside
from headrace_api.sending import Accepted, Sender, Sending
from headrace_api.storage_connectors.models import ConnectorSecret, NewSecret, NewStorageConnector
from headrace_api.storage_connectors.secrets import opened, sealed
from headrace_events.access import Access
from headrace_events.connector_url import must_hold_no_secret
from headrace_events.scopes import Scope
from headrace_events.storage_connector import (
    ConnectorSecretStored,
    CreateStorageConnector,
    DeleteStorageConnector,
    SetConnectorSecret,
    place_of,
)
from headrace_projections.catalogue.queries import storage_connectors as queries
from headrace_projections.catalogue.queries.storage_connectors import StorageConnectorRow

router = APIRouter(prefix="/api/projects/{project}/storage-connectors", tags=["storage connectors"])

ConnectorName = Annotated[str, Path(max_length=200)]


@router.post("", status_code=201, summary="Create a storage connector")
async def create_storage_connector(project: ProjectPath, body: NewStorageConnector, sending: Sending) -> Accepted:
    """Say where a database is; for Data Owners. A URL with a password in it is refused with `secret-in-url`."""
    must_hold_no_secret(body.url)  # before it is a command, which is on a topic
    stored = sealed(body.secret, project, body.name, sending.context.master)
    accepted = await sending.send(
        CreateStorageConnector(
            project=project, name=body.name, url=body.url, description=body.description, sealed=stored
        )
    )
    await _followed(sending, place_of(project, body.name), stored)
    return accepted


@router.get("", summary="List storage connectors")
async def list_storage_connectors(reading: Reading) -> list[StorageConnectorRow]:
    """All of them, by name, without secrets."""
    return await queries.storage_connectors(reading.context.pool, reading.project)


@router.get("/{name}", summary="Show a storage connector")
async def get_storage_connector(name: ConnectorName, reading: Reading) -> StorageConnectorRow:
    """Where the database is, without its secret."""
    return await _connector(reading, name)


@router.get("/{name}/secret", summary="Read a storage connector's secret")
async def read_secret(name: ConnectorName, reading: Reading, request: Request, response: Response) -> ConnectorSecret:
    """What opens the database; for members, while the project is sensitive for Data Owners. The audit trail has it."""
    if not reading.may(Access.CONNECTOR_SECRETS):
        if reading.role is None:
            raise NotAllowed("members-only", "only members of the project read its external databases")
        raise data_stays_inside(reading.project)
    reading.actor.must_have(Scope.FEATURES)
    connector = await _connector(reading, name)
    context = reading.context
    stored = context.credentials.held(ConnectorSecretStored, place_of(reading.project, name))
    if connector.secret and stored is None:
        raise Busy("the secret is stored, but not followed yet: send the same request again")
    context.trail.tell(secret_read(request, reading.actor.name, reading.project, f"storage_connector/{name}"))
    response.headers["Cache-Control"] = "no-store"
    secret = opened(stored, context.master) if connector.secret and stored is not None else {}
    return ConnectorSecret(url=connector.url, secret=secret)


@router.put("/{name}/secret", summary="Change a storage connector's secret")
async def set_secret(project: ProjectPath, name: ConnectorName, body: NewSecret, sending: Sending) -> Accepted:
    """Put another secret in the place of the one there is; for Data Owners. Whoever reads next reads with it."""
    stored = sealed(body.secret, project, name, sending.context.master)
    accepted = await sending.send(SetConnectorSecret(project=project, name=name, sealed=stored))
    await _followed(sending, place_of(project, name), stored)
    return accepted


@router.delete("/{name}", summary="Delete a storage connector")
async def delete_storage_connector(project: ProjectPath, name: ConnectorName, sending: Sending) -> Accepted:
    """Take it away with its secret; for Data Owners. Its name is never used again."""
    accepted = await sending.send(DeleteStorageConnector(project=project, name=name))
    await _followed(sending, place_of(project, name), None)
    return accepted


async def _connector(reading: Reader, name: str) -> StorageConnectorRow:
    found = await queries.storage_connectors(reading.context.pool, reading.project, name)
    if not found:
        raise Missing("storage connector", name)
    return found[0]


async def _followed(sending: Sender, place: str, stored: bytes | None) -> None:
    """Return once this API holds just that secret there; raises Busy."""
    credentials = sending.context.credentials
    if stored is None:
        await until(credentials, lambda: credentials.held(ConnectorSecretStored, place) is None)
    else:
        await until_held(credentials, ConnectorSecretStored, place, lambda found: found.sealed == stored)
