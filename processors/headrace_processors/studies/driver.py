"""The study driver: reads what the log says, runs what it says runs, and reports what came of it by command.

It holds no decision. Whatever it forgets when it is killed, the log and the workers tell it again: rungs that the log
says run and that no worker runs are started again, from the trial's last checkpoint.
"""

import json
import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from headrace_broker.errors import BrokerError, Corrupt, Missing, Unavailable
from headrace_broker.feed import Events
from headrace_events.envelope import Request
from headrace_events.ids import processor_command_id
from headrace_events.language import Command
from headrace_events.study import ReportRung, ReportTrialFailure, StartTrial
from headrace_processors.studies.certificates import Overtaken
from headrace_processors.studies.draw import draw
from headrace_processors.studies.fold import Dataset, Studies, StudyKey, StudyRun
from headrace_processors.studies.plan import Begin, Launch, plan
from headrace_processors.studies.reporter import Line, Metric
from headrace_processors.studies.runs import RunLog, Source
from headrace_processors.studies.sending import ACTOR, Commands, Sent, is_overtaken
from headrace_processors.studies.topics import TopicReading
from headrace_processors.studies.worker import Failed, Finished, Job, Message, TopicAccess
from headrace_processors.studies.workers import Lost, Slot, Task, Workers

logger = logging.getLogger("headrace.studies")

MOST_LOSSES = 3
REST_SECONDS = 2.0
NOT_ISOLATED = (
    "trials-not-isolated: the project is sensitive, and trials run as the user that runs the platform, who opens its"
    " files and secrets: have the platform started as root (`headrace status` then says isolation platform)"
)


def too_few_gpus(asked: int, most: float) -> str:
    """Why a trial that asks for more GPUs than any machine has is not waited for."""
    return (
        f"too-few-gpus: each trial asks for {asked} GPUs of one machine, and Ray has none with more than {most:g}: ask"
        " for fewer, or add a machine that has them (of the platform's own Ray, HEADRACE_RAY_GPUS says how many it has)"
    )


class Feed(Protocol):
    """Metadata events, in order."""

    def poll(self, seconds: float = 0.5) -> Events:
        """What came next."""
        ...

    def at_end(self) -> bool:
        """Whether everything that was there has been read."""
        ...


class Store(Protocol):
    """Where artifacts lie."""

    def write(self, project: str, content: bytes) -> str:
        """Store the bytes; return their SHA-256."""
        ...


@dataclass(slots=True)
class Active:
    """What the driver itself remembers of a study; all of it may be lost."""

    busy: dict[int, Launch] = field(default_factory=dict)
    begun: set[int] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)
    losses: Counter[tuple[int, int]] = field(default_factory=Counter)
    resting: dict[int, float] = field(default_factory=dict)

    def waiting(self) -> set[int]:
        """The trials that must not run now: refused, or lost a moment ago."""
        now = time.monotonic()
        return self.refused | {trial for trial, until in self.resting.items() if until > now}

    def rest(self, trial: int) -> None:
        """Free the trial's worker; if the log still says that it runs, it is started again after a while."""
        del self.busy[trial]
        self.resting[trial] = time.monotonic() + REST_SECONDS


class Driver:
    """One step after the other: events, what workers say, answers to commands, then new work."""

    def __init__(  # noqa: PLR0917 - one of each of what it drives
        self, feed: Feed, commands: Commands, workers: Workers, store: Store, runs: RunLog, topics: TopicReading
    ) -> None:
        self.studies = Studies()
        self.active: dict[StudyKey, Active] = {}
        self._feed = feed
        self._commands = commands
        self._workers = workers
        self._store = store
        self._runs = runs
        self._topics = topics
        self._sent: dict[tuple[StudyKey, int, str], Sent] = {}

    def step(self, seconds: float) -> None:
        """Do what can be done now; wait at most that long for events."""
        for recorded in self._feed.poll(seconds).events:
            self.studies.apply(recorded)
            self._topics.apply(recorded)
        self._free()
        for slot, message in self._workers.messages():
            self._hear(slot, message)
        for slot, access in self._topics.take():
            self._let_in(slot, access)
        self._settle()
        if self._feed.at_end():
            self._forget_ended()
            for run in list(self.studies.open.values()):
                self._work_on(run)

    @property
    def caught_up(self) -> bool:
        """Whether the driver knows all that the log knew."""
        return self._feed.at_end()

    def _work_on(self, run: StudyRun) -> None:
        active = self.active.setdefault(run.key, Active())
        for next_step in plan(run, active.busy, active.begun, active.waiting()):
            match next_step:
                case Begin(trial):
                    active.begun.add(trial)
                    drawn = draw(run.asked.seed, trial, run.asked.searchspace)
                    start = StartTrial(project=run.key.project, study=run.key.study, trial=trial, parameters=drawn)
                    self._send(run, trial, "start", start)
                case Launch(trial):
                    active.busy[trial] = next_step
                    self._launch(run, next_step)

    def _free(self) -> None:
        """Free the workers of trials that the log says do not run; forget starts that it knows.

        This comes before anything is heard of a trial: what is said of a rung that has ended is not said of the next.
        """
        wanted = set()
        for run in self.studies.open.values():
            active, trials = self.active.setdefault(run.key, Active()), run.state.trials
            active.begun -= {trial for trial in active.begun if str(trial) in trials}
            for trial, launch in list(active.busy.items()):
                if not trials[str(trial)].running or trials[str(trial)].rung != launch.rung:
                    del active.busy[trial]
            wanted |= {Slot(run.key, trial, launch.rung) for trial, launch in active.busy.items()}
        self._topics.keep(wanted)

    def _let_in(self, slot: Slot, access: TopicAccess | Failed | Overtaken) -> None:
        """Go on with a rung that waited for its certificate, if it is still wanted."""
        run, active = self.studies.open.get(slot.study), self.active.get(slot.study)
        launch = active.busy.get(slot.trial) if active is not None else None
        if not isinstance(access, TopicAccess):
            self._hear(slot, access)
        elif run is not None and launch is not None and launch.rung == slot.rung:
            self._launch(run, launch, access)

    def _launch(self, run: StudyRun, launch: Launch, access: TopicAccess | None = None) -> None:
        trial, rung = launch.trial, launch.rung
        if run.key.project in self.studies.sensitive and not self._workers.isolated:
            self._hear(Slot(run.key, trial, rung), Failed(NOT_ISOLATED))
            return
        if run.asked.gpus and (most := self._workers.most_gpus()) < run.asked.gpus:
            self._hear(Slot(run.key, trial, rung), Failed(too_few_gpus(run.asked.gpus, most)))
            return
        if run.asked.reader is not None and access is None:
            self._topics.ask(Slot(run.key, trial, rung), run.asked.reader)
            return
        halving = run.state.halving
        dataset = self.studies.dataset(run.key.project, run.asked.trained_on) or Dataset(format="")
        job = Job(
            project=run.key.project,
            run=f"{run.key.study}/{trial}",
            metric=run.asked.metric,
            rung=rung,
            start=halving.steps(rung - 1) if rung else 0,
            steps=halving.steps(rung),
            hparams={name: json.loads(text) for name, text in run.parameters[trial].items()},
            files=tuple(
                (file.split, f"{file.split}-{number}.{dataset.format}") for number, file in enumerate(dataset.files)
            ),
            gpus=run.asked.gpus,
            topics=access,
        )
        task = Task(
            slot=Slot(run.key, trial, rung),
            job=job,
            program=run.asked.program,
            checkpoint=run.checkpoints.get(trial) if rung else None,
            files=tuple(file.sha256 for file in dataset.files),
            schemas={} if access is None else self._topics.schemas(run.key.project),
        )
        logger.info("%s rung %d: %d steps on worker %d", job.run, rung, job.steps, launch.worker)
        try:
            self._workers.start(task)
        except (Missing, Corrupt) as error:
            self._hear(task.slot, Failed(str(error)))
        except BrokerError as error:
            self._hear(task.slot, Lost(str(error)))

    def _hear(self, slot: Slot, message: Message | Lost | Overtaken) -> None:
        run = self.studies.open.get(slot.study)
        active = self.active.get(slot.study)
        if run is None or active is None:
            return
        launch = active.busy.get(slot.trial)
        if launch is None or launch.rung != slot.rung:
            return
        match message:
            case Metric() | Line():
                name, worker = f"{slot.study.study}/{slot.trial}", f"worker-{launch.worker}"
                source = Source(project=slot.study.project, run=name, worker=worker, rung=slot.rung)
                self._runs.write(source, message)
            case Finished():
                self._finished(run, slot, message)
            case Failed():
                self._failed(run, slot, message)
            case Overtaken(reason):
                logger.info("%s/%d rung %d: %s", run.key.study, slot.trial, slot.rung, reason)
                active.rest(slot.trial)
            case Lost(reason):
                active.losses[slot.trial, slot.rung] += 1
                if active.losses[slot.trial, slot.rung] >= MOST_LOSSES:
                    self._failed(run, slot, Failed(f"its worker was lost {MOST_LOSSES} times; the last time: {reason}"))
                else:
                    active.rest(slot.trial)

    def _finished(self, run: StudyRun, slot: Slot, ended: Finished) -> None:
        self._runs.settle()
        checkpoint = ended.checkpoint
        try:
            stored = self._store.write(run.key.project, checkpoint) if checkpoint is not None else None
        except Unavailable as error:
            self._hear(slot, Lost(f"its checkpoint could not be stored: {error}"))
            return
        report = ReportRung(
            project=run.key.project,
            study=run.key.study,
            trial=slot.trial,
            rung=slot.rung,
            steps=run.state.halving.steps(slot.rung),
            metric=ended.metric,
            checkpoint=stored,
            cpu_seconds=ended.cpu_seconds,
            gpu_seconds=ended.gpu_seconds,
        )
        self._send(run, slot.trial, f"report/{slot.rung}", report)

    def _failed(self, run: StudyRun, slot: Slot, ended: Failed) -> None:
        self._runs.settle()
        logger.info("%s/%d failed at rung %d: %s", run.key.study, slot.trial, slot.rung, ended.reason)
        failure = ReportTrialFailure(
            project=run.key.project,
            study=run.key.study,
            trial=slot.trial,
            reason=ended.reason,
            cpu_seconds=ended.cpu_seconds,
            gpu_seconds=ended.gpu_seconds,
        )
        self._send(run, slot.trial, f"fail/{slot.rung}", failure)

    def _send(self, run: StudyRun, trial: int, step: str, command: Command) -> None:
        at = run.at
        command_id = processor_command_id(at.topic_id, at.partition, at.offset, f"{trial}/{step}")
        request = Request(command=command, id=command_id, actor=ACTOR)
        self._sent[run.key, trial, step] = Sent.by(self._commands, request, time.monotonic())

    def _settle(self) -> None:
        """Look at the answers: an event comes through the feed; what got lost is sent again; a refusal is final."""
        for place, sent in list(self._sent.items()):
            key, trial, step = place
            result = sent.answer()
            if result is None:
                self._sent[place] = sent.retried(self._commands, time.monotonic())
                continue
            del self._sent[place]
            if result.accepted or is_overtaken(result) or result.code == "command-id-reused":
                continue
            logger.error("%s trial %d %s was refused: %s (%s)", key.study, trial, step, result.message, result.code)
            if key in self.active:
                self.active[key].refused.add(trial)
                self.active[key].busy.pop(trial, None)

    def _forget_ended(self) -> None:
        for key in [key for key in self.active if key not in self.studies.open]:
            del self.active[key]
            for place in [place for place in self._sent if place[0] == key]:
                del self._sent[place]
            self._workers.keep(self._needed())

    def _needed(self) -> set[tuple[str, str]]:
        """The artifacts that open studies may still use."""
        needed = set()
        for run in self.studies.open.values():
            files = (self.studies.dataset(run.key.project, run.asked.trained_on) or Dataset(format="")).files
            names = [run.asked.program, *run.checkpoints.values(), *(file.sha256 for file in files)]
            needed |= {(run.key.project, name) for name in names}
        return needed
