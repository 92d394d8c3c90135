"""Studies: trials of a training function under asynchronous successive halving, every decision a fold of events.

Source: Li et al., "A System for Massively Parallel Hyperparameter Tuning" (ASHA), algorithm 2. A trial runs for
`least_steps` at rung 0; the best 1/`reduction` of those seen at a rung are promoted, each as soon as it qualifies,
to run until `least_steps` x reduction^rung steps. Nobody waits for a rung to fill.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import AlreadyExists, Conflict, Invalid
from headrace_events.ids import object_name
from headrace_events.language import Command, Event, command, event, value
from headrace_events.model import TrainedOn, must_be_recorded
from headrace_events.numbers import finite

MOST_STEPS = 10**12


@value
class Dimension:
    """One hyper-parameter. `kind` is double or integer (two bounds) or discrete or categorical (JSON values)."""

    name: str
    kind: str
    values: tuple[str, ...]

    def parsed(self) -> tuple[Any, ...]:
        """The values as JSON says them; raises Invalid for what is not JSON (NaN and infinity are not), or too deep."""
        try:
            return tuple(json.loads(text, parse_constant=_no_constant) for text in self.values)
        except (ValueError, RecursionError):
            raise Invalid(
                "invalid-dimension",
                f"the values of {self.name!r} are not all JSON: {', '.join(self.values)[:200]}",
                {"dimension": self.name},
            ) from None


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


@value
class Halving:
    """Successive halving: `rungs` levels, the first of `least_steps` steps, each `reduction` times longer."""

    least_steps: int = 1
    reduction: int = 2
    rungs: int = 3

    def steps(self, rung: int) -> int:
        """How many steps a trial has run for in all at the end of that rung."""
        return int(self.least_steps * self.reduction**rung)


@command("study.create")
class CreateStudy(Command):
    """Start a study. `program` is the SHA-256 of the stored, pickled training function; `direction` is max or min."""

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
    """A worker's trial has finished a rung with this value of the metric."""

    project: str
    study: str
    trial: int
    rung: int
    steps: int
    metric: float
    checkpoint: str | None = None

    @property
    def key(self) -> str:
        return self.study


@command("study.report_failure")
class ReportTrialFailure(Command):
    """A trial's function raised."""

    project: str
    study: str
    trial: int
    reason: str

    @property
    def key(self) -> str:
        return self.study


@event("study.created")
class StudyCreated(Event):
    """The study driver starts trials."""

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


@value
class Trial:
    """A trial: the rung it is at, whether it runs there, and the metric at the end of each rung it finished."""

    rung: int
    running: bool
    metrics: tuple[float, ...] = ()
    failed: bool = False


@value
class Study:
    """What the next decision depends on."""

    trials_wanted: int
    direction: str
    halving: Halving
    trials: Mapping[str, Trial]
    completed: bool = False

    def sign(self) -> float:
        """Plus one where larger is better."""
        return 1.0 if self.direction == "max" else -1.0

    def promotable(self) -> tuple[int, int] | None:
        """The (trial, next rung) that asynchronous successive halving promotes now, the highest rung first."""
        for rung in range(self.halving.rungs - 2, -1, -1):
            finished = [
                (self.sign() * trial.metrics[rung], -int(number), trial)
                for number, trial in self.trials.items()
                if len(trial.metrics) > rung
            ]
            finished.sort(key=lambda entry: entry[:2], reverse=True)
            for _, negative, trial in finished[: len(finished) // self.halving.reduction]:
                if trial.rung == rung and not trial.running and not trial.failed:
                    return -negative, rung + 1
        return None

    def best(self) -> tuple[int, float] | None:
        """The trial with the best metric among those that reached the highest rung, and that metric."""
        done = [
            (len(trial.metrics), self.sign() * trial.metrics[-1], -int(number), trial.metrics[-1])
            for number, trial in self.trials.items()
            if trial.metrics and not trial.failed
        ]
        if not done:
            return None
        _, _, negative, metric = max(done)
        return -negative, metric


def decide(state: Study | None, wish: Command, known: Known) -> list[Event]:
    """Promote as soon as a trial qualifies; complete as soon as nothing runs and nothing can be promoted."""
    match wish:
        case CreateStudy():
            return _create(state, wish, known)
        case StartTrial(study=study, trial=trial, parameters=parameters):
            now = _open(state)
            if str(trial) in now.trials:
                raise AlreadyExists("trial", str(trial))
            if not 0 <= trial < now.trials_wanted:
                raise Invalid("unknown-trial", f"the study has trials 0 to {now.trials_wanted - 1}")
            return [TrialStarted(study=study, trial=trial, parameters=parameters)]
        case ReportRung(study=study, trial=trial, rung=rung, steps=steps, metric=metric, checkpoint=checkpoint):
            now = _open(state)
            _must_run(now, trial, rung)
            finite(metric, f"the metric of trial {trial}")
            reported = RungReported(
                study=study, trial=trial, rung=rung, steps=steps, metric=metric, checkpoint=checkpoint
            )
            return [reported, *_next(evolve(now, reported), study)]
        case ReportTrialFailure(study=study, trial=trial, reason=reason):
            now = _open(state)
            _must_run(now, trial, None)
            failed = TrialFailed(study=study, trial=trial, reason=reason)
            return [failed, *_next(evolve(now, failed), study)]
        case _:
            raise unknown(wish)


def _create(state: Study | None, wish: CreateStudy, known: Known) -> list[Event]:
    object_name(wish.name, "experiment")
    if state is not None:
        raise AlreadyExists("study", wish.study)
    if wish.direction not in {"max", "min"}:
        raise Invalid("invalid-direction", f"a study's direction is max or min, not {wish.direction!r}")
    if not 1 <= wish.trials <= 10_000 or not 1 <= wish.workers <= 1_000:
        raise Invalid("invalid-study", "a study has 1 to 10,000 trials on 1 to 1,000 workers")
    halving = wish.halving
    if halving.least_steps < 1 or halving.reduction < 2 or not 1 <= halving.rungs <= 20:
        raise Invalid(
            "invalid-halving", "halving needs least_steps of 1 or more, reduction of 2 or more, 1 to 20 rungs"
        )
    if halving.steps(halving.rungs - 1) > MOST_STEPS:
        raise Invalid("invalid-halving", f"the last rung would have {halving.steps(halving.rungs - 1)} steps")
    if len(wish.program) != 64:
        raise Invalid("invalid-program", "a program is named by 64 hexadecimal digits of SHA-256")
    if not wish.metric:
        raise Invalid("invalid-study", "a study names the metric that it compares")
    _check_space(wish.searchspace)
    if wish.trained_on is not None:
        must_be_recorded(wish.trained_on, wish.project, known)
    return [
        StudyCreated(
            study=wish.study,
            name=wish.name,
            description=wish.description,
            program=wish.program,
            program_name=wish.program_name,
            environment=wish.environment,
            searchspace=wish.searchspace,
            trials=wish.trials,
            metric=wish.metric,
            direction=wish.direction,
            halving=wish.halving,
            seed=wish.seed,
            workers=wish.workers,
            trained_on=wish.trained_on,
        )
    ]


def _check_space(space: tuple[Dimension, ...]) -> None:
    for dimension in space:
        name, values = dimension.name, dimension.parsed()
        if not name.isidentifier():
            raise Invalid("invalid-dimension", f"{name!r} cannot be the name of an argument", {"dimension": name})
        if dimension.kind not in {"double", "integer", "discrete", "categorical"}:
            raise Invalid("invalid-dimension", f"{name!r} is of unknown kind {dimension.kind!r}")
        if not values:
            raise Invalid("invalid-dimension", f"{name!r} has no values")
        if dimension.kind != "categorical" and not all(_is_number(number) for number in values):
            raise Invalid("invalid-dimension", f"{name!r} of kind {dimension.kind} takes finite numbers")
        if dimension.kind in {"double", "integer"} and (len(values) != 2 or values[0] > values[1]):
            raise Invalid("invalid-dimension", f"{name!r} needs two bounds, the lower one first")
        if dimension.kind == "integer" and not all(isinstance(number, int) for number in values):
            raise Invalid("invalid-dimension", f"the bounds of {name!r} are whole numbers")
    if len({dimension.name for dimension in space}) != len(space):
        raise Invalid("invalid-dimension", "two dimensions have one name")


def _is_number(number: object) -> bool:
    if isinstance(number, int):
        return not isinstance(number, bool) and abs(number) < 2**63
    return isinstance(number, float) and math.isfinite(number)


def _open(state: Study | None) -> Study:
    if state is None:
        raise Conflict("no-study", "the study does not exist")
    if state.completed:
        raise Conflict("study-completed", "the study has ended")
    return state


def _must_run(state: Study, trial: int, rung: int | None) -> None:
    found = state.trials.get(str(trial))
    if found is None or not found.running or (rung is not None and found.rung != rung):
        at = "" if rung is None else f" at rung {rung}"
        raise Conflict("trial-not-running", f"trial {trial} does not run{at}")


def _next(state: Study, study: str) -> list[Event]:
    events: list[Event] = []
    while (promoted := state.promotable()) is not None:
        trial, rung = promoted
        events.append(TrialPromoted(study=study, trial=trial, rung=rung))
        state = evolve(state, events[-1])
    if len(state.trials) == state.trials_wanted and not any(trial.running for trial in state.trials.values()):
        best = state.best()
        events.append(
            StudyCompleted(study=study, best_trial=best[0] if best else None, best_metric=best[1] if best else None)
        )
    return events


def evolve(state: Study | None, fact: Event) -> Study:
    """Fold one event."""
    if isinstance(fact, StudyCreated):
        return Study(trials_wanted=fact.trials, direction=fact.direction, halving=fact.halving, trials={})
    if state is None:
        raise unknown(fact)
    match fact:
        case TrialStarted(trial=trial):
            return _with(state, trial, Trial(rung=0, running=True))
        case RungReported(trial=trial, metric=metric):
            was = state.trials[str(trial)]
            return _with(state, trial, Trial(rung=was.rung, running=False, metrics=(*was.metrics, metric)))
        case TrialPromoted(trial=trial, rung=rung):
            was = state.trials[str(trial)]
            return _with(state, trial, Trial(rung=rung, running=True, metrics=was.metrics))
        case TrialFailed(trial=trial):
            was = state.trials[str(trial)]
            return _with(state, trial, Trial(rung=was.rung, running=False, metrics=was.metrics, failed=True))
        case StudyCompleted():
            return Study(
                trials_wanted=state.trials_wanted,
                direction=state.direction,
                halving=state.halving,
                trials=state.trials,
                completed=True,
            )
        case _:
            raise unknown(fact)


def _with(state: Study, number: int, trial: Trial) -> Study:
    return Study(
        trials_wanted=state.trials_wanted,
        direction=state.direction,
        halving=state.halving,
        trials={**state.trials, str(number): trial},
        completed=state.completed,
    )


aggregate("study", Study, decide=decide, evolve=evolve)
