"""From window records to commands, against the command processor's own decisions."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace_broker.results import Result
from headrace_events.envelope import Position, Recorded, Request
from headrace_events.errors import Refusal
from headrace_events.ids import CommandId, EventId
from headrace_events.monitor import (
    AlertOpened,
    AlertResolved,
    AlertRuleAdded,
    Monitor,
    OpenAlert,
    ResolveAlert,
    decide,
    evolve,
)
from headrace_events.project import ProjectClosing
from headrace_processors.alerts.deciding import Decider, Write
from headrace_processors.alerts.knowledge import Rules
from headrace_projections.monitoring.reference import Reference
from headrace_projections.monitoring.window import Bin, Window

DAY_MS = 86_400_000
REFERENCE = Reference(
    project="flights",
    deployment="delays",
    model="m",
    model_version=1,
    window_seconds=86_400,
    edges={"wind": (5.0,), "heat": (5.0,), "@latency_ms": (1.0, 2.0)},
    counts={"wind": (50, 50), "heat": (50, 50)},
    missing={},
    rows=100,
    source="T:0:0",
)


@dataclass(slots=True)
class Decided:
    """The monitor's own decisions, in memory; the same command again gives the same result."""

    state: Monitor
    sent: list[tuple[str, int]] = field(default_factory=list)
    results: dict[CommandId, Result] = field(default_factory=dict)
    version: int = 1

    def ask(self, request: Request, seconds: float = 30.0) -> Result:
        """Decide, or give the stored result."""
        if request.id in self.results:
            return self.results[request.id]
        command = request.command
        assert isinstance(command, OpenAlert | ResolveAlert)
        (event,) = decide(self.state, command, None)  # type: ignore[arg-type] # looks nothing up
        self.state = evolve(self.state, event)
        self.version += 1
        self.sent.append((type(command).__name__, command.window_start // 1000 // DAY_MS))
        made = Result(command_id=request.id, accepted=True, version=self.version)
        self.results[request.id] = made
        return made


def recorded(event: AlertRuleAdded | AlertOpened | AlertResolved, version: int) -> Recorded:
    return Recorded(
        event=event,
        id=EventId("e"),
        project="flights",
        seq=version,
        version=version,
        actor="user:ada",
        cause=CommandId("c"),
        at=Position("E", 0, version),
    )


RULE = AlertRuleAdded(
    deployment="delays",
    rule="drift",
    metric="psi",
    feature="wind",
    open_at=0.25,
    resolve_at=0.1,
    windows=1,
    cool_down_seconds=0,
)


@dataclass(slots=True)
class Bench:
    """A decider over a table, and windows for it."""

    rule: AlertRuleAdded = RULE
    table: dict[bytes, bytes] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)
    asked: Decided = field(default_factory=lambda: Decided(Monitor(open={"drift": False})))
    offset: int = 0

    def __post_init__(self) -> None:
        self.rules.take(recorded(self.rule, 1))

    def decider(self) -> Decider:
        """A decider as a fresh worker has it."""
        return Decider(self.table.get, self.rules, lambda *_: REFERENCE, self.asked)

    def take(self, *windows: Window) -> list[tuple[str, int]]:
        """Take records one after the other; all that was asked for so far, as (command, day)."""
        for window in windows:
            self.offset += 1
            self.again(window)
        return self.asked.sent

    def again(self, window: Window) -> None:
        """Take the last record again."""
        write = self.decider().take(window.key, window, Position("W", 0, self.offset))
        assert write is not None
        assert write.value is not None
        self.table[write.key] = write.value


def window(day: int, feature: str = "", *, low: int = 50, high: int = 50, missing: int = 0, matched: int = 0) -> Window:
    bins = (Bin(number=0, count=low), Bin(number=1, count=high), Bin(number=None, count=missing)) if feature else None
    return Window(
        project="flights",
        deployment="delays",
        window_seconds=86_400,
        window_start_ms=day * DAY_MS,
        feature=feature,
        count=low + high + missing,
        bins=bins,
        failed=None if feature else 0,
        matched=matched,
        correct=matched,
    )


def day(number: int, *, drifted: bool = False) -> tuple[Window, Window]:
    low, high = (95, 5) if drifted else (50, 50)
    return window(number, low=low, high=high), window(number, "wind", low=low, high=high)


def test_a_window_counts_when_a_later_one_has_begun() -> None:
    bench = Bench()
    assert bench.take(*day(0, drifted=True)) == []
    assert bench.take(*day(1)) == [("OpenAlert", 0)]
    assert bench.take(*day(2)) == [("OpenAlert", 0), ("ResolveAlert", 1)]


def test_a_window_counts_only_when_its_value_is_counted_as_far_as_the_whole() -> None:
    bench = Bench()
    bench.take(window(0, low=50, high=50), window(0, "wind", low=9, high=1), *day(1))
    assert bench.asked.sent == []
    assert bench.take(window(0, "wind", low=50, high=50)) == []
    assert bench.take(window(0, "wind", low=95, high=5)) == [("OpenAlert", 0)]


def test_the_same_record_again_asks_for_nothing_new() -> None:
    bench = Bench()
    bench.take(*day(0, drifted=True), *day(1))
    before = dict(bench.table)
    bench.rules = Rules()
    bench.rules.take(recorded(RULE, 1))  # as after a crash: the decision is not known here
    bench.again(day(1)[1])
    assert bench.asked.sent == [("OpenAlert", 0)]
    assert bench.table == before


def test_what_another_worker_has_decided_is_left_alone() -> None:
    bench = Bench()
    bench.asked.state = Monitor(open={"drift": True})
    assert bench.take(*day(0, drifted=True), *day(1)) == []
    bench.rules.take(recorded(AlertOpened(deployment="delays", rule="drift", window_start=0, observed=1.0), 2))
    bench.asked.version = 2
    assert bench.take(*day(2)) == [("ResolveAlert", 1)]


def test_an_older_event_does_not_undo_a_decision_of_ours() -> None:
    bench = Bench()
    bench.take(*day(0, drifted=True), *day(1), *day(2))
    bench.rules.take(recorded(AlertOpened(deployment="delays", rule="drift", window_start=0, observed=1.0), 2))
    assert bench.take(*day(3)) == [("OpenAlert", 0), ("ResolveAlert", 1)]


def test_a_new_rule_is_decided_over_the_windows_there_are() -> None:
    bench = Bench()
    rules, bench.rules = bench.rules, Rules()
    bench.take(*day(0), *day(1, drifted=True), *day(2, drifted=True), *day(3), *day(4))
    assert bench.asked.sent == []
    bench.rules = rules
    (rule,) = rules.all()
    bench.decider().decide_new(rule)
    bench.decider().decide_new(rule)
    assert bench.asked.sent == [("OpenAlert", 1), ("ResolveAlert", 3)]


def test_the_psi_of_a_deployment_is_the_highest_of_its_inputs() -> None:
    bench = Bench(rule=AlertRuleAdded(**{**_fields(RULE), "feature": ""}))
    for number, drifted in ((0, False), (1, True), (2, False)):
        bench.take(*day(number), window(number, "heat", low=95 if drifted else 50, high=5 if drifted else 50))
    assert bench.asked.sent == [("OpenAlert", 1)]


def test_quality_counts_when_half_of_the_outcomes_are_known() -> None:
    rule = AlertRuleAdded(**{**_fields(RULE), "metric": "accuracy", "feature": "", "open_at": 0.9, "resolve_at": 0.5})
    bench = Bench(rule=rule)
    bench.take(window(0, matched=49), window(1))
    assert bench.asked.sent == []
    assert bench.take(window(0, matched=50)) == [("OpenAlert", 0)]


def test_a_window_that_is_gone_takes_no_part() -> None:
    bench = Bench()
    bench.take(*day(0, drifted=True))
    gone = day(0)[0].key
    write = bench.decider().take(gone, None, Position("W", 0, 9))
    assert write is not None
    bench.table[write.key] = write.value or b""
    assert bench.take(*day(1), *day(2)) == []


def test_a_refusal_of_another_kind_stops_the_worker() -> None:
    class Refusing:
        def ask(self, request: Request, seconds: float = 30.0) -> Result:
            raise Refusal("forbidden", "no")

    bench = Bench()
    bench.take(*day(0, drifted=True))
    decider = Decider(bench.table.get, bench.rules, lambda *_: REFERENCE, Refusing())
    with pytest.raises(Refusal):
        decider.take(day(1)[0].key, day(1)[0], Position("W", 0, 9))


@given(st.lists(st.booleans(), min_size=2, max_size=20), st.randoms(use_true_random=False))
def test_the_order_of_records_changes_nothing_once_all_are_there(drifted: list[bool], order: Random) -> None:
    in_order, shuffled = Bench(), Bench()
    windows = [one for number, drift in enumerate(drifted) for one in day(number, drifted=drift)]
    in_order.take(*windows)
    order.shuffle(windows)
    shuffled.take(*windows)
    assert in_order.table == shuffled.table
    assert _open(in_order) == _open(shuffled)


def _open(bench: Bench) -> bool:
    return bench.asked.state.open["drift"]


def _fields(rule: AlertRuleAdded) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in rule.__dataclass_fields__}


def closing() -> Recorded:
    """The project of all these tests is deleted."""
    return Recorded(
        event=ProjectClosing(project="flights"),
        id=EventId("c"),
        project=None,
        seq=9,
        version=3,
        actor="user:ada",
        cause=CommandId("c"),
        at=Position("P", 0, 9),
    )


def without_reference(bench: Bench) -> Decider:
    """A worker that was down while the project was deleted and its references were compacted away."""
    return Decider(bench.table.get, bench.rules, lambda *_: None, bench.asked)


def test_windows_of_a_deleted_project_are_let_go_of_without_their_reference() -> None:
    bench = Bench()
    bench.take(*day(0, drifted=True))
    bench.rules.take(closing())
    whole, wind = day(1, drifted=True)
    late = without_reference(bench)
    for one, key in ((whole, b"flights/delays/"), (wind, b"flights/delays/wind")):
        assert late.take(one.key, one, Position("W", 0, 3)) == Write(key, None)
        assert late.take(one.key, None, Position("W", 0, 4)) == Write(key, None)
        del bench.table[key]
        assert late.take(one.key, one, Position("W", 0, 5)) is None
    assert bench.asked.sent == []


def test_the_end_of_a_window_that_was_never_taken_needs_no_reference() -> None:
    (whole, _) = day(0)
    assert without_reference(Bench()).take(whole.key, None, Position("W", 0, 1)) is None


def test_a_window_without_a_reference_in_a_living_project_ends_the_process() -> None:
    (whole, _) = day(0)
    with pytest.raises(LookupError):
        without_reference(Bench()).take(whole.key, whole, Position("W", 0, 1))


def test_what_a_closed_projects_topic_still_tells_changes_nothing() -> None:
    rules = Rules()
    rules.take(recorded(RULE, 1))
    rules.take(closing())
    rules.take(recorded(AlertOpened(deployment="delays", rule="drift", window_start=0, observed=1.0), 2))
    rules.take(recorded(RULE, 3))
    assert rules.all() == []
