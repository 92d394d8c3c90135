"""Projects with a monitored deployment, as the monitoring tests need them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
from tests.integration.clients import connection
from tests.integration.platform import Platform

from headrace_broker.artifacts import Artifacts
from headrace_broker.record import Entry
from headrace_broker.transactions import TransactionalWriter
from headrace_events.deployment import CreateDeployment
from headrace_events.feature_group import CreateFeatureGroup
from headrace_events.feature_view import CreateFeatureView, GroupSelection
from headrace_events.ids import Micros
from headrace_events.model import CreateModelVersion, TrainedOn
from headrace_events.monitor import AddAlertRule, CreateMonitor
from headrace_events.row_schema import Column
from headrace_events.training_dataset import CreateTrainingDataset, DatasetFile, RecordTrainingDataset, Split
from headrace_schemas.catalogue import schema_id
from headrace_schemas.codec import RecordCodec, ShippedSchemas

DAY = 86_400
CODEC = RecordCodec(ShippedSchemas())


@dataclass(slots=True)
class Monitored:
    """A project with deployment `delays` of a model with the inputs `wind` and `visibility`."""

    platform: Platform
    project: str
    first_day: datetime
    owner: str = "user:ada"
    training: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, platform: Platform, first_day: datetime, rows: int = 2_000) -> Monitored:
        """Make the project, its training data, model and deployment; there is no monitor yet."""
        made = cls(platform=platform, project=platform.project(), first_day=first_day)
        random = np.random.default_rng(11)
        made.training = {
            "wind": random.gamma(2.0, 4.0, rows),
            "visibility": np.where(random.random(rows) < 0.05, np.nan, random.integers(0, 11, rows)),
            "late": random.integers(0, 2, rows),
        }
        made._deploy(rows)
        return made

    def _deploy(self, rows: int) -> None:
        table = pa.table({name: pa.array(values, from_pandas=True) for name, values in self.training.items()})
        file = io.BytesIO()
        pa.parquet.write_table(table, file)
        artifacts = Artifacts.at(self.platform.stack.site.storage_url)
        sha256 = artifacts.write(self.project, file.getvalue())
        columns = (
            Column(name="flight", type="bigint"),
            Column(name="at", type="timestamp"),
            Column(name="wind", type="double"),
            Column(name="visibility", type="double"),
            Column(name="late", type="int"),
        )
        features = ("wind", "visibility", "late")
        start = Micros(0)
        split = Split(name="train", start=start, end=Micros(10))
        dataset = DatasetFile(split="train", address=sha256, sha256=sha256, size=len(file.getvalue()), rows=rows)
        digest = hashlib.sha256(b"rows").hexdigest()
        send, project = self.platform.send, self.project
        send(
            CreateFeatureGroup(project=project, name="f", columns=columns, primary_key=("flight",), event_time="at"),
            self.owner,
        )
        root = GroupSelection(group="f", version=1, features=features)
        send(CreateFeatureView(project=project, name="v", root=root, labels=("late",)), self.owner)
        send(CreateTrainingDataset(project=project, view="v", view_version=1, splits=(split,)), self.owner)
        send(
            RecordTrainingDataset(
                project=project, view="v", view_version=1, version=1, files=(dataset,), positions=(), hash=digest
            ),
            "system:training-datasets",
        )
        send(
            CreateModelVersion(
                project=project,
                name="delay",
                framework="python",
                artifact=digest,
                metrics={},
                inputs=("wind", "visibility"),
                trained_on=TrainedOn(view="v", view_version=1, version=1),
            ),
            self.owner,
        )
        send(CreateDeployment(project=project, name="delays", model="delay", model_version=1), self.owner)

    def watch(self, bins: int = 10, window_seconds: int = DAY) -> None:
        """Create the monitor."""
        self.platform.send(
            CreateMonitor(project=self.project, deployment="delays", window_seconds=window_seconds, bins=bins),
            self.owner,
        )

    def add_rule(self, rule: str, metric: str, open_at: float, resolve_at: float, **more: Any) -> None:
        """Add an alert rule."""
        self.platform.send(
            AddAlertRule(
                project=self.project,
                deployment="delays",
                rule=rule,
                metric=metric,
                open_at=open_at,
                resolve_at=resolve_at,
                **more,
            ),
            self.owner,
        )

    def predicted(
        self, inference_id: str, day: float, wind: float | None, *, late: float | None = 0.3, **more: Any
    ) -> Entry:
        """A prediction's record, of so many days after the first; `visibility` is 10 unless told."""
        moment = self.first_day + timedelta(days=day)
        numbers = {"wind": wind, "visibility": 10.0, **more.pop("numbers", {})}
        record = {
            "inference_id": inference_id,
            "deployment": "delays",
            "model": "delay",
            "model_version": 1,
            "event_time": moment,
            "received": datetime.now(UTC),
            "latency_ms": 4.0,
            "actor": "user:bob",
            "entity": {},
            "numbers": {name: value for name, value in numbers.items() if value != "absent"},
            "texts": {},
            "prediction": late,
            "error": None,
            **more,
        }
        payload = CODEC.encode(schema_id("predictions/prediction.v1.avsc"), record)
        return Entry(topic=f"{self.project}.predictions", key=inference_id.encode(), value=payload)

    def known(self, inference_id: str, outcome: float) -> Entry:
        """An outcome's record."""
        record = {"inference_id": inference_id, "outcome": outcome, "event_time": None}
        payload = CODEC.encode(schema_id("outcomes/outcome.v1.avsc"), record)
        return Entry(topic=f"{self.project}.outcomes", key=inference_id.encode(), value=payload)

    def write(self, entries: Sequence[Entry]) -> None:
        """Put the records on the log, some of them in a transaction that is aborted first."""
        writer = TransactionalWriter(connection(self.platform.stack, "broker"), f"test-{self.project}")
        writer.begin()
        writer.write(entries[:3])
        writer.abort()
        writer.begin()
        writer.write(entries)
        writer.commit_alone()
