"""A platform in memory for the study driver: real decisions, a log that is a list, artifacts that are a dict."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future
from dataclasses import dataclass, field

from tests.unit.events.scenario import Scenario, project

from headrace_broker.errors import Missing
from headrace_broker.feed import Events
from headrace_broker.results import Result
from headrace_events.envelope import Position, Recorded, Request
from headrace_processors.commands.handle import Accepted, Refused
from headrace_processors.studies.certificates import WorkerCertificates
from headrace_processors.studies.driver import Driver
from headrace_processors.studies.runs import MemoryRunLog
from headrace_processors.studies.topics import TopicReading
from headrace_processors.studies.workers import InlineWorkers


@dataclass(slots=True)
class MemoryStore:
    """Artifacts by project and hash."""

    held: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def write(self, project: str, content: bytes) -> str:
        """Store the bytes; return their SHA-256."""
        sha256 = hashlib.sha256(content).hexdigest()
        self.held[project, sha256] = content
        return sha256

    def read(self, project: str, sha256: str) -> bytes:
        """Give the bytes."""
        if (project, sha256) not in self.held:
            raise Missing(f"project {project} has no artifact {sha256}")
        return self.held[project, sha256]


@dataclass(slots=True)
class MemoryPlatform:
    """Decides commands at once, and keeps what happened; drivers come and go."""

    scenario: Scenario = field(default_factory=project)
    log: list[Recorded] = field(default_factory=list)
    store: MemoryStore = field(default_factory=MemoryStore)
    runs: MemoryRunLog = field(default_factory=MemoryRunLog)
    isolated: bool = True
    gpus: int = 0
    now: float = 0.0

    def send(self, request: Request) -> Future[Result]:
        """Decide the command; the future is done already."""
        future: Future[Result] = Future()
        outcome = self.scenario.when(request.command, request.actor, command_id=request.id)
        match outcome:
            case Accepted(events=events):
                for recorded in events:
                    at = Position("topic-id", 0, len(self.log))
                    self.log.append(
                        Recorded(
                            event=recorded.event,
                            id=recorded.id,
                            project=recorded.project,
                            seq=recorded.seq,
                            version=recorded.version,
                            actor=recorded.actor,
                            cause=recorded.cause,
                            at=at,
                        )
                    )
                future.set_result(Result(command_id=request.id, accepted=True))
            case Refused(refusal=refusal):
                future.set_result(Result.refused(request.id, refusal))
            case _:
                future.set_result(Result(command_id=request.id, accepted=True))
        return future

    def reader(self) -> MemoryFeed:
        """Give a feed from the beginning."""
        return MemoryFeed(self)

    def driver(self) -> Driver:
        """Start a driver that knows nothing."""
        workers = InlineWorkers(self.store.read, self.isolated, self.gpus)
        return Driver(self.reader(), self, workers, self.store, self.runs, self.topics())

    def topics(self) -> TopicReading:
        """What asks for the certificates of workers that read topics."""
        return TopicReading(WorkerCertificates(self, lambda: self.now), lambda: {"bootstrap.servers": "nowhere:9092"})


@dataclass(slots=True)
class MemoryFeed:
    """Reads the platform's log."""

    platform: MemoryPlatform
    place: int = 0

    def poll(self, seconds: float = 0.5) -> Events:
        """Give what came since the last call, without waiting."""
        del seconds
        events = Events(self.platform.log[self.place :])
        self.place = len(self.platform.log)
        return events

    def at_end(self) -> bool:
        """Say whether all was read."""
        return self.place == len(self.platform.log)
