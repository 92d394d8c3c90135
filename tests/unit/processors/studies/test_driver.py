"""The driver on the in-memory platform: what it starts, what it passes on, and that killing it changes nothing."""

from __future__ import annotations

import json
import pathlib
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cloudpickle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.events.test_study import CREATE
from tests.unit.processors.studies.platform import MemoryPlatform

from headrace_events.envelope import Position, Recorded, Request
from headrace_events.ids import CommandId, EventId, uuid7
from headrace_events.language import Event
from headrace_events.model import TrainedOn
from headrace_events.project import MarkSensitive, UnmarkSensitive
from headrace_events.searchspace import Dimension
from headrace_events.study import (
    Halving,
    RungReported,
    StudyCompleted,
    StudyCreated,
    TrialFailed,
    TrialPromoted,
    TrialStarted,
)
from headrace_events.training_dataset import DatasetFile, TrainingDatasetRecorded, TrainingDatasetRequested
from headrace_processors.studies.driver import NOT_ISOLATED, Driver, too_few_gpus
from headrace_processors.studies.reporter import Line, Metric
from headrace_processors.studies.worker import Message
from headrace_processors.studies.workers import InlineWorkers, Lost, Slot

SPACE = (
    Dimension(name="quality", kind="double", values=("0", "1")),
    Dimension(name="kind", kind="categorical", values=('"gini"', "null")),
)


def train(hparams: dict[str, Any], reporter: Any, start: int, steps: int, checkpoint: Any) -> float:
    """Learn for as many steps as it is given, from where it stopped."""
    learnt = checkpoint or []
    for step in range(start + 1, steps + 1):
        learnt = [*learnt, step]
        reporter.broadcast(hparams["quality"] * step, step)
    print(f"learnt {learnt}")
    reporter.save(learnt)
    return float(hparams["quality"] * len(learnt))


def begin(function: Callable[..., Any] = train, **change: Any) -> MemoryPlatform:
    """A platform on which a scientist has just started a study of that function."""
    platform = MemoryPlatform()
    cloudpickle.register_pickle_by_value(__import__(__name__, fromlist=["train"]))
    program = platform.store.write("flights", cloudpickle.dumps(function))
    create = replace(CREATE, program=program, searchspace=SPACE, **change)
    platform.send(Request(command=create, id=CommandId(uuid7()), actor="user:bob"))
    return platform


def run(platform: MemoryPlatform, *, kill_every: int = 10**9) -> None:
    """Drive the study to its end; a new driver takes over after every so many steps."""
    driver = platform.driver()
    for step in range(1, 500):
        driver.step(0)
        if isinstance(platform.log[-1].event, StudyCompleted):
            return
        if step % kill_every == 0:
            driver = platform.driver()
    raise AssertionError("the study has not ended")


def of(platform: MemoryPlatform, kind: type[Any]) -> list[Any]:
    return [recorded.event for recorded in platform.log if isinstance(recorded.event, kind)]


def test_a_study_runs_to_its_end() -> None:
    platform = begin(trials=8, workers=2)
    run(platform)
    started = of(platform, TrialStarted)
    assert [fact.trial for fact in started] == list(range(8))
    done = of(platform, StudyCompleted)[0]
    best = max(started, key=lambda fact: json.loads(fact.parameters["quality"]))
    assert done.best_trial == best.trial
    assert done.best_metric == pytest.approx(4 * json.loads(best.parameters["quality"]))


def test_trials_start_before_their_rung_is_full() -> None:
    platform = begin(trials=8, workers=2)
    run(platform)
    facts = [recorded.event for recorded in platform.log]
    first = next(index for index, fact in enumerate(facts) if isinstance(fact, TrialPromoted))
    assert any(isinstance(fact, TrialStarted) for fact in facts[first:])


def test_a_promoted_trial_goes_on_from_its_checkpoint() -> None:
    platform = begin(trials=4, workers=1)
    run(platform)
    winner = of(platform, StudyCompleted)[0].best_trial
    said = [m.text for s, m in platform.runs.written if isinstance(m, Line) and s.run == f"s1/{winner}"]
    assert said == ["learnt [1]", "learnt [1, 2]", "learnt [1, 2, 3, 4]"]
    steps = [m.step for s, m in platform.runs.written if isinstance(m, Metric) and s.run == f"s1/{winner}"]
    assert steps == [1, 2, 3, 4]
    assert [fact.steps for fact in of(platform, RungReported) if fact.trial == winner] == [1, 2, 4]


def test_no_more_workers_are_busy_than_the_study_asked_for() -> None:
    platform = begin(trials=8, workers=3)
    driver = platform.driver()
    while not of(platform, StudyCompleted):
        driver.step(0)
        for active in driver.active.values():
            taken = [launch.worker for launch in active.busy.values()]
            assert len(taken) == len(set(taken)) <= 3
    assert {source.worker for source, _ in platform.runs.written} == {"worker-1", "worker-2", "worker-3"}


def test_no_trial_of_a_sensitive_project_runs_where_it_could_open_the_platforms_files() -> None:
    platform = begin(trials=2, workers=1)
    platform.isolated = False
    platform.send(Request(command=MarkSensitive(project="flights"), id=CommandId(uuid7()), actor="user:ada"))
    run(platform)
    assert [fact.reason for fact in of(platform, TrialFailed)] == [NOT_ISOLATED] * 2
    assert NOT_ISOLATED.startswith("trials-not-isolated: ")
    assert platform.runs.written == []


@pytest.mark.parametrize(("isolated", "unmarked"), [(True, False), (False, True)])
def test_trials_run_where_they_are_isolated_or_the_project_is_not_sensitive(*, isolated: bool, unmarked: bool) -> None:
    platform = begin(trials=2, workers=1)
    platform.isolated = isolated
    platform.send(Request(command=MarkSensitive(project="flights"), id=CommandId(uuid7()), actor="user:ada"))
    if unmarked:
        unmark = UnmarkSensitive(project="flights")
        platform.send(Request(command=unmark, id=CommandId(uuid7()), actor="user:root-admin"))
    run(platform)
    assert of(platform, TrialFailed) == []
    assert of(platform, StudyCompleted)[0].best_trial is not None


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 12), st.integers(1, 4), st.integers(1, 9), st.sampled_from(["max", "min"]))
def test_killing_the_driver_changes_no_decision(trials: int, workers: int, every: int, direction: str) -> None:
    calm = begin(trials=trials, workers=workers, direction=direction)
    run(calm)
    killed = begin(trials=trials, workers=workers, direction=direction)
    run(killed, kill_every=every + 2)
    assert parameters(killed) == parameters(calm)
    assert of(killed, StudyCompleted) == of(calm, StudyCompleted)
    if workers == 1:
        assert of(killed, TrialPromoted) == of(calm, TrialPromoted)
        assert timeless(killed) == timeless(calm)


def timeless(platform: MemoryPlatform) -> list[RungReported]:
    """What was reported, but for how long it took."""
    return [replace(fact, cpu_seconds=None) for fact in of(platform, RungReported)]


def parameters(platform: MemoryPlatform) -> dict[int, Any]:
    return {fact.trial: fact.parameters for fact in of(platform, TrialStarted)}


def toil(hparams: dict[str, Any]) -> float:
    """Keep a processor busy for a while."""
    busy_until = time.process_time() + 0.05
    while time.process_time() < busy_until:
        pass
    return float(hparams["quality"])


def test_each_rung_tells_how_much_processor_time_it_took() -> None:
    platform = begin(toil, trials=1, halving=Halving(rungs=1))
    run(platform)
    (reported,) = of(platform, RungReported)
    assert reported.cpu_seconds is not None
    assert reported.cpu_seconds >= 0.05


def test_a_trial_on_gpus_tells_how_much_of_their_time_it_had() -> None:
    platform = begin(toil, trials=1, halving=Halving(rungs=1), gpus=4)
    platform.gpus = 4
    run(platform)
    (reported,) = of(platform, RungReported)
    assert reported.gpu_seconds is not None
    assert reported.gpu_seconds >= 4 * 0.05


def test_a_trial_that_raises_had_its_gpus_too() -> None:
    def breaks() -> float:
        time.sleep(0.05)
        raise RuntimeError("out of luck")

    platform = begin(breaks, trials=1, gpus=1)
    platform.gpus = 1
    run(platform)
    (failed,) = of(platform, TrialFailed)
    assert failed.reason == "RuntimeError: out of luck"
    assert failed.gpu_seconds is not None
    assert failed.gpu_seconds >= 0.05


def test_a_trial_without_gpus_has_none_of_their_time() -> None:
    platform = begin(trials=1, halving=Halving(rungs=1))
    platform.gpus = 4
    run(platform)
    assert [fact.gpu_seconds for fact in of(platform, RungReported)] == [0.0]


def test_a_trial_that_asks_for_more_gpus_than_any_machine_has_fails_and_says_what_to_do() -> None:
    platform = begin(trials=2, gpus=2)
    platform.gpus = 1
    run(platform)
    reasons = [fact.reason for fact in of(platform, TrialFailed)]
    assert reasons == [too_few_gpus(2, 1)] * 2
    assert reasons[0].startswith("too-few-gpus: each trial asks for 2 GPUs of one machine, and Ray has none with more")
    assert "HEADRACE_RAY_GPUS" in reasons[0]
    assert platform.runs.written == []


def test_a_function_that_raises_fails_its_trial_and_no_other() -> None:
    def fragile(hparams: dict[str, Any]) -> float:
        if hparams["quality"] > 0.5:
            raise RuntimeError("out of luck")
        return float(hparams["quality"])

    platform = begin(fragile, trials=6, workers=2)
    run(platform)
    failed = of(platform, TrialFailed)
    assert failed
    assert {fact.reason for fact in failed} == {"RuntimeError: out of luck"}
    assert of(platform, StudyCompleted)[0].best_metric <= 0.5
    assert any(
        "out of luck" in m.text for _, m in platform.runs.written if isinstance(m, Line) and m.stream == "stderr"
    )


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda: None, "returned NoneType"),
        (lambda: float("nan"), "the metric is nan"),
        (lambda: {"loss": 1.0}, "without the study's metric 'auc'"),
        (lambda model: 1.0, "needs 'model'; it may name budget, checkpoint, data"),
        (lambda reporter: reporter.broadcast(float("inf")), "the metric is inf"),
        (lambda reporter: [reporter.broadcast(1.0, 5), reporter.broadcast(1.0, 4)], "step 4 comes after step 5"),
    ],
)
def test_a_function_that_breaks_the_contract_is_told_how(function: Callable[..., Any], reason: str) -> None:
    platform = begin(function, trials=1, halving=Halving(rungs=1))
    run(platform)
    assert reason in of(platform, TrialFailed)[0].reason
    assert of(platform, StudyCompleted)[0].best_trial is None


def test_a_program_that_is_not_stored_fails_every_trial_with_that_reason() -> None:
    platform = begin(trials=2)
    platform.store.held.clear()
    run(platform)
    assert [fact.reason.split(" artifact")[0] for fact in of(platform, TrialFailed)] == ["project flights has no"] * 2


def test_other_numbers_of_the_returned_dict_are_metrics() -> None:
    platform = begin(lambda: {"auc": 0.7, "loss": 0.2}, trials=1, halving=Halving(rungs=1))
    run(platform)
    metrics = [(m.name, m.step, m.value) for _, m in platform.runs.written if isinstance(m, Metric)]
    assert metrics == [("loss", 1, 0.2)]
    assert of(platform, RungReported)[0].metric == 0.7


def test_a_function_sees_no_setting_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_SECRETS", "/secret")

    def curious() -> float:
        import os

        return float(sum(name.startswith("HEADRACE_") for name in os.environ))

    platform = begin(curious, trials=1, halving=Halving(rungs=1))
    run(platform)
    assert of(platform, RungReported)[0].metric == 0.0


class Flaky(InlineWorkers):
    """Loses the worker of each rung a number of times before it runs."""

    def __init__(self, platform: MemoryPlatform, losses: int) -> None:
        super().__init__(platform.store.read)
        self.left: dict[Slot, int] = {}
        self.losses = losses

    def messages(self) -> list[tuple[Slot, Message | Lost]]:
        """Lose it, or run it."""
        if self.waiting:
            slot = self.waiting[0].slot
            if self.left.setdefault(slot, self.losses) > 0:
                self.left[slot] -= 1
                self.waiting.popleft()
                return [(slot, Lost("the node is gone"))]
        return super().messages()


@pytest.mark.parametrize(("losses", "failed"), [(2, 0), (3, 2)])
def test_a_rung_whose_worker_is_lost_runs_again_but_not_for_ever(
    losses: int, failed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace_processors.studies.driver.REST_SECONDS", 0.0)
    platform = begin(trials=2, workers=1, halving=Halving(rungs=1))
    workers = Flaky(platform, losses)
    driver = Driver(platform.reader(), platform, workers, platform.store, platform.runs, platform.topics())
    for _ in range(100):
        driver.step(0)
    assert len(of(platform, TrialFailed)) == failed
    assert all("lost 3 times" in fact.reason for fact in of(platform, TrialFailed))
    assert isinstance(platform.log[-1].event, StudyCompleted)


def test_the_function_is_given_the_files_of_the_training_dataset() -> None:
    def reads(data: dict[str, list[str]]) -> float:
        return float(sum(len(pathlib.Path(path).read_bytes()) for paths in data.values() for path in paths))

    platform = begin(reads, trials=1, halving=Halving(rungs=1))
    files = tuple(
        DatasetFile(split=split, address="", sha256=platform.store.write("flights", content), size=1, rows=1)
        for split, content in (("train", b"abc"), ("test", b"defg"))
    )
    on = TrainedOn(view="delays", view_version=1, version=1)
    driver = platform.driver()
    driver.studies.apply(happened(TrainingDatasetRequested(**vars_of(on), splits=(), positions=(), format="parquet")))
    driver.studies.apply(happened(TrainingDatasetRecorded(**vars_of(on), files=files, positions=(), hash="h")))
    created = platform.log[0]
    assert isinstance(created.event, StudyCreated)
    platform.log[0] = replace(created, event=replace(created.event, trained_on=on))
    for _ in range(10):
        driver.step(0)
    assert of(platform, RungReported)[0].metric == 7.0


def vars_of(on: TrainedOn) -> dict[str, Any]:
    return {"view": on.view, "view_version": on.view_version, "version": on.version}


def happened(fact: Event) -> Recorded:
    return Recorded(
        event=fact,
        id=EventId("e"),
        project="flights",
        seq=1,
        version=1,
        actor="system:training-datasets",
        cause=CommandId("c"),
        at=Position("topic-id", 0, 0),
    )
