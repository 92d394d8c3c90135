"""Which training files are to go, as a fold of events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from tests.unit.processors.training.test_requests import recorded_in, requested
from tests.unit.processors.training.test_workshop import Clock, workshop

from headrace_broker.artifacts import Artifacts
from headrace_events.envelope import Position
from headrace_events.external_reading import ExternalReading, GivenReading
from headrace_events.ids import Micros
from headrace_events.language import Event
from headrace_events.project import ProjectClosing
from headrace_events.training_dataset import DatasetFile, TrainingDatasetFailed, TrainingDatasetRecorded
from headrace_events.training_files import TrainingDataPurged, TrainingDatasetDeleted, TrainingFilesRemoved
from headrace_processors.training.leaving import TrainingFiles
from headrace_processors.training.requests import Requests


def recorded(version: int, *sha256s: str, statistics: str | None = None) -> TrainingDatasetRecorded:
    files = tuple(DatasetFile(split="train", address="", sha256=one, size=1, rows=1) for one in sha256s)
    return TrainingDatasetRecorded(
        view="sales", view_version=1, version=version, files=files, positions=(), hash="", statistics=statistics
    )


def purged(version: int) -> TrainingDataPurged:
    return TrainingDataPurged(view="sales", view_version=1, version=version)


def deleted(version: int) -> TrainingDatasetDeleted:
    return TrainingDatasetDeleted(view="sales", view_version=1, version=version)


def removed(version: int) -> TrainingFilesRemoved:
    return TrainingFilesRemoved(view="sales", view_version=1, version=version)


def folded(events: Iterable[Event], project: str = "shop") -> TrainingFiles:
    files = TrainingFiles()
    for number, event in enumerate(events):
        files.take(recorded_in(project, number, event))
    return files


def going(events: Iterable[Event]) -> list[tuple[int, set[str]]]:
    return [(one.answer.version, set(one.sha256s)) for one in folded(events).leaving()]


def test_files_of_purged_and_deleted_datasets_go_once() -> None:
    made = [recorded(1, "a", "b"), recorded(2, "c")]
    assert going(made) == []
    assert going([*made, purged(1), deleted(2)]) == [(1, {"a", "b"}), (2, {"c"})]
    assert going([*made, purged(1), deleted(2), removed(1)]) == [(2, {"c"})]
    assert going([*made, purged(1), removed(1), deleted(1)]) == [(1, set())]
    assert going([*made, purged(1), deleted(1)]) == [(1, {"a", "b"})]


def test_readings_go_with_the_files_and_stay_while_a_dataset_is_made_of_them() -> None:
    reading = GivenReading(group="shops", version=1, sha256="r", read_at=Micros(1))
    asked = [replace(requested(version), readings=(reading,)) for version in (1, 2)]
    told = ExternalReading(
        group="shops", version=1, storage_connector="", query_sha256="", sha256="r", rows=1, hash="", read_at=Micros(1)
    )
    made = [replace(recorded(version, "a"), readings=(told,)) for version in (1, 2)]
    assert going([*asked, made[0], purged(1)]) == [(1, {"a"})], "version 2 is being made of the same reading"
    assert going([*asked, *made, purged(1), purged(2)]) == [(1, {"a", "r"}), (2, {"a", "r"})]
    failed = TrainingDatasetFailed(view="sales", view_version=1, version=1, reason="no")
    assert going([asked[0], failed, deleted(1)]) == [(1, {"r"})]


def test_a_file_that_another_dataset_has_too_stays() -> None:
    made = [recorded(1, "a", "b"), recorded(2, "b"), purged(1)]
    assert going(made) == [(1, {"a"})]
    assert going([*made, removed(1), purged(2)]) == [(2, {"b"})]
    assert going([*made, removed(1), recorded(3, "a"), deleted(1)]) == [(1, set())]


def test_statistics_go_with_a_deleted_dataset_and_stay_with_a_purged_one() -> None:
    made = [recorded(1, "a", statistics="s"), recorded(2, statistics="t"), recorded(3, statistics="t")]
    assert going([*made, purged(1)]) == [(1, {"a"})]
    assert going([*made, purged(1), removed(1), deleted(1)]) == [(1, {"s"})]
    assert going([*made, deleted(1), deleted(2)]) == [(1, {"a", "s"}), (2, set())]


def test_what_leaves_knows_where_that_was_said_and_a_closed_project_has_nothing() -> None:
    files = folded([recorded(1, "a"), purged(1)])
    (leaving,) = files.leaving()
    assert (leaving.project, leaving.at) == ("shop", Position("events", 0, 1))
    files.take(recorded_in(None, 2, ProjectClosing(project="shop")))
    assert files.leaving() == []


def test_the_files_are_removed_and_nothing_else_is(tmp_path: Path) -> None:
    artifacts = Artifacts.at(tmp_path.as_uri())
    first, second = (artifacts.write("shop", content) for content in (b"first", b"second"))
    theirs = artifacts.write("rival", b"first")
    shop = workshop(tmp_path, Requests(), {}, Clock())
    (leaving,) = folded([recorded(1, first, second), recorded(2, second), purged(1)]).leaving()
    for _ in range(2):
        assert shop.discard(leaving).version == 1
    assert not (tmp_path / "artifacts" / "shop" / first[:2] / first).exists()
    assert artifacts.read("shop", second) == b"second"
    assert artifacts.read("rival", theirs) == b"first"
