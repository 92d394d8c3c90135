"""Who runs rungs: the port, and its twin that runs them in this process, one after the other."""

from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from headrace_broker.errors import BrokerError
from headrace_processors.studies.fold import StudyKey
from headrace_processors.studies.worker import Failed, Job, Message, run_rung


@dataclass(frozen=True, slots=True)
class Slot:
    """One rung of one trial of one study: what runs at most once at a time."""

    study: StudyKey
    trial: int
    rung: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a worker is given: the job, the SHA-256 of program, checkpoint and data files, and schemas by id."""

    slot: Slot
    job: Job
    program: str
    checkpoint: str | None
    files: tuple[str, ...] = ()
    schemas: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lost:
    """The worker ended without saying how the rung did; nothing is known against the function itself."""

    reason: str


Fetch = Callable[[str, str], bytes]
"""(project, sha256) → the verified bytes of an artifact; raises Missing, Corrupt, Unavailable."""


class Workers(Protocol):
    """Runs rungs, several at once."""

    @property
    def isolated(self) -> bool:
        """Whether the functions run as another user than the platform, who opens none of its secrets."""
        ...

    def most_gpus(self) -> float:
        """How many GPUs the machine has that has the most of them. Raises WorkersGone."""
        ...

    def start(self, task: Task) -> None:
        """Run the rung as soon as there is room. Raises BrokerError for artifacts, WorkersGone."""
        ...

    def messages(self) -> list[tuple[Slot, Message | Lost]]:
        """What came since the last call, in order per slot. Raises WorkersGone."""
        ...

    def keep(self, artifacts: Collection[tuple[str, str]]) -> None:
        """Let go of every artifact, named by (project, sha256), but these."""
        ...


@dataclass(slots=True)
class InlineWorkers:
    """The twin: every call of `messages` runs one waiting rung from beginning to end."""

    fetch: Fetch
    isolated: bool = True
    gpus: int = 0
    waiting: deque[Task] = field(default_factory=deque)

    def most_gpus(self) -> float:
        """What it was told."""
        return self.gpus

    def start(self, task: Task) -> None:
        """Run it later."""
        self.waiting.append(task)

    def messages(self) -> list[tuple[Slot, Message | Lost]]:
        """Run the next rung."""
        if not self.waiting:
            return []
        task = self.waiting.popleft()
        project = task.slot.study.project
        try:
            program = self.fetch(project, task.program)
            checkpoint = self.fetch(project, task.checkpoint) if task.checkpoint else None
            files = [self.fetch(project, sha256) for sha256 in task.files]
        except BrokerError as error:
            return [(task.slot, Failed(str(error)))]
        batches = run_rung(task.job, task.schemas, program, checkpoint, *files)
        return [(task.slot, message) for batch in batches for message in batch]

    def keep(self, artifacts: Collection[tuple[str, str]]) -> None:
        """Nothing is held."""
