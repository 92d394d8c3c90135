"""The API over a world in memory: commands are decided by the command processor's own code, without a log."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from argon2 import PasswordHasher
from fastapi import FastAPI
from psycopg_pool import AsyncConnectionPool

from headrace_api.app import build
from headrace_api.artifacts.store import ArtifactStore
from headrace_api.audit.trail import Trail
from headrace_api.context import Context
from headrace_api.keys.uses import KeyUses
from headrace_api.passwords.hashing import Hashing
from headrace_api.personal.sealing import PersonalData
from headrace_api.sessions.doors import Doors
from headrace_api.sessions.tokens import SessionUses
from headrace_api.settings import Settings
from headrace_broker.audit import RememberedAudit
from headrace_broker.connection import Connection
from headrace_broker.credentials import StoredCredentials
from headrace_broker.errors import Unavailable
from headrace_broker.listening import listening
from headrace_broker.results import Result, ResultCodec
from headrace_broker.sealing import MasterKey
from headrace_events.api_key import IssueApiKey
from headrace_events.envelope import Position, Request
from headrace_events.ids import CommandId, Micros, uuid7
from headrace_events.language import Command, Erasure, Home
from headrace_events.personal import MakePersonalKey
from headrace_events.project import CreateProject, MarkReady
from headrace_events.topic import OpenedTopic
from headrace_events.user import CreateFirstAdministrator, CreateUser
from headrace_processors.commands.handle import Accepted, Refused, handle
from headrace_processors.commands.world import Answered, World
from headrace_projections.search.engine import Engine
from headrace_schemas.codec import MessageCodec

ADMINISTRATOR = "root.secret"
TOKEN = "bootstrap"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Passwords hashed at the least cost there is: tests open many doors."""


@dataclass(slots=True)
class WorldCommands:
    """What a CommandClient does, against a world in memory; `silent` never answers, `away` does not take commands."""

    keys: StoredCredentials
    world: World = field(default_factory=World)
    silent: bool = False
    away: bool = False
    forgotten: list[CommandId] = field(default_factory=list)
    taken: list[Request] = field(default_factory=list)
    codec: MessageCodec = field(default_factory=MessageCodec)
    results: ResultCodec = field(default_factory=ResultCodec)

    def send(self, request: Request) -> Future[Result]:
        """Decide at once."""
        self.taken.append(request)
        future: Future[Result] = Future()
        payload = self.codec.encode(request.command)
        if self.away:
            future.set_exception(Unavailable("the brokers did not take the command"))
        elif not self.silent:
            future.set_result(self._decided(request, payload))
        return future

    def _decided(self, request: Request, payload: bytes) -> Result:
        self.world.now = Micros(self.world.now + 1)
        fingerprint = f"{request.actor} {request.expected_version} {payload.hex()}"
        outcome = handle(request, fingerprint, self.world)
        if isinstance(outcome, Refused):
            result = Result.refused(request.id, outcome.refusal)
            if not outcome.remembered:
                return result
        elif isinstance(outcome, Accepted):
            result = self._accepted(request, outcome)
        else:
            return self.results.decode(outcome.result)
        self.world.answers[request.id] = Answered(fingerprint, self.world.now, self.results.encode(result))
        return result

    def _accepted(self, request: Request, outcome: Accepted) -> Result:
        for recorded in outcome.events:
            if recorded.event.home is Home.CREDENTIALS:
                gone = isinstance(recorded.event, Erasure)
                self.keys.put(recorded.event.key, None if gone else recorded.event)
        counted = [recorded for recorded in outcome.events if recorded.event.home is not Home.CREDENTIALS]
        last = {recorded.project or "platform": recorded.seq for recorded in counted}
        return Result(
            command_id=request.id,
            accepted=True,
            aggregate=str(outcome.aggregate),
            version=outcome.version,
            events=tuple(recorded.id for recorded in counted),
            positions=tuple(str(Position(topic, 0, seq)) for topic, seq in last.items()),
        )

    def forget(self, command: CommandId) -> None:
        """Remember that nobody waits any more."""
        self.forgotten.append(command)

    @property
    def healthy(self) -> bool:
        """Whether results are being read."""
        return True


@dataclass(slots=True)
class Service:
    """The running API, and what stands behind it."""

    http: httpx.Client
    commands: WorldCommands
    keys: StoredCredentials
    folder: Path
    app: FastAPI
    audit: RememberedAudit = field(default_factory=RememberedAudit)

    def do(self, command: Command, actor: str = "user:root") -> Result:
        """A command that comes from elsewhere; raises the Refusal."""
        request = Request(command=command, id=CommandId(uuid7()), actor=actor)
        return self.commands.send(request).result().raise_if_refused()

    def key(self, user: str, *, project: str | None = None, expires: int | None = None) -> str:
        """A key of that user, who is made where they are missing."""
        if self.commands.world.aggregates.keys().isdisjoint({_user(user)}):
            self.do(CreateUser(user=user))
            self.do(MakePersonalKey(user=user), "system:api")
        key_id = f"k{len(self.commands.world.aggregates)}"
        digest = hashlib.sha256(b"secret").hexdigest()
        until = Micros(expires) if expires is not None else None
        self.do(IssueApiKey(key_id=key_id, user=user, key_hash=digest, limited_to=project, expires=until))
        return f"{key_id}.secret"

    def addresses(self) -> set[str | None]:
        """Where the acts of the trail came from, in plain words."""
        shown = self.http_context().personal.shown
        return {None if act.address is None else shown(act.address) for act in self.audit.acts}

    def project(self, name: str, owner: str) -> None:
        """A ready project."""
        self.do(CreateProject(project=name, owner=owner))
        events = OpenedTopic(name=f"{name}.events", topic_id=name, partitions=1, purpose="events")
        self.do(MarkReady(project=name, topics=(events,)), "system:provisioning")

    def http_context(self) -> Context:
        """What its routes reach."""
        context: Context = self.app.state.context
        return context

    def post(self, path: str, body: Any, key: str = ADMINISTRATOR, **headers: str) -> Any:
        """Send JSON."""
        given = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        content = body if isinstance(body, bytes | str) else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(path, content=content, headers={**given, **named})


def _user(name: str) -> Any:
    from headrace_processors.commands.world import AggregateKey

    return AggregateKey("user", None, name)


@dataclass(slots=True)
class Server:
    """One API for all tests; each gets a world of its own behind it."""

    app: FastAPI
    http: httpx.Client

    def service(self, folder: Path) -> Service:
        """A founded platform whose administrator is `root`. Nothing stands behind its reads."""
        (folder / "bootstrap.token").write_text(TOKEN)
        keys = StoredCredentials()
        commands = WorldCommands(keys)
        was: Context = self.app.state.context
        self.app.state.context = replace(
            was,
            settings=replace(was.settings, secrets=folder),
            commands=commands,
            credentials=keys,
            uses=KeyUses(commands.send),
            session_uses=SessionUses(commands.send),
            doors=Doors(Hashing(was.master, QUICK)),
            artifacts=ArtifactStore.at(folder.as_uri()),
        )
        service = Service(self.http, commands, keys, folder, self.app)
        personal = PersonalData(keys, commands.send)
        trail = Trail(service.audit, personal)
        self.app.state.context = replace(self.app.state.context, trail=trail, personal=personal)
        digest = hashlib.sha256(b"secret").hexdigest()
        service.do(CreateFirstAdministrator(user="root", key_id="root", key_hash=digest))
        service.do(MakePersonalKey(user="root"), "system:api")
        return service


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """The API on a port of its own."""
    settings = Settings(
        connection=Connection(bootstrap="127.0.0.1:1", ca=folder, certificate=folder, key=folder),
        secrets=folder,
        postgres="",
        storage=folder.as_uri(),
        listen="127.0.0.1:1",
        url="http://api.example",
        serving="",
        opensearch="",
        opensearch_token="",
    )

    @asynccontextmanager
    async def opened() -> AsyncIterator[Context]:
        keys = StoredCredentials()
        personal = PersonalData(keys, WorldCommands(keys).send)
        yield Context(
            settings=settings,
            commands=WorldCommands(keys),
            credentials=keys,
            uses=KeyUses(WorldCommands(keys).send),
            session_uses=SessionUses(WorldCommands(keys).send),
            doors=Doors(Hashing(MasterKey(bytes(32)), QUICK)),
            master=MasterKey(bytes(32)),
            pool=AsyncConnectionPool("host=127.0.0.1 port=1", open=False, timeout=0.2),
            artifacts=ArtifactStore.at(folder.as_uri()),
            engine=Engine("http://127.0.0.1:1", "", seconds=1),
            ca_chain=str,
            trail=Trail(RememberedAudit(), personal),
            personal=personal,
        )

    app = build(opened)
    with served(app) as url, httpx.Client(base_url=url, timeout=30) as http:
        yield Server(app, http)


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The application on a port of its own; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, timeout_graceful_shutdown=1, **listening())
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.002)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
