"""Asynchronous successive halving as a fold: what is promoted, when, and that a restart decides the same."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace_events.envelope import Request
from headrace_events.errors import Conflict, Invalid, NotFound, Refusal
from headrace_events.halving import Study, decide, evolve
from headrace_events.ids import CommandId, uuid7
from headrace_events.language import Command, Event
from headrace_events.model import TrainedOn
from headrace_events.searchspace import Dimension
from headrace_events.study import (
    CreateStudy,
    Halving,
    ReportRung,
    ReportTrialFailure,
    StartTrial,
    StudyCompleted,
    StudyCreated,
    TrialFailed,
    TrialPromoted,
    TrialStarted,
)
from headrace_processors.commands.world import World
from headrace_schemas.codec import MessageCodec

CODEC = MessageCodec()

CREATE = CreateStudy(
    project="flights",
    study="s1",
    name="delay",
    program="a" * 64,
    program_name="train",
    environment=("python==3.11.7",),
    searchspace=(
        Dimension(name="depth", kind="integer", values=("2", "8")),
        Dimension(name="kind", kind="categorical", values=('"gini"', "null")),
    ),
    trials=8,
    metric="auc",
    halving=Halving(least_steps=1, reduction=2, rungs=3),
)


class Log:
    """A study's events, and its state as the fold of them."""

    def __init__(self, create: CreateStudy = CREATE) -> None:
        self.events: list[Event] = []
        self.state: Study | None = None
        self.send(create)

    def send(self, command: Command) -> list[Event]:
        """Decide and fold."""
        decided = decide(self.state, command, World())
        for fact in decided:
            self.state = evolve(self.state, fact)
        self.events += decided
        return decided

    def start(self, trial: int) -> list[Event]:
        """Start a trial."""
        return self.send(StartTrial(project="flights", study="s1", trial=trial, parameters={"depth": "3"}))

    def report(self, trial: int, metric: float) -> list[Event]:
        """Report the rung the trial runs at."""
        assert self.state is not None
        rung = self.state.trials[str(trial)].rung
        steps = self.state.halving.steps(rung)
        return self.send(ReportRung(project="flights", study="s1", trial=trial, rung=rung, steps=steps, metric=metric))

    def fail(self, trial: int) -> list[Event]:
        """Let the trial fail."""
        return self.send(ReportTrialFailure(project="flights", study="s1", trial=trial, reason="boom"))

    @property
    def study(self) -> Study:
        """Give the state."""
        assert self.state is not None
        return self.state

    def running(self) -> list[int]:
        """List the trials that run."""
        return [int(number) for number, trial in self.study.trials.items() if trial.running]


def promoted(events: list[Event]) -> list[tuple[int, int]]:
    return [(fact.trial, fact.rung) for fact in events if isinstance(fact, TrialPromoted)]


def test_the_better_of_two_is_promoted_as_soon_as_both_are_known() -> None:
    log = Log()
    for trial in range(8):
        log.start(trial)
    assert promoted(log.report(5, 0.3)) == []
    assert promoted(log.report(2, 0.1)) == [(5, 1)], "six trials have not reported, and nobody waits for them"


def test_less_is_better_where_the_study_says_min() -> None:
    log = Log(replace(CREATE, direction="min"))
    for trial in range(4):
        log.start(trial)
    log.report(0, 0.9)
    assert promoted(log.report(1, 0.1)) == [(1, 1)]
    assert promoted(log.report(2, 0.5)) == []
    assert promoted(log.report(3, 0.4)) == [(3, 1)]


def test_of_equal_trials_the_first_is_promoted() -> None:
    log = Log()
    log.start(0)
    log.start(1)
    log.report(1, 0.5)
    assert promoted(log.report(0, 0.5)) == [(0, 1)]


def test_a_study_of_one_rung_promotes_nothing() -> None:
    log = Log(replace(CREATE, trials=2, halving=Halving(rungs=1)))
    log.start(0)
    log.start(1)
    log.report(0, 0.5)
    assert log.report(1, 0.7)[-1] == StudyCompleted(study="s1", best_trial=1, best_metric=0.7)


def test_a_study_whose_trials_all_failed_is_completed_without_a_best_one() -> None:
    log = Log(replace(CREATE, trials=2))
    log.start(0)
    log.start(1)
    log.fail(1)
    assert log.fail(0) == [
        TrialFailed(study="s1", trial=0, reason="boom"),
        StudyCompleted(study="s1", best_trial=None, best_metric=None),
    ]


def test_the_best_trial_is_one_that_ran_longest() -> None:
    log = Log(replace(CREATE, trials=2, halving=Halving(rungs=2)))
    log.start(0)
    log.start(1)
    log.report(0, 0.9)
    log.report(1, 0.8)
    assert log.report(0, 0.2)[-1] == StudyCompleted(study="s1", best_trial=0, best_metric=0.2)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (StartTrial(project="flights", study="s1", trial=0, parameters={}), "trial-exists"),
        (ReportRung(project="flights", study="s1", trial=0, rung=1, steps=2, metric=0.1), "trial-not-running"),
        (ReportRung(project="flights", study="s1", trial=7, rung=0, steps=1, metric=0.1), "trial-not-running"),
        (ReportTrialFailure(project="flights", study="s1", trial=7, reason="boom"), "trial-not-running"),
        (CREATE, "study-exists"),
    ],
)
def test_what_does_not_fit_the_state_is_a_conflict(command: Command, code: str) -> None:
    log = Log()
    log.start(0)
    with pytest.raises(Conflict) as refused:
        log.send(command)
    assert refused.value.code == code


def test_nothing_happens_before_a_study_is_created_and_after_it_has_ended() -> None:
    start = StartTrial(project="flights", study="s1", trial=0, parameters={})
    assert outcome(None, start) == "no-study"
    log = Log(replace(CREATE, trials=1))
    log.start(0)
    log.fail(0)
    assert outcome(log.study, start) == "study-completed"


def test_a_trial_reports_a_rung_once() -> None:
    log = Log()
    log.start(0)
    log.report(0, 0.5)
    with pytest.raises(Conflict, match="does not run at rung 0"):
        log.send(ReportRung(project="flights", study="s1", trial=0, rung=0, steps=1, metric=0.5))


@pytest.mark.parametrize("metric", [float("nan"), float("inf"), float("-inf")])
def test_a_metric_that_is_no_number_never_enters_the_log(metric: float) -> None:
    log = Log()
    log.start(0)
    with pytest.raises(Invalid, match="only finite numbers") as refused:
        log.report(0, metric)
    assert refused.value.code == "non-finite-number"


def test_trials_are_numbered_within_the_study() -> None:
    with pytest.raises(Invalid, match="trials 0 to 7") as refused:
        Log().start(8)
    assert refused.value.code == "unknown-trial"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"direction": "up"}, "invalid-direction"),
        ({"trials": 0}, "invalid-study"),
        ({"workers": 0}, "invalid-study"),
        ({"metric": ""}, "invalid-study"),
        ({"gpus": -1}, "invalid-gpus"),
        ({"gpus": 65}, "invalid-gpus"),
        ({"program": "abc"}, "invalid-program"),
        ({"name": "a/b"}, "invalid-name"),
        ({"halving": Halving(reduction=1)}, "invalid-halving"),
        ({"halving": Halving(reduction=100, rungs=10)}, "invalid-halving"),
        ({"searchspace": (Dimension(name="x", kind="double", values=("1",)),)}, "invalid-dimension"),
        ({"searchspace": (Dimension(name="x", kind="double", values=("2", "1")),)}, "invalid-dimension"),
        ({"searchspace": (Dimension(name="x", kind="double", values=("0", "NaN")),)}, "invalid-dimension"),
        ({"searchspace": (Dimension(name="x", kind="double", values=("0", "1e999")),)}, "invalid-dimension"),
        ({"searchspace": (Dimension(name="x", kind="integer", values=("0", "1.5")),)}, "invalid-dimension"),
        ({"searchspace": (Dimension(name="x", kind="integer", values=("0", "9" * 30)),)}, "invalid-dimension"),
        ({"searchspace": (Dimension(name="x", kind="discrete", values=('"a"',)),)}, "invalid-dimension"),
        ({"searchspace": (Dimension(name="x", kind="categorical", values=()),)}, "invalid-dimension"),
        ({"searchspace": (Dimension(name="x", kind="categorical", values=("oops",)),)}, "invalid-dimension"),
        ({"searchspace": (Dimension(name="x", kind="categorical", values=("[" * 100_000,)),)}, "invalid-dimension"),
        ({"searchspace": (Dimension(name="a b", kind="discrete", values=("1",)),)}, "invalid-dimension"),
        ({"searchspace": (Dimension(name="x", kind="gauss", values=("1",)),)}, "invalid-dimension"),
        ({"searchspace": (Dimension(name="x", kind="discrete", values=("1",)),) * 2}, "invalid-dimension"),
    ],
)
def test_a_study_that_could_not_run_is_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        Log(replace(CREATE, **change))
    assert refused.value.code == code


def test_a_study_learns_only_from_a_dataset_that_has_been_made() -> None:
    with pytest.raises(NotFound, match="there is no training dataset"):
        Log(replace(CREATE, trained_on=TrainedOn(view="delays", view_version=1, version=1)))


def play(log: Log, seed: int, failures: float) -> None:
    """Workers start, report and fail in an order that the seed chooses, until the study has ended."""
    chance = random.Random(seed)  # noqa: S311 - a game, not a secret
    todo = list(range(log.study.trials_wanted))
    while not log.study.completed:
        before = log.study
        running = log.running()
        if todo and (not running or chance.random() < 0.4):
            log.start(todo.pop(0))
            continue
        trial = chance.choice(running)
        facts = log.fail(trial) if chance.random() < failures else log.report(trial, round(chance.random(), 2))
        check_promotions(before, facts)


def check_promotions(before: Study, facts: list[Event]) -> None:
    """Each promoted trial was among the best 1/eta of its rung then; and after the facts nobody qualifies."""
    state = evolve(before, facts[0])
    for fact in facts[1:]:
        if isinstance(fact, TrialPromoted):
            rung = fact.rung - 1
            at_rung = [trial.metrics[rung] for trial in state.trials.values() if len(trial.metrics) > rung]
            own = state.trials[str(fact.trial)].metrics[rung]
            better = [metric for metric in at_rung if (metric > own if before.direction == "max" else metric < own)]
            assert len(better) < len(at_rung) // before.halving.reduction
            assert not state.trials[str(fact.trial)].running
        state = evolve(state, fact)
    assert state.promotable() is None


studies = st.builds(
    lambda trials, direction, reduction, rungs: replace(
        CREATE, trials=trials, direction=direction, halving=Halving(reduction=reduction, rungs=rungs)
    ),
    st.integers(1, 20),
    st.sampled_from(["max", "min"]),
    st.integers(2, 4),
    st.integers(1, 4),
)


@settings(max_examples=150, deadline=None)
@given(studies, st.integers(0, 2**32), st.sampled_from([0.0, 0.1, 0.9]))
def test_any_interleaving_promotes_within_the_best_share_and_ends(create: CreateStudy, seed: int, fail: float) -> None:
    log = Log(create)
    play(log, seed, fail)
    trials = log.study.trials
    assert len(trials) == create.trials
    assert not any(trial.running for trial in trials.values())
    assert [type(fact) for fact in log.events].count(StudyCompleted) == 1
    best = log.study.best()
    last = log.events[-1]
    assert isinstance(last, StudyCompleted)
    assert (last.best_trial, last.best_metric) == (best or (None, None))


@settings(max_examples=80, deadline=None)
@given(studies, st.integers(0, 2**32), st.data())
def test_a_refolded_study_decides_as_the_one_that_was_never_killed(
    create: CreateStudy, seed: int, data: st.DataObject
) -> None:
    log = Log(create)
    play(log, seed, 0.1)
    cut = data.draw(st.integers(1, len(log.events)))
    state: Study | None = None
    for fact in log.events[:cut]:
        state = evolve(state, fact)
    again: Study | None = None
    for fact in log.events[:cut]:
        again = evolve(again, CODEC.decode_event(CODEC.encode(fact)))
    assert state is not None
    assert again == state
    for number, trial in state.trials.items():
        if trial.running:
            wish = ReportRung(
                project="flights",
                study="s1",
                trial=int(number),
                rung=trial.rung,
                steps=state.halving.steps(trial.rung),
                metric=0.5,
            )
            assert outcome(state, wish) == outcome(again, wish)


def outcome(state: Study | None, wish: Command) -> list[Event] | str:
    try:
        return decide(state, wish, World())
    except Refusal as refusal:
        return refusal.code


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-10, 10), min_size=2, max_size=30, unique=True), st.integers(2, 4))
def test_min_and_max_promote_mirror_images(metrics: list[float], reduction: int) -> None:
    halving = Halving(reduction=reduction, rungs=2)
    up = Log(replace(CREATE, trials=len(metrics), halving=halving))
    down = Log(replace(CREATE, trials=len(metrics), halving=halving, direction="min"))
    for trial, metric in enumerate(metrics):
        up.start(trial)
        down.start(trial)
        assert promoted(up.report(trial, metric)) == promoted(down.report(trial, -metric))


def test_the_driver_alone_starts_trials() -> None:
    from tests.unit.events.scenario import project

    scenario = project()
    made = scenario.events(CREATE, actor="user:bob")
    assert isinstance(made[0], StudyCreated)
    start = StartTrial(project="flights", study="s1", trial=0, parameters={})
    assert scenario.refusal(start, actor="user:ada") == "not-yours-to-send"
    assert scenario.refusal(start, actor="system:serving") == "not-yours-to-send"
    assert scenario.events(start, actor="system:studies") == [TrialStarted(study="s1", trial=0, parameters={})]


def test_a_command_sent_again_is_answered_and_not_decided_again() -> None:
    from tests.unit.events.scenario import project

    scenario = project()
    scenario.events(CREATE, actor="user:bob")
    request = Request(
        command=StartTrial(project="flights", study="s1", trial=0, parameters={}),
        id=CommandId(uuid7()),
        actor="system:studies",
    )
    first = scenario.when(request.command, request.actor, command_id=request.id)
    again = scenario.when(request.command, request.actor, command_id=request.id)
    assert type(first).__name__ == "Accepted"
    assert type(again).__name__ == "Repeated"
