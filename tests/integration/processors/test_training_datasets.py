"""Training datasets, from the command that asks for one to the files, on real servers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from confluent_kafka import Producer
from tests.integration.clients import connection, eventually
from tests.integration.offline_thread import offline
from tests.integration.platform import Platform
from tests.integration.row_log import MadeGroup, RowLog, row_log

from headrace_broker.artifacts import Artifacts
from headrace_broker.monitoring import Monitor
from headrace_events.feature_group import CreateFeatureGroup
from headrace_events.feature_view import CreateFeatureView, GroupSelection, Join, KeyPair
from headrace_events.ids import Micros
from headrace_events.row_schema import Column
from headrace_events.training_dataset import (
    CreateTrainingDataset,
    Split,
    TrainingDatasetFailed,
    TrainingDatasetRecorded,
)
from headrace_processors.training.session import Measures, Session
from headrace_projections.history.engine import Engine
from headrace_projections.history.hashing import DatasetHash

HOUR = 3_600_000_000
SPLITS = (
    Split(name="train", start=Micros(0), end=Micros(60 * HOUR)),
    Split(name="test", start=Micros(60 * HOUR), end=Micros(100 * HOUR)),
)
FLIGHTS = {"flight": "string", "at": "timestamp", "origin": "string", "late": "boolean"}
WEATHER = {"origin": "string", "at": "timestamp", "wind": "double"}

Outcome = TrainingDatasetRecorded | TrainingDatasetFailed


@dataclass(frozen=True, slots=True)
class Shop:
    """A project with two groups and a view, whose rows are on their way to the offline store."""

    platform: Platform
    log: RowLog
    storage: Path
    project: str
    groups: dict[str, MadeGroup]

    def ask(self, *, positions: Sequence[str] = (), splits: Sequence[Split] = SPLITS, view: str = "delays") -> int:
        """Ask for a dataset; returns its version."""
        wish = CreateTrainingDataset(
            project=self.project, view=view, view_version=1, splits=tuple(splits), positions=tuple(positions)
        )
        return self.platform.send(wish, "user:ada").version

    def outcomes(self, view: str = "delays") -> list[Outcome]:
        """What became of the view's datasets, in order."""
        return [
            recorded.event
            for recorded in self.platform.events()
            if recorded.project == self.project
            and isinstance(recorded.event, TrainingDatasetRecorded | TrainingDatasetFailed)
            and recorded.event.view == view
        ]

    def made(self, count: int, view: str = "delays") -> list[Outcome]:
        """The outcomes, once there are so many; a session of the processor runs until then."""
        stack = self.platform.stack
        session = Session(
            connection(stack, "training-datasets"), self.storage.as_uri(), stack.postgres_dsn, Engine(), _measures()
        )
        try:
            for _ in range(400):
                session.step(0.05)
                if session.caught_up and len(found := self.outcomes(view)) >= count:
                    return found
        finally:
            session.close()
        raise AssertionError(f"no {count} datasets of {view}")

    def insert(self, flights: range, hour: int = 0) -> None:
        """Flights, one an hour, and the wind half an hour before each."""
        rows = [
            {"flight": f"f{number}", "at": (number + hour) * HOUR, "origin": "JFK", "late": number % 3 == 0}
            for number in flights
        ]
        winds = [{"origin": "JFK", "at": (number + hour) * HOUR - HOUR // 2, "wind": number / 7} for number in flights]
        self.log.insert(self.groups["flights"], rows)
        self.log.insert(self.groups["weather"], winds)

    def rows(self, dataset: TrainingDatasetRecorded) -> dict[str, pa.Table]:
        """Split → rows, from the stored files."""
        artifacts = Artifacts.at(self.storage.as_uri())
        return {
            file.split: pq.read_table(pa.BufferReader(artifacts.read(self.project, file.sha256)))
            for file in dataset.files
        }


def _measures() -> Measures:
    return Measures.of(Monitor("training_datasets", None))


def rehashed(tables: Mapping[str, pa.Table]) -> str:
    made = DatasetHash(next(iter(tables.values())).schema)
    for name, rows in tables.items():
        for _ in made.split(name, rows.to_batches()):
            pass
    return made.hexdigest()


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def shop(platform: Platform, storage: Path) -> Iterator[Shop]:
    project = platform.project()
    with row_log(platform) as log, offline(platform.stack, storage.as_uri()):
        groups = {
            name: log.make_group(project, name, columns=_columns(columns), primary_key=[key])
            for name, columns, key in (("flights", FLIGHTS, "flight"), ("weather", WEATHER, "origin"))
        }
        arrivals = CreateFeatureGroup(
            project=project,
            name="arrivals",
            columns=_columns({"flight": "string", "at": "timestamp"}),
            primary_key=("flight",),
            event_time="at",
            offline=False,
        )
        platform.send(arrivals, "user:ada")
        root = GroupSelection(group="flights", version=1, features=("origin", "late"))
        for view, group, on, feature in (
            ("delays", "weather", "origin", "wind"),
            ("hopeless", "arrivals", "flight", "at"),
        ):
            join = Join(
                selection=GroupSelection(group=group, version=1, features=(feature,), prefix="then_"),
                on=(KeyPair(left=on, right=on),),
            )
            platform.send(CreateFeatureView(project=project, name=view, root=root, joins=(join,)), "user:ada")
        yield Shop(platform, log, storage, project, groups)


def _columns(types: Mapping[str, str]) -> tuple[Column, ...]:
    return tuple(Column(name=name, type=kind) for name, kind in types.items())


def test_a_dataset_is_joined_as_of_event_time_stored_and_recorded(shop: Shop) -> None:
    shop.insert(range(80))
    shop.ask()
    (dataset,) = shop.made(1)
    assert isinstance(dataset, TrainingDatasetRecorded)
    tables = shop.rows(dataset)
    assert {name: rows.num_rows for name, rows in tables.items()} == {"train": 60, "test": 20}
    train = tables["train"].to_pydict()
    assert train["then_wind"] == [int(flight[1:]) / 7 for flight in train["_key_flight"]]
    assert train["late"] == [int(flight[1:]) % 3 == 0 for flight in train["_key_flight"]]
    assert dataset.hash == rehashed(tables)
    ids = {made.group.topic_id for made in shop.groups.values()}
    assert {position.rsplit(":", 2)[0] for position in dataset.positions} == ids
    assert len(dataset.positions) == 4


def test_made_again_from_its_positions_it_has_the_same_hash_although_rows_came_late(shop: Shop) -> None:
    shop.insert(range(80))
    shop.ask()
    (first,) = shop.made(1)
    assert isinstance(first, TrainingDatasetRecorded)
    shop.log.insert(shop.groups["weather"], [{"origin": "JFK", "at": 3 * HOUR, "wind": 99.0}])
    shop.log.delete(shop.groups["flights"], {"flight": "f7"}, 7 * HOUR)
    shop.ask(positions=first.positions)
    shop.ask()
    shop.ask(positions=first.positions, splits=[Split(name="train", start=Micros(0), end=Micros(50 * HOUR))])
    again: dict[int, Any] = {outcome.version: outcome for outcome in shop.made(4)}
    assert again[2].hash == first.hash
    assert again[2].positions == first.positions
    assert again[3].hash != first.hash
    assert again[3].positions > first.positions
    assert shop.rows(again[3])["train"].num_rows == 59
    assert 99.0 in shop.rows(again[3])["train"].column("then_wind").to_pylist()
    assert again[4].hash != first.hash


def test_a_transaction_that_was_aborted_does_not_hold_a_dataset_up(shop: Shop) -> None:
    shop.insert(range(80))
    producer = Producer({**shop.log.connection.librdkafka(), "transactional.id": f"headrace.test-{shop.project}"})
    producer.init_transactions(30)
    producer.begin_transaction()
    for made in shop.groups.values():
        for partition in range(made.group.partitions):
            producer.produce(made.group.topic, key=b"k", value=b"v", partition=partition)
    producer.flush(30)
    producer.abort_transaction(30)
    shop.ask()
    (dataset,) = shop.made(1)
    assert isinstance(dataset, TrainingDatasetRecorded)
    assert [file.rows for file in dataset.files] == [60, 20]


def test_what_cannot_be_made_fails_with_its_reason(shop: Shop) -> None:
    shop.ask(positions=["elsewhere:0:1"])
    shop.ask(view="hopeless")
    (failed,) = shop.made(1)
    assert isinstance(failed, TrainingDatasetFailed)
    assert "say nothing of partition 0, 1 of 'flights'" in failed.reason
    (failed,) = shop.made(1, "hopeless")
    assert isinstance(failed, TrainingDatasetFailed)
    assert "'arrivals' version 1 is kept online only" in failed.reason


def test_a_processor_killed_in_the_middle_leaves_one_dataset_after_it_was_started_again(shop: Shop) -> None:
    shop.insert(range(80))
    shop.ask()
    stored = shop.storage / "artifacts" / shop.project
    first = _process(shop)
    eventually(lambda: stored.exists() or None, "the first file to be stored", 60, longest_pause=0.005)
    first.kill()
    first.wait()
    second = _process(shop)
    try:
        eventually(lambda: shop.outcomes() or None, "the dataset", 60)
        shop.ask()
        outcomes = eventually(lambda: found if len(found := shop.outcomes()) == 2 else None, "the next dataset", 60)
    finally:
        second.terminate()
        assert second.wait(30) == 0
    assert [outcome.version for outcome in outcomes] == [1, 2]
    assert all(isinstance(outcome, TrainingDatasetRecorded) for outcome in outcomes)
    assert outcomes[0].hash == outcomes[1].hash  # type: ignore[union-attr] # both are recorded


def _process(shop: Shop) -> subprocess.Popen[bytes]:
    of = connection(shop.platform.stack, "training-datasets")
    return subprocess.Popen(
        [sys.executable, "-m", "headrace_processors.training.main"],
        env={
            **os.environ,
            "HEADRACE_BOOTSTRAP": of.bootstrap,
            "HEADRACE_CA": str(of.ca),
            "HEADRACE_CERT": str(of.certificate),
            "HEADRACE_KEY": str(of.key),
            "HEADRACE_STORAGE": shop.storage.as_uri(),
            "HEADRACE_POSTGRES": shop.platform.stack.postgres_dsn,
        },
    )
