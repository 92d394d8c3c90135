"""Asynchronous successive halving: how a study goes on, every decision a fold of its events.

Source: Li et al., "A System for Massively Parallel Hyperparameter Tuning" (ASHA), algorithm 2. A trial runs for
`least_steps` at rung 0; the best 1/`reduction` of those seen at a rung are promoted, each as soon as it qualifies,
to run until `least_steps` x reduction^rung steps. Nobody waits for a rung to fill.
"""

from collections.abc import Mapping
from dataclasses import replace

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import AlreadyExists, Conflict, Invalid
from headrace_events.ids import object_name
from headrace_events.language import Command, Event, value
from headrace_events.model import must_be_recorded
from headrace_events.numbers import finite
from headrace_events.quota import Quota, must_fit
from headrace_events.searchspace import must_be_searchable
from headrace_events.study import (
    CreateStudy,
    Halving,
    ReportRung,
    ReportTrialFailure,
    RungReported,
    StartTrial,
    StudyCompleted,
    StudyCreated,
    TrialFailed,
    TrialPromoted,
    TrialRung,
    TrialStarted,
)

MOST_STEPS = 10**12
MOST_SECONDS = 10**9
MOST_GPUS = 64


@value
class Trial:
    """A trial: the rung it is at, whether it runs there, and the metric at the end of each rung it finished."""

    rung: int
    running: bool
    metrics: tuple[float, ...] = ()
    failed: bool = False


@value
class Study:
    """What the next decision depends on.

    `cpu_seconds` and `gpu_seconds` are what its trials have used so far, as workers measured it; `reader` is the person
    on whose behalf they read topics, if they do.
    """

    trials_wanted: int
    direction: str
    halving: Halving
    trials: Mapping[str, Trial]
    completed: bool = False
    cpu_seconds: float = 0.0
    gpu_seconds: float = 0.0
    reader: str | None = None

    def runs(self, one: TrialRung) -> bool:
        """Whether that trial runs at that rung."""
        trial = self.trials.get(str(one.trial))
        return not self.completed and trial is not None and trial.running and trial.rung == one.rung

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
        case ReportRung(study=study, trial=trial, rung=rung, metric=metric):
            now = _open(state)
            _must_run(now, trial, rung)
            finite(metric, f"the metric of trial {trial}")
            reported = RungReported(
                study=study,
                trial=trial,
                rung=rung,
                steps=wish.steps,
                metric=metric,
                checkpoint=wish.checkpoint,
                cpu_seconds=_processor_time(wish.cpu_seconds, trial),
                gpu_seconds=_gpu_time(wish.gpu_seconds, trial),
            )
            return [reported, *_next(evolve(now, reported), study)]
        case ReportTrialFailure(study=study, trial=trial, reason=reason):
            now = _open(state)
            _must_run(now, trial, None)
            failed = TrialFailed(
                study=study,
                trial=trial,
                reason=reason,
                cpu_seconds=_processor_time(wish.cpu_seconds, trial),
                gpu_seconds=_gpu_time(wish.gpu_seconds, trial),
            )
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
    if not 0 <= wish.gpus <= MOST_GPUS:
        raise Invalid("invalid-gpus", f"a trial has 0 to {MOST_GPUS} GPUs of one machine, not {wish.gpus}")
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
    must_be_searchable(wish.searchspace)
    if wish.trained_on is not None:
        must_be_recorded(wish.trained_on, wish.project, known)
    must_fit(known, wish.project, {Quota.CPU_SECONDS: 1, **({Quota.GPU_SECONDS: 1} if wish.gpus else {})})
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
            gpus=wish.gpus,
            reader=known.actor.removeprefix("user:") if wish.reads_topics else None,
        )
    ]


def _processor_time(seconds: float | None, trial: int) -> float | None:
    if not _is_possible(seconds, f"the processor time of trial {trial}"):
        raise Invalid("invalid-cpu-seconds", f"trial {trial} cannot have used {seconds} seconds of processors")
    return seconds


def _gpu_time(seconds: float | None, trial: int) -> float | None:
    if not _is_possible(seconds, f"the GPU time of trial {trial}"):
        raise Invalid("invalid-gpu-seconds", f"trial {trial} cannot have used {seconds} seconds of GPUs")
    return seconds


def _is_possible(seconds: float | None, what: str) -> bool:
    return seconds is None or 0 <= finite(seconds, what) <= MOST_SECONDS


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
        return Study(
            trials_wanted=fact.trials, direction=fact.direction, halving=fact.halving, trials={}, reader=fact.reader
        )
    if state is None:
        raise unknown(fact)
    match fact:
        case TrialStarted(trial=trial):
            return _with(state, trial, Trial(rung=0, running=True))
        case RungReported(trial=trial, metric=metric):
            was = state.trials[str(trial)]
            ended = Trial(rung=was.rung, running=False, metrics=(*was.metrics, metric))
            return _used(_with(state, trial, ended), fact.cpu_seconds, fact.gpu_seconds)
        case TrialPromoted(trial=trial, rung=rung):
            was = state.trials[str(trial)]
            return _with(state, trial, Trial(rung=rung, running=True, metrics=was.metrics))
        case TrialFailed(trial=trial):
            was = state.trials[str(trial)]
            failed = Trial(rung=was.rung, running=False, metrics=was.metrics, failed=True)
            return _used(_with(state, trial, failed), fact.cpu_seconds, fact.gpu_seconds)
        case StudyCompleted():
            return replace(state, completed=True)
        case _:
            raise unknown(fact)


def _with(state: Study, number: int, trial: Trial) -> Study:
    return replace(state, trials={**state.trials, str(number): trial})


def _used(state: Study, cpu: float | None, gpu: float | None) -> Study:
    return replace(state, cpu_seconds=state.cpu_seconds + (cpu or 0.0), gpu_seconds=state.gpu_seconds + (gpu or 0.0))


aggregate("study", Study, decide=decide, evolve=evolve)
