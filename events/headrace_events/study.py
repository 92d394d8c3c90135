"""What can be asked of a study, and what happens to it. How it goes on is decided in `halving`."""

from collections.abc import Mapping

from headrace_events.language import Command, Event, command, event, value
from headrace_events.model import TrainedOn
from headrace_events.searchspace import Dimension


@value
class Halving:
    """Successive halving: `rungs` levels, the first of `least_steps` steps, each `reduction` times longer."""

    least_steps: int = 1
    reduction: int = 2
    rungs: int = 3

    def steps(self, rung: int) -> int:
        """How many steps a trial has run for in all at the end of that rung."""
        return int(self.least_steps * self.reduction**rung)


@value
class TrialRung:
    """One rung of one trial: what a worker runs."""

    study: str
    trial: int
    rung: int


@command("study.create")
class CreateStudy(Command):
    """Start a study. `program` is the SHA-256 of the stored, pickled training function; `direction` is max or min.

    Each trial has a processor and `gpus` GPUs of one machine to itself while it runs. Where it `reads_topics`, it is
    given a certificate of its own for that long, and none otherwise.
    """

    project: str
    study: str
    name: str
    description: str = ""
    program: str
    program_name: str
    environment: tuple[str, ...]
    searchspace: tuple[Dimension, ...]
    trials: int
    metric: str
    direction: str = "max"
    halving: Halving
    seed: int = 0
    workers: int = 2
    trained_on: TrainedOn | None = None
    gpus: int = 0
    reads_topics: bool = False

    @property
    def key(self) -> str:
        return self.study


@command("study.start_trial")
class StartTrial(Command):
    """The study driver says: this trial begins at rung 0 with these parameters (JSON values)."""

    project: str
    study: str
    trial: int
    parameters: Mapping[str, str]

    @property
    def key(self) -> str:
        return self.study


@command("study.report_rung")
class ReportRung(Command):
    """A worker's trial has finished a rung with this value of the metric, after that much processor and GPU time."""

    project: str
    study: str
    trial: int
    rung: int
    steps: int
    metric: float
    checkpoint: str | None = None
    cpu_seconds: float | None = None
    gpu_seconds: float | None = None

    @property
    def key(self) -> str:
        return self.study


@command("study.report_failure")
class ReportTrialFailure(Command):
    """A trial's function raised, after that much processor and GPU time."""

    project: str
    study: str
    trial: int
    reason: str
    cpu_seconds: float | None = None
    gpu_seconds: float | None = None

    @property
    def key(self) -> str:
        return self.study


@event("study.created")
class StudyCreated(Event):
    """The study driver starts trials. Where they read topics, they do so for the `reader`, who asked for it."""

    study: str
    name: str
    description: str
    program: str
    program_name: str
    environment: tuple[str, ...]
    searchspace: tuple[Dimension, ...]
    trials: int
    metric: str
    direction: str
    halving: Halving
    seed: int
    workers: int
    trained_on: TrainedOn | None = None
    gpus: int = 0
    reader: str | None = None

    @property
    def key(self) -> str:
        return self.study


@event("study.trial_started")
class TrialStarted(Event):
    """The trial runs at rung 0."""

    study: str
    trial: int
    parameters: Mapping[str, str]

    @property
    def key(self) -> str:
        return self.study


@event("study.rung_reported")
class RungReported(Event):
    """The trial has finished the rung; it waits until it is promoted or the study ends."""

    study: str
    trial: int
    rung: int
    steps: int
    metric: float
    checkpoint: str | None = None
    cpu_seconds: float | None = None
    gpu_seconds: float | None = None

    @property
    def key(self) -> str:
        return self.study


@event("study.trial_promoted")
class TrialPromoted(Event):
    """The trial goes on at this rung, from its last checkpoint."""

    study: str
    trial: int
    rung: int

    @property
    def key(self) -> str:
        return self.study


@event("study.trial_failed")
class TrialFailed(Event):
    """The trial ended with an error."""

    study: str
    trial: int
    reason: str
    cpu_seconds: float | None = None
    gpu_seconds: float | None = None

    @property
    def key(self) -> str:
        return self.study


@event("study.completed")
class StudyCompleted(Event):
    """No trial runs or can be promoted any more; `best_trial` is None where every trial failed."""

    study: str
    best_trial: int | None = None
    best_metric: float | None = None

    @property
    def key(self) -> str:
        return self.study
