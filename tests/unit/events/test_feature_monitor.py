"""Feature monitors: what can be compared, runs that are recorded once, and alerts that follow from what was found."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.events.scenario import Scenario, project
from tests.unit.events.test_feature_groups import FLIGHTS, VIEW, WEATHER

from headrace_events.feature_group import CreateFeatureGroup
from headrace_events.feature_group_life import DeleteFeatureGroup
from headrace_events.feature_monitor import MOST_OPEN
from headrace_events.feature_monitor_config import (
    MOST_FEATURES,
    Binning,
    Comparison,
    Reference,
    Schedule,
    Strategy,
    TimeWindow,
    Watchable,
    Watched,
)
from headrace_events.feature_monitor_result import Bins, FeatureDrift, Source, WindowRead
from headrace_events.feature_monitor_words import (
    CreateFeatureMonitor,
    DeleteFeatureMonitor,
    FeatureMonitorAlertOpened,
    FeatureMonitorAlertResolved,
    FeatureMonitorCreated,
    FeatureMonitorEvaluated,
    FeatureMonitorRunRequested,
    FeatureMonitorSwitched,
    RecordFeatureMonitoring,
    RunFeatureMonitor,
    RunFeatureMonitorOnSchedule,
    SwitchFeatureMonitor,
)
from headrace_events.feature_view_life import DeleteFeatureView
from headrace_events.ids import Micros
from headrace_events.language import Event
from headrace_events.project import ArchiveProject, MarkSensitive, UnarchiveProject
from headrace_events.row_schema import Column
from headrace_events.topic import OpenedTopic, RecordTopicOpened
from headrace_events.training_dataset import CreateTrainingDataset, RecordTrainingDatasetFailure, Split

MINUTE = 60_000_000
NOW = Micros(29_900_000 * MINUTE)
PROCESSOR = "system:training-datasets"
PSI = Comparison(metric="PSI", threshold=0.2, binning=Binning())
MEAN = Comparison(metric="mean", threshold=1.0)
LAST_WEEK = Reference(window=TimeWindow(offset_seconds=7 * 86_400, length_seconds=86_400))
MONITOR = CreateFeatureMonitor(
    project="flights",
    name="drifts",
    watched=Watched(kind=Watchable.FEATURE_GROUP, name="weather", version=1),
    detection=TimeWindow(length_seconds=86_400),
    reference=LAST_WEEK,
    comparison=PSI,
)
RUN = RunFeatureMonitor(project="flights", name="drifts")
ROWS = WindowRead(source=Source.ROWS, rows=9, end=NOW)


@pytest.fixture
def scenario() -> Scenario:
    made = project()
    made.world.now = NOW
    made.events(WEATHER)
    return made


def record(number: int, *differences: float | None, **more: Any) -> RecordFeatureMonitoring:
    results = tuple(FeatureDrift(feature="temp", difference=difference) for difference in differences)
    said = {"detection": ROWS, "reference": ROWS, "results": results, **more}
    return RecordFeatureMonitoring(project="flights", name="drifts", number=number, **said)


def found(scenario: Scenario, difference: float | None, **more: Any) -> list[Event]:
    """The events of a run that finds that difference."""
    (asked,) = scenario.events(RUN, "user:bob")
    assert isinstance(asked, FeatureMonitorRunRequested)
    return scenario.events(record(asked.number, difference, **more), PROCESSOR)


def test_a_monitor_compares_all_features_that_have_the_metric_but_for_key_and_event_time(scenario: Scenario) -> None:
    (made,) = scenario.events(MONITOR)
    assert isinstance(made, FeatureMonitorCreated)
    assert (made.features, made.since) == (("temp",), NOW + 2)
    assert scenario.refusal(MONITOR) == "feature-monitor-exists"
    (named,) = scenario.events(replace(MONITOR, name="keys", features=("origin", "temp")))
    assert isinstance(named, FeatureMonitorCreated)
    assert named.features == ("origin", "temp")
    assert scenario.refusal(replace(MONITOR, name="other"), "user:bob") == "owners-only"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"name": "No Name"}, "invalid-name"),
        ({"watched": replace(MONITOR.watched, version=2)}, "feature-group-not-found"),
        ({"watched": replace(MONITOR.watched, kind=Watchable.FEATURE_VIEW)}, "feature-view-not-found"),
        ({"features": ("gusts",)}, "unknown-feature"),
        ({"features": ("temp", "temp")}, "too-many-features"),
        ({"features": ("origin",), "comparison": MEAN}, "metric-of-other-types"),
        ({"features": ("origin",), "comparison": replace(PSI, metric="WASSERSTEIN")}, "metric-of-other-types"),
        ({"detection": TimeWindow(length_seconds=0)}, "invalid-window"),
        ({"detection": TimeWindow(row_percentage=1.5)}, "invalid-window"),
        ({"detection": TimeWindow(row_percentage=math.nan)}, "non-finite-number"),
        ({"reference": None}, "no-reference"),
        ({"reference": Reference()}, "no-reference"),
        ({"reference": Reference(training_dataset=1)}, "no-reference"),
        ({"reference": Reference(window=TimeWindow(offset_seconds=-1))}, "invalid-window"),
        ({"comparison": replace(PSI, metric="mean")}, "unknown-metric"),
        ({"comparison": replace(MEAN, metric="PSI")}, "unknown-metric"),
        ({"comparison": replace(PSI, threshold=0.0)}, "invalid-threshold"),
        ({"comparison": replace(PSI, threshold=-1.0, strict=True)}, "invalid-threshold"),
        ({"comparison": replace(PSI, threshold=math.inf)}, "non-finite-number"),
        ({"comparison": replace(PSI, specific_value=1.0)}, "specific-value"),
        ({"comparison": replace(MEAN, specific_value=1.0)}, "specific-value"),
        ({"comparison": replace(PSI, relative=True)}, "invalid-binning"),
        ({"comparison": replace(PSI, binning=Binning(bins=1))}, "invalid-binning"),
        ({"comparison": replace(PSI, binning=Binning(epsilon=0.0))}, "invalid-binning"),
        ({"comparison": replace(PSI, binning=Binning(edges=(1.0, 2.0)))}, "invalid-binning"),
        (
            {"comparison": replace(PSI, binning=Binning(strategy=Strategy.CUSTOM_EDGES, edges=(1.0, 1.0, 2.0)))},
            "invalid-binning",
        ),
        (
            {"comparison": replace(PSI, binning=Binning(strategy=Strategy.CUSTOM_EDGES, edges=(1.0, 2.0)))},
            "invalid-binning",
        ),
        (
            {"comparison": replace(PSI, metric="WASSERSTEIN", binning=Binning(strategy=Strategy.CATEGORICAL))},
            "invalid-binning",
        ),
        ({"schedule": Schedule(cron_expression="daily")}, "invalid-cron"),
        ({"schedule": Schedule(cron_expression="0 0 * * *", end=Micros(NOW - 1))}, "invalid-schedule"),
        ({"schedule": Schedule(cron_expression="0 0 * * *", start=Micros(2**63 - 1))}, "invalid-schedule"),
    ],
)
def test_what_cannot_be_compared_is_refused_by_name(scenario: Scenario, changed: dict[str, Any], code: str) -> None:
    assert scenario.refusal(replace(MONITOR, **changed)) == code


def test_a_monitor_has_features_to_compare_and_not_too_many(scenario: Scenario) -> None:
    def group(name: str, kind: str, count: int) -> CreateFeatureGroup:
        columns = [Column(name=f"c{number}", type=kind) for number in range(count)]
        return replace(WEATHER, name=name, columns=(*WEATHER.columns[:2], *columns))

    scenario.events(group("wide", "double", MOST_FEATURES + 1))
    scenario.events(group("bare", "binary", 1))
    assert scenario.refusal(replace(MONITOR, watched=replace(MONITOR.watched, name="wide"))) == "too-many-features"
    assert scenario.refusal(replace(MONITOR, watched=replace(MONITOR.watched, name="bare"))) == "no-features"


def test_a_run_is_recorded_once_and_a_shift_opens_the_alert_that_the_next_run_without_one_resolves(
    scenario: Scenario,
) -> None:
    scenario.events(MONITOR)
    (calm,) = found(scenario, 0.1)
    assert isinstance(calm, FeatureMonitorEvaluated)
    assert (calm.number, calm.shift_detected, calm.shifted_features) == (1, False, ())
    assert scenario.refusal(record(1, 0.1), PROCESSOR) == "not-requested"
    shift, opened = found(scenario, 0.2)
    assert isinstance(shift, FeatureMonitorEvaluated)
    assert (shift.shift_detected, shift.shifted_features) == (True, ("temp",))
    assert opened == FeatureMonitorAlertOpened(
        name="drifts", number=2, monitoring_time=shift.monitoring_time, features=("temp",), observed=0.2
    )
    assert len(found(scenario, 0.9)) == 1, "the alert is open already"
    _, resolved = found(scenario, 0.05)
    assert isinstance(resolved, FeatureMonitorAlertResolved)
    assert (resolved.number, resolved.observed) == (4, 0.05)
    assert len(found(scenario, 0.05)) == 1


def test_without_values_nothing_shifts_and_no_alert_resolves(scenario: Scenario) -> None:
    scenario.events(MONITOR)
    assert len(found(scenario, 5.0)) == 2
    empty = replace(ROWS, rows=0)
    for more in ({"detection": empty}, {"reference": empty}, {}, {"reason": "gone", "detection": None}):
        (nothing,) = found(scenario, None, **more)
        assert isinstance(nothing, FeatureMonitorEvaluated)
        assert not nothing.shift_detected
    (without,) = scenario.events(replace(record(6), number=scenario.events(RUN)[0].number), PROCESSOR)  # type: ignore[attr-defined] # the event of a run has a number
    assert isinstance(without, FeatureMonitorEvaluated)
    assert without.results == ()
    assert isinstance(found(scenario, 0.0)[1], FeatureMonitorAlertResolved)


def test_empty_windows_are_told_apart(scenario: Scenario) -> None:
    scenario.events(MONITOR)
    (one,) = found(scenario, None, detection=replace(ROWS, rows=0))
    (other,) = found(scenario, None, reference=None)
    assert isinstance(one, FeatureMonitorEvaluated)
    assert isinstance(other, FeatureMonitorEvaluated)
    assert (one.empty_detection_window, one.empty_reference_window) == (True, False)
    assert (other.empty_detection_window, other.empty_reference_window) == (False, True)
    fixed = replace(MONITOR, name="fixed", reference=None, comparison=replace(MEAN, specific_value=4.0))
    scenario.events(fixed)
    scenario.events(replace(RUN, name="fixed"))
    (alone,) = scenario.events(replace(record(1, 0.5), name="fixed", reference=None), PROCESSOR)
    assert isinstance(alone, FeatureMonitorEvaluated)
    assert not alone.empty_reference_window


def test_a_strict_threshold_is_no_shift_yet(scenario: Scenario) -> None:
    scenario.events(replace(MONITOR, comparison=replace(PSI, strict=True)))
    assert len(found(scenario, 0.2)) == 1
    assert len(found(scenario, 0.20001)) == 2


def test_what_a_run_says_is_of_the_features_and_of_finite_numbers(scenario: Scenario) -> None:
    scenario.events(MONITOR)
    scenario.events(RUN)
    other = (FeatureDrift(feature="wind", difference=1.0),)
    assert scenario.refusal(record(1, results=other), PROCESSOR) == "other-features"
    assert scenario.refusal(record(1, math.nan), PROCESSOR) == "non-finite-number"
    assert scenario.refusal(record(1, 0.1)) == "not-yours-to-send"


def test_only_so_many_runs_wait(scenario: Scenario) -> None:
    scenario.events(MONITOR)
    for _ in range(MOST_OPEN):
        scenario.events(RUN)
    assert scenario.refusal(RUN) == "too-many-runs"
    scenario.events(record(3, 0.1), PROCESSOR)
    (later,) = scenario.events(RUN)
    assert isinstance(later, FeatureMonitorRunRequested)
    assert later.number == MOST_OPEN + 1


def test_a_schedule_runs_each_of_its_times_once_while_it_is_enabled(scenario: Scenario) -> None:
    hourly = Schedule(cron_expression="0 * * * *", end=Micros(NOW + 180 * MINUTE))
    scenario.events(replace(MONITOR, schedule=hourly))
    first = Micros((NOW // (60 * MINUTE) + 1) * 60 * MINUTE)
    due = RunFeatureMonitorOnSchedule(project="flights", name="drifts", at=first)
    assert scenario.refusal(due, PROCESSOR) == "not-due", "it is still to come"
    assert scenario.refusal(due) == "not-yours-to-send"
    scenario.world.now = Micros(first + 1)
    assert scenario.refusal(replace(due, at=Micros(first - MINUTE)), PROCESSOR) == "not-due"
    assert scenario.events(due, PROCESSOR) == [
        FeatureMonitorRunRequested(name="drifts", number=1, at=first, scheduled=True)
    ]
    assert scenario.refusal(due, PROCESSOR) == "not-due", "it was run"
    scenario.events(ArchiveProject(project="flights"))
    scenario.world.now = Micros(first + 61 * MINUTE)
    assert scenario.refusal(replace(due, at=Micros(first + 60 * MINUTE)), PROCESSOR) == "project-archived"
    scenario.events(UnarchiveProject(project="flights"))
    off = SwitchFeatureMonitor(project="flights", name="drifts", enabled=False)
    assert isinstance(scenario.events(off)[0], FeatureMonitorSwitched)
    assert scenario.events(off) == []
    scenario.world.now = Micros(first + 61 * MINUTE)
    second = replace(due, at=Micros(first + 60 * MINUTE))
    assert scenario.refusal(second, PROCESSOR) == "not-due"
    scenario.events(replace(off, enabled=True))
    assert scenario.refusal(second, PROCESSOR) == "not-due", "what was missed while it was disabled stays so"
    scenario.world.now = Micros(first + 1_000 * MINUTE)
    assert scenario.refusal(replace(due, at=Micros(first + 600 * MINUTE)), PROCESSOR) == "not-due", "after its end"


def test_a_deleted_monitor_is_gone_with_its_name(scenario: Scenario) -> None:
    scenario.events(MONITOR)
    scenario.events(RUN)
    scenario.events(DeleteFeatureMonitor(project="flights", name="drifts"))
    assert scenario.refusal(RUN) == "feature-monitor-not-found"
    assert scenario.refusal(record(1, 0.1), PROCESSOR) == "feature-monitor-not-found"
    assert scenario.refusal(MONITOR) == "feature-monitor-exists"


def test_what_is_monitored_is_not_deleted(scenario: Scenario) -> None:
    scenario.events(FLIGHTS)
    scenario.events(replace(VIEW, name="plain", joins=()))
    scenario.events(MONITOR)
    viewed = Watched(kind=Watchable.FEATURE_VIEW, name="plain", version=1)
    learnt = replace(MONITOR, name="of_view", watched=viewed, reference=Reference(training_dataset=1))
    assert scenario.refusal(learnt) == "training-dataset-not-found"
    split = Split(name="train", start=Micros(0), end=Micros(1))
    scenario.events(CreateTrainingDataset(project="flights", view="plain", view_version=1, splits=(split,)))
    scenario.events(learnt)
    scenario.events(
        RecordTrainingDatasetFailure(project="flights", view="plain", view_version=1, version=1, reason="no rows"),
        PROCESSOR,
    )
    topic = OpenedTopic(name="flights.features.weather.1", topic_id="w", partitions=1, purpose="features")
    opened = RecordTopicOpened(project="flights", topic=topic)
    scenario.events(opened, "system:provisioning")
    delete = DeleteFeatureGroup(project="flights", name="weather", version=1)
    assert scenario.refusal(delete) == "feature-group-in-use"
    assert scenario.refusal(DeleteFeatureView(project="flights", name="plain", version=1)) == "feature-view-in-use"
    scenario.events(DeleteFeatureMonitor(project="flights", name="drifts"))
    scenario.events(delete)


def test_of_a_sensitive_project_no_value_is_kept(scenario: Scenario) -> None:
    scenario.events(MONITOR)
    scenario.events(replace(MONITOR, name="most", comparison=replace(MEAN, metric="max")))
    scenario.events(MarkSensitive(project="flights"))
    bins = Bins(edges=(0.0, 1.0, 2.0), detection=(1, 2), reference=(2, 1))
    seen = FeatureDrift(feature="temp", difference=0.3, detection=41.5, reference=41.2, bins=bins)
    (evaluated, _) = found(scenario, None, results=(seen,))
    assert isinstance(evaluated, FeatureMonitorEvaluated)
    assert evaluated.results == (replace(seen, bins=None),)
    scenario.events(replace(RUN, name="most"))
    (evaluated,) = scenario.events(replace(record(1, results=(seen,)), name="most"), PROCESSOR)
    assert isinstance(evaluated, FeatureMonitorEvaluated)
    assert evaluated.results == (FeatureDrift(feature="temp", difference=0.3),)
