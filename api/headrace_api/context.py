"""What a route may use: the log, the credentials, the tables, the artifacts; made once per process."""

from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import anyio.to_thread
from fastapi import Depends
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool
from starlette.requests import HTTPConnection

from headrace_api.artifacts.store import ArtifactStore
from headrace_api.audit.trail import Trail
from headrace_api.keys.uses import KeyUses
from headrace_api.ldap.settings import LdapSettings
from headrace_api.oidc.provider import Provider
from headrace_api.passwords.hashing import Hashing
from headrace_api.personal.sealing import PersonalData
from headrace_api.registry.cache import SchemaCache
from headrace_api.sessions.doors import Doors
from headrace_api.sessions.tokens import SessionUses
from headrace_api.settings import Settings
from headrace_api.usage.files import FileBytes
from headrace_broker.audit import ProducedAudit
from headrace_broker.command_client import CommandClient
from headrace_broker.credentials import Credentials, FollowedCredentials
from headrace_broker.results import Result
from headrace_broker.sealing import MasterKey
from headrace_events.envelope import Request
from headrace_events.ids import CommandId
from headrace_projections.search.engine import Engine

if TYPE_CHECKING:
    from headrace_api.ldap.directory import Directory

Pool = AsyncConnectionPool[AsyncConnection[TupleRow]]


class Commands(Protocol):
    """Sends commands; what CommandClient does on the log and its twin does in memory."""

    def send(self, request: Request) -> "Future[Result]":
        """Send; the future holds the result, or raises Unavailable."""
        ...

    def forget(self, command: CommandId) -> None:
        """Stop waiting for a command's result."""
        ...

    @property
    def healthy(self) -> bool:
        """Whether results are being read."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything a route reaches beyond its request."""

    settings: Settings
    commands: Commands
    credentials: Credentials
    uses: KeyUses
    session_uses: SessionUses
    doors: Doors
    master: MasterKey
    pool: Pool
    artifacts: ArtifactStore
    engine: Engine | None
    ca_chain: Callable[[], str]
    trail: Trail
    personal: PersonalData
    oidc: Provider | None = None
    directory: "Directory | None" = None
    schemas: SchemaCache = field(default_factory=SchemaCache)
    file_bytes: FileBytes = field(default_factory=FileBytes)

    @property
    def browsers_url(self) -> str:
        """Where browsers find the API: behind a proxy perhaps elsewhere than programs do."""
        return self.oidc.url if self.oidc is not None else self.settings.url


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Context]:
    """Follow the results and the credentials to their ends, open the pool; close all of it afterwards."""
    master = MasterKey.read(settings.secrets / "master.key")
    commands = await anyio.to_thread.run_sync(CommandClient, settings.connection)
    credentials = await anyio.to_thread.run_sync(FollowedCredentials, settings.connection, master)
    personal = PersonalData(credentials, commands.send)
    trail = Trail(ProducedAudit(settings.connection), personal)
    pool: Pool = AsyncConnectionPool(
        settings.postgres, min_size=2, max_size=16, timeout=5.0, open=False, kwargs={"autocommit": True}
    )
    engine = Engine(settings.opensearch, settings.opensearch_token, seconds=10) if settings.opensearch else None
    oidc = Provider(settings.oidc, settings.url) if settings.oidc else None
    async with pool:
        try:
            yield Context(
                settings=settings,
                commands=commands,
                credentials=credentials,
                uses=KeyUses(commands.send),
                session_uses=SessionUses(commands.send),
                doors=Doors(Hashing(master)),
                master=master,
                pool=pool,
                artifacts=ArtifactStore.at(settings.storage),
                engine=engine,
                ca_chain=settings.connection.ca.read_text,
                trail=trail,
                personal=personal,
                oidc=oidc,
                directory=_directory(settings.ldap, master),
            )
        finally:
            await anyio.to_thread.run_sync(trail.close)
            await anyio.to_thread.run_sync(credentials.close)
            await anyio.to_thread.run_sync(commands.close)
            if engine is not None:
                engine.close()


def _directory(settings: LdapSettings | None, master: MasterKey) -> "Directory | None":
    """The directory, where there is one; raises ImportError where what speaks to it is not installed."""
    if settings is None:
        return None
    try:
        from headrace_api.ldap.directory import Directory  # noqa: PLC0415 - the extra may not be installed
    except ModuleNotFoundError as error:
        raise ImportError("HEADRACE_LDAP_URL is set: install headrace[ldap], which speaks to directories") from error
    return Directory(settings, master)


async def _context(connection: HTTPConnection) -> Context:
    context: Any = connection.app.state.context
    return context  # type: ignore[no-any-return] # starlette's state is untyped


Here = Annotated[Context, Depends(_context)]
"""The context, as a route's argument."""
