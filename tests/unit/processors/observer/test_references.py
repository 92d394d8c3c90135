"""References: from metadata and training files to bins."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from headrace_broker.artifacts import Artifacts
from headrace_events.deployment import DeploymentCreated
from headrace_events.envelope import Position, Recorded
from headrace_events.feature_view import FeatureViewCreated, GroupSelection
from headrace_events.ids import CommandId, EventId
from headrace_events.language import Event
from headrace_events.model import ModelVersionCreated, TrainedOn
from headrace_events.monitor import MonitorCreated
from headrace_events.topic import TopicOpened
from headrace_events.training_dataset import DatasetFile, TrainingDatasetRecorded
from headrace_processors.observer.errors import NoReference
from headrace_processors.observer.known import Followed, Known, Watched
from headrace_processors.observer.references import reference_of
from headrace_processors.observer.training_data import training_columns
from headrace_processors.training.writers import write


def recorded(event: Event, project: str = "flights") -> Recorded:
    return Recorded(
        event=event,
        id=EventId("e"),
        project=project,
        seq=1,
        version=1,
        actor="user:ada",
        cause=CommandId("c"),
        at=Position("E", 0, 41),
    )


def file(split: str, sha256: str) -> DatasetFile:
    return DatasetFile(split=split, address=sha256, sha256=sha256, size=1, rows=1)


HISTORY: tuple[Event, ...] = (
    FeatureViewCreated(
        name="v",
        version=1,
        description="",
        root=GroupSelection(group="f", version=1, features=("wind", "delay")),
        joins=(),
        labels=("delay",),
    ),
    TrainingDatasetRecorded(
        view="v", view_version=1, version=3, files=(file("train", "a" * 64),), positions=(), hash="h"
    ),
    ModelVersionCreated(
        name="m",
        version=2,
        description="",
        framework="python",
        artifact="b" * 64,
        metrics={},
        inputs=("wind",),
        trained_on=TrainedOn(view="v", view_version=1, version=3),
    ),
    DeploymentCreated(name="d", model="m", model_version=2, replicas=1),
)


def watched(inputs: tuple[str, ...] = ("wind",), label: str | None = "delay", bins: int = 4) -> Watched:
    return Watched(
        project="flights",
        deployment="d",
        window_seconds=60,
        bins=bins,
        model="m",
        model_version=2,
        inputs=inputs,
        label=label,
        files=(),
        source="E:0:41",
    )


def test_a_monitor_knows_the_training_data_of_its_model_version() -> None:
    known = Known()
    for event in HISTORY:
        assert known.take(recorded(event)) is None
    found = known.take(recorded(MonitorCreated(deployment="d", window_seconds=60, bins=4)))
    assert isinstance(found, Watched)
    assert [one.sha256 for one in found.files] == ["a" * 64]
    assert (found.inputs, found.label, found.source) == (("wind",), "delay", "E:0:41")


@pytest.mark.parametrize(("purpose", "kind"), [("predictions", "prediction"), ("outcomes", "outcome")])
def test_topics_of_predictions_and_outcomes_are_followed(purpose: str, kind: str) -> None:
    opened = TopicOpened(name=f"flights.{purpose}", topic_id="P", partitions=2, purpose=purpose)
    found = Known().take(recorded(opened))
    assert isinstance(found, Followed)
    assert (found.project, found.kind, [one.partition for one in found.partitions]) == ("flights", kind, [0, 1])


@pytest.mark.parametrize("purpose", ["events", "features", "user", "deadletters"])
def test_other_topics_are_not(purpose: str) -> None:
    assert Known().take(recorded(TopicOpened(name="x", topic_id="X", partitions=1, purpose=purpose))) is None


def test_a_numeric_label_gives_predictions_something_to_compare_with() -> None:
    columns = {"wind": np.arange(8.0), "delay": np.array([1.0, 2, 3, 4, 5, 6, 7, np.nan])}
    reference = reference_of(watched(), columns)
    assert reference.counts["@prediction"] == (2, 2, 1, 2)
    assert reference.counts["wind"] == (2, 2, 2, 2)
    assert "delay" not in reference.edges


def test_a_label_of_two_values_does_not() -> None:
    reference = reference_of(watched(), {"wind": np.arange(8.0), "delay": np.array([0.0, 1, 0, 1, 0, 1, 0, 1])})
    assert reference.edges["@prediction"] == (0.25, 0.5, 0.75)
    assert "@prediction" not in reference.counts


def stored(tmp_path: Path, table: pa.Table, kind: str = "parquet") -> tuple[Artifacts, DatasetFile]:
    artifacts = Artifacts.at(tmp_path.as_uri())
    out = io.BytesIO()
    match kind:
        case "parquet":
            pa.parquet.write_table(table, out)
        case _:
            pa.csv.write_csv(table, out, pa.csv.WriteOptions(delimiter="," if kind == "csv" else "\t"))
    return artifacts, file("train", artifacts.write("flights", out.getvalue()))


@pytest.mark.parametrize("kind", ["parquet", "csv", "tsv"])
def test_numeric_columns_are_read_and_missing_values_are_nan(tmp_path: Path, kind: str) -> None:
    columns: dict[str, Any] = {"n": [1, None, 3], "x": [0.5, 1.5, None], "b": [True, None, False], "t": ["a", "b", "c"]}
    artifacts, made = stored(tmp_path, pa.table(columns), kind)
    read = training_columns(artifacts, "flights", [made], ["n", "x", "b", "t", "absent"])
    assert set(read) == {"n", "x", "b"}
    np.testing.assert_array_equal(read["n"], [1, np.nan, 3])
    np.testing.assert_array_equal(read["b"], [1, np.nan, 0])


def test_the_split_named_train_is_the_reference(tmp_path: Path) -> None:
    artifacts, train = stored(tmp_path, pa.table({"x": [1.0]}))
    _, test = stored(tmp_path, pa.table({"x": [2.0]}))
    test = file("test", test.sha256)
    assert training_columns(artifacts, "flights", [test, train], ["x"])["x"].tolist() == [1.0]
    assert training_columns(artifacts, "flights", [test], ["x"])["x"].tolist() == [2.0]


@pytest.mark.parametrize("form", ["npy", "hdf5", "tfrecord"])
def test_files_of_other_formats_give_no_reference_and_say_so(form: str, tmp_path: Path) -> None:
    rows = pa.table({"wind": [0.5, 1.5]})
    write(tmp_path / "train", form, rows.schema, rows.to_batches())
    artifacts = Artifacts.at(tmp_path.as_uri())
    stored = file("train", artifacts.store("flights", tmp_path / "train"))
    with pytest.raises(NoReference, match="is not Parquet, CSV or TSV"):
        training_columns(artifacts, "flights", [stored], ["wind"])


def test_files_that_are_gone_changed_or_unnamed_give_no_reference(tmp_path: Path) -> None:
    artifacts, made = stored(tmp_path, pa.table({"x": [1.0]}))
    with pytest.raises(NoReference, match="no training dataset"):
        training_columns(artifacts, "flights", [], ["x"])
    with pytest.raises(NoReference, match="no artifact"):
        training_columns(artifacts, "flights", [file("train", "c" * 64)], ["x"])
    Path(artifacts.path("flights", made.sha256)).write_bytes(b"changed")
    with pytest.raises(NoReference, match="other bytes"):
        training_columns(artifacts, "flights", [made], ["x"])
