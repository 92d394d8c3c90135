"""Runs of feature monitors: due by their schedule once, waiting for rows, exact about their windows, never a guess."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.processors.feature_monitors.made import HOUR, MONITOR, NOW, ORDERS, Process, ask
from tests.unit.processors.training.test_requests import folded, opened

from headrace_broker.artifacts import Artifacts
from headrace_events.errors import Conflict, Invalid
from headrace_events.feature_monitor_config import Comparison, Reference, Schedule, TimeWindow, Watchable, Watched
from headrace_events.feature_monitor_result import Source
from headrace_events.feature_monitor_words import (
    FeatureMonitorCreated,
    FeatureMonitorDeleted,
    FeatureMonitorEvaluated,
    FeatureMonitorSwitched,
    RecordFeatureMonitoring,
)
from headrace_events.ids import Micros
from headrace_events.project import ProjectArchived, ProjectClosing, ProjectUnarchived
from headrace_events.training_dataset import DatasetFile, TrainingDatasetRecorded
from headrace_processors.training.statistics import DatasetStatistics
from headrace_projections.offline.arrow import TYPES

SCHEDULED = replace(MONITOR, schedule=Schedule(cron_expression="0 * * * *"), since=Micros(NOW - HOUR // 2))


@pytest.fixture
def process(tmp_path: Path) -> Process:
    return Process(tmp_path)


def only(process: Process) -> RecordFeatureMonitoring:
    (found,) = process.recorded()
    return found


def test_windows_are_of_the_rows_that_the_log_took_between_their_bounds(process: Process) -> None:
    before, until, from_two = NOW - 3 * HOUR, NOW - HOUR, NOW - 2 * HOUR
    process.write(
        (before, 99.0),
        (from_two, 1.0),
        (from_two + 1, 2.0),
        (until, 3.0),
        (until + 1, 10.0),
        (NOW, 20.0),
        (NOW + 1, 5.0),
    )
    process.happen(MONITOR, ask())
    assert process.monitors.step() == 1
    found = only(process)
    assert found.detection is not None
    assert found.reference is not None
    assert (found.detection.source, found.detection.rows, found.reference.rows) == (Source.ROWS, 2, 2)
    assert (found.detection.start, found.detection.end) == (NOW - HOUR, NOW)
    assert (found.detection.starts, found.detection.ends) == (("id-of-orders:0:4",), ("id-of-orders:0:6",))
    assert (found.reference.starts, found.reference.ends) == (("id-of-orders:0:2",), ("id-of-orders:0:4",))
    (result,) = found.results
    assert result.bins is not None
    assert (sum(result.bins.detection), sum(result.bins.reference)) == (2, 2)
    process.happen(
        FeatureMonitorEvaluated(
            name="drifts",
            number=1,
            monitoring_time=NOW,
            shift_detected=True,
            shifted_features=("amount",),
            empty_detection_window=False,
            empty_reference_window=False,
            results=found.results,
        )
    )
    assert process.monitors.step() == 0
    assert len(process.said) == 1


def test_a_delete_is_no_row_and_the_same_question_has_the_same_answer(tmp_path: Path) -> None:
    answers = []
    for number in range(2):
        process = Process(tmp_path / str(number))
        process.write(*((NOW - HOUR // 2, float(amount)) for amount in range(50)), delete=(7, 8))
        sampled = TimeWindow(row_percentage=0.25)
        process.happen(replace(MONITOR, detection=sampled, reference=Reference(window=TimeWindow())), ask())
        process.monitors.step()
        answers.append(only(process))
    assert answers[0] == answers[1]
    assert answers[0].reference is not None
    assert answers[0].detection is not None
    assert answers[0].reference.rows == 48
    assert 9 <= answers[0].detection.rows <= 15


def test_empty_windows_have_no_results(process: Process) -> None:
    process.write((NOW - HOUR // 2, 1.0))
    process.happen(MONITOR, ask())
    process.monitors.step()
    found = only(process)
    assert found.reference is not None
    assert (found.results, found.reason, found.reference.rows, found.reference.starts) == ((), None, 0, ())


def test_a_group_that_never_had_a_row_has_empty_windows(process: Process) -> None:
    process.happen(MONITOR, ask())
    process.monitors.step()
    found = only(process)
    assert found.detection is not None
    assert (found.detection.rows, found.results, found.reason) == (0, (), None)


def test_a_run_waits_until_the_offline_store_has_what_the_log_had(process: Process) -> None:
    process.write((NOW - HOUR // 2, 1.0))
    process.end += 1
    process.happen(MONITOR, ask())
    assert process.monitors.step() == 1
    assert process.said == []


def test_what_is_not_known_to_be_taken_is_said_again(process: Process) -> None:
    process.answers = False
    process.happen(MONITOR, ask())
    process.monitors.step()
    process.answers = True
    process.monitors.step()
    process.monitors.step()
    assert len(process.recorded()) == 1


def test_a_run_whose_answer_is_refused_fails_and_is_not_said_for_ever(process: Process) -> None:
    process.write((NOW - HOUR // 2, 1.0), (NOW - 3 * HOUR // 2, 1.0))
    process.happen(MONITOR, ask())
    process.refuses = Invalid("other-features", "a run tells of each feature once")
    for _ in range(4):
        process.monitors.step()
    first, second = process.recorded()
    assert (len(first.results), first.reason) == (1, None)
    assert (second.results, second.reason) == ((), "other-features: a run tells of each feature once")
    assert len(set(process.steps)) == 2, "another command has another id"


def test_a_time_whose_run_is_refused_is_let_go(process: Process) -> None:
    process.happen(SCHEDULED)
    process.refuses = Conflict("too-many-runs", "20 runs wait")
    process.monitors.step()
    process.monitors.step()
    assert process.due() == [NOW]


def test_a_run_whose_group_is_kept_online_only_says_so(tmp_path: Path) -> None:
    process = Process(tmp_path, requests=folded([replace(ORDERS, offline=False), opened("orders")]))
    process.happen(MONITOR, ask())
    process.monitors.step()
    assert "kept online only" in str(only(process).reason)


def test_a_schedule_is_run_at_its_last_time_once_whatever_was_missed(process: Process) -> None:
    process.now = Micros(NOW - 1)
    process.happen(SCHEDULED)
    process.monitors.step()
    assert process.due() == []
    process.now = Micros(NOW + 3 * HOUR + 5)
    process.monitors.step()
    process.monitors.step()
    assert process.due() == [NOW + 3 * HOUR]
    process.now = Micros(NOW + 4 * HOUR)
    process.monitors.step()
    assert process.due() == [NOW + 3 * HOUR, NOW + 4 * HOUR]


def test_what_is_disabled_deleted_archived_or_over_is_not_due(process: Process) -> None:
    over = replace(SCHEDULED, name="over", schedule=Schedule(cron_expression="0 * * * *", end=Micros(NOW - 1)))
    later = replace(SCHEDULED, name="later", schedule=Schedule(cron_expression="0 * * * *", start=Micros(NOW + HOUR)))
    process.happen(
        SCHEDULED, over, later, replace(SCHEDULED, name="gone"), replace(SCHEDULED, name="asked", schedule=None)
    )
    process.happen(FeatureMonitorSwitched(name="drifts", enabled=False, since=NOW), FeatureMonitorDeleted(name="gone"))
    process.monitors.step()
    assert process.due() == []
    process.happen(FeatureMonitorSwitched(name="drifts", enabled=True, since=Micros(NOW + 1)))
    process.monitors.step()
    assert process.due() == [], "what came while it was disabled is not run"
    process.now = Micros(NOW + HOUR)
    process.monitors.step()
    assert process.due() == [NOW + HOUR] * 2
    process.happen(ProjectArchived(project="shop"))
    process.now = Micros(NOW + 2 * HOUR)
    process.monitors.step()
    assert len(process.due()) == 2
    process.happen(ProjectUnarchived(project="shop"))
    process.monitors.step()
    assert process.due()[2:] == [NOW + 2 * HOUR] * 2
    process.happen(ProjectClosing(project="shop"))
    process.now = Micros(NOW + 9 * HOUR)
    process.monitors.step()
    assert len(process.due()) == 4


def viewed(**changed: object) -> FeatureMonitorCreated:
    watched = Watched(kind=Watchable.FEATURE_VIEW, name="orders", version=1)
    return replace(MONITOR, watched=watched, features=("amount", "shop"), **changed)  # type: ignore[arg-type] # by test


def dataset(process: Process, amounts: list[float]) -> TrainingDatasetRecorded:
    """A training dataset of the view with these amounts, as a test's processor stored it."""
    import orjson
    import pyarrow as pa

    rows = pa.table({"amount": pa.array(amounts, TYPES["double"]), "shop": ["s"] * len(amounts)})
    counted = DatasetStatistics(rows.schema)
    for _ in counted.split("train", rows.to_batches()):
        pass
    sha256 = Artifacts.at(process.storage.as_uri()).write("shop", orjson.dumps(counted.summary()))
    file = DatasetFile(split="train", address=f"artifacts/{sha256}", sha256=sha256, size=1, rows=len(amounts))
    return TrainingDatasetRecorded(
        view="orders",
        view_version=1,
        version=1,
        files=(file,),
        positions=("id-of-orders:0:0",),
        hash="",
        statistics=sha256,
    )


def test_windows_of_a_view_are_of_event_time_and_compared_with_its_training_data(process: Process) -> None:
    process.write(*((NOW - HOUR // 2 + number, float(number % 20)) for number in range(200)), (NOW, 1.0))
    process.happen(dataset(process, [float(number % 20) for number in range(100)]))
    process.happen(viewed(reference=Reference(training_dataset=1)), ask())
    process.monitors.step()
    found = only(process)
    assert found.detection is not None
    assert found.reference is not None
    assert (found.detection.rows, found.detection.ends) == (200, ("id-of-orders:0:201",)), "its end is not in it"
    assert (found.reference.source, found.reference.rows) == (Source.TRAINING_DATASET, 100)
    amount, shop = found.results
    assert amount.difference == pytest.approx(0, abs=1e-9)
    assert shop.difference == pytest.approx(0, abs=1e-9)
    process.happen(
        ask(2),
        viewed(name="mean", comparison=Comparison(metric="mean", threshold=1.0, specific_value=4.5), reference=None),
    )
    process.happen(ask(1, name="mean"))
    process.monitors.step()
    amount, shop = process.recorded()[-1].results
    assert amount.difference == pytest.approx(5.0)
    assert "values of type string have no mean" in str(shop.reason)


def test_a_training_dataset_that_is_not_there_is_a_reason(process: Process) -> None:
    process.write((NOW - HOUR // 2, 1.0))
    process.happen(viewed(reference=Reference(training_dataset=7)), ask())
    process.monitors.step()
    assert "no training dataset 7 with statistics" in str(only(process).reason)


def test_storage_that_is_broken_is_tried_again_and_then_named(process: Process) -> None:
    log = process.storage / "offline" / "shop" / "orders_1" / "_delta_log"
    log.mkdir(parents=True)
    (log / "00000000000000000000.json").write_text("no delta log")
    process.end = 3
    process.happen(MONITOR, ask())
    for _ in range(3):
        assert process.recorded() == []
        process.monitors.step()
        process.clock += 60
    assert "cannot be read" in str(only(process).reason)
