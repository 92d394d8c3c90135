"""A group of orders and its monitors, as the metadata tells of them, and the offline table of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
from deltalake import CommitProperties, Transaction, write_deltalake
from tests.unit.processors.training.test_requests import folded, group, opened
from tests.unit.projections.history.offline_rows import table
from tests.unit.projections.history.slow_join import Row

from headrace_events.envelope import Position, Recorded
from headrace_events.errors import Refusal
from headrace_events.feature_monitor_config import (
    Binning,
    Comparison,
    Reference,
    TimeWindow,
    Watchable,
    Watched,
)
from headrace_events.feature_monitor_words import (
    FeatureMonitorCreated,
    FeatureMonitorRunRequested,
    RecordFeatureMonitoring,
    RunFeatureMonitorOnSchedule,
)
from headrace_events.feature_view import FeatureViewCreated, GroupSelection
from headrace_events.ids import CommandId, EventId, Micros
from headrace_events.language import Event
from headrace_events.row_schema import Column
from headrace_processors.feature_monitors.running import FeatureMonitors, Message
from headrace_processors.training.requests import Requests
from headrace_projections.history.engine import Engine
from headrace_projections.rows.groups import Group

COLUMNS = {"id": "bigint", "at": "timestamp", "amount": "double", "shop": "string"}
ORDERS = replace(group("orders"), columns=tuple(Column(name=name, type=kind) for name, kind in COLUMNS.items()))
VIEW = FeatureViewCreated(
    name="orders",
    version=1,
    description="",
    root=GroupSelection(group="orders", version=1, features=("amount", "shop")),
    joins=(),
    labels=(),
)
HOUR = 3_600_000_000
NOW = Micros(1_000 * HOUR)
MONITOR = FeatureMonitorCreated(
    name="drifts",
    description="",
    watched=Watched(kind=Watchable.FEATURE_GROUP, name="orders", version=1),
    features=("amount",),
    detection=TimeWindow(length_seconds=3_600),
    reference=Reference(window=TimeWindow(offset_seconds=7_200, length_seconds=3_600)),
    comparison=Comparison(metric="PSI", threshold=0.2, binning=Binning(bins=4)),
    exact=True,
    since=Micros(0),
)


def ask(number: int = 1, *, name: str = "drifts", at: Micros = NOW, scheduled: bool = False) -> Event:
    return FeatureMonitorRunRequested(name=name, number=number, at=at, scheduled=scheduled)


@dataclass(slots=True)
class Process:
    """Feature monitors of a project `shop`, which say what they say to a list."""

    storage: Path
    now: Micros = NOW
    end: int = 0
    said: list[Message] = field(default_factory=list)
    answers: bool = True
    clock: float = 0.0
    refuses: Refusal | None = None
    steps: list[str] = field(default_factory=list)
    requests: Requests = field(default_factory=lambda: folded([ORDERS, opened("orders"), VIEW]))
    monitors: FeatureMonitors = field(init=False)
    _seq: int = 0

    def __post_init__(self) -> None:
        self.monitors = FeatureMonitors(
            storage=self.storage.as_uri(),
            dsn="",
            requests=self.requests,
            engine=Engine(),
            end=lambda where: self.end if where.topic_id == "id-of-orders" else 0,
            tell=self._tell,
            now=lambda: self.now,
            clock=lambda: self.clock,
        )

    def happen(self, *events: Event) -> None:
        """Let the metadata say this."""
        for event in events:
            self._seq += 1
            self.monitors.take(
                Recorded(
                    event=event,
                    id=EventId(""),
                    project="shop",
                    seq=self._seq,
                    version=1,
                    actor="user:ada",
                    cause=CommandId(""),
                    at=Position("metadata", 0, self._seq),
                )
            )

    def recorded(self) -> list[RecordFeatureMonitoring]:
        """What was said of runs."""
        return [one for one in self.said if isinstance(one, RecordFeatureMonitoring)]

    def due(self) -> list[Micros]:
        """The times at which schedules were said to run."""
        return [one.at for one in self.said if isinstance(one, RunFeatureMonitorOnSchedule)]

    def write(self, *amounts: tuple[int, float | None], delete: Sequence[int] = ()) -> None:
        """Let the offline table take rows of these (log time, amount), one offset after the other."""
        rows = [
            Row(
                offset=self.end + number,
                known_at=known_at,
                delete=number in delete,
                time=known_at,
                values={"id": self.end + number, "amount": amount, "shop": "s"},
            )
            for number, (known_at, amount) in enumerate(amounts)
        ]
        self.end += len(rows)
        folder = self.storage / "offline" / "shop" / "orders_1"
        folder.mkdir(parents=True, exist_ok=True)
        write_deltalake(
            folder,
            _dated(table(self.group(), rows)),
            mode="append",
            partition_by=["_event_date"],
            commit_properties=CommitProperties(app_transactions=[Transaction("id-of-orders:0", self.end)]),
        )

    def group(self) -> Group:
        """The group of orders."""
        found = self.requests.group_of("shop", "orders", 1)
        assert isinstance(found, Group)
        return found

    def _tell(self, message: Message, at: Position, step: str) -> bool:
        if self.answers:
            self.said.append(message)
            self.steps.append(step)
        if self.refuses is not None:
            raise self.refuses
        return self.answers


def _dated(rows: pa.Table) -> pa.Table:
    """The rows with the day that the table is partitioned by."""
    return rows.append_column("_event_date", rows.column("at").cast(pa.date32(), safe=False))
