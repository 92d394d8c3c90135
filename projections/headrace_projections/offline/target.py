"""The offline target: rows wait in memory, go to Delta in few large commits, are counted and announced in Postgres.

Statistics follow the table: what a commit brought is counted once the commit stands. Where whoever made it did not come
so far, the next one counts it from the table.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pyarrow as pa

from headrace_broker.follower import Partition
from headrace_events.envelope import Recorded
from headrace_projections.errors import Superseded
from headrace_projections.offline.arrow import table_of
from headrace_projections.offline.counting import counted_again, in_order
from headrace_projections.offline.delta import GroupTable, remove_table, remove_tables
from headrace_projections.offline.progress import Progress
from headrace_projections.offline.statistics import StatisticsWindows
from headrace_projections.rows.fit import Fitted, Refused
from headrace_projections.rows.groups import Group, Groups
from headrace_projections.statistics.window import Window

logger = logging.getLogger("headrace.offline")

MOST_BYTES = 64 * 2**20
MOST_BYTES_OF_ALL = 512 * 2**20


@dataclass(slots=True)
class _Buffer:
    """What a group is waiting to append."""

    group: Group
    table: GroupTable
    at: dict[Partition, int]
    ends: dict[Partition, int]
    parts: list[Any] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    bytes: int = 0
    since: float | None = None


class OfflineTarget:
    """Append-only history, a commit every `seconds` or 64 MiB a group, whichever comes first."""

    name = "offline"

    def __init__(self, storage: str, dsn: str, seconds: float = 30.0) -> None:
        self._storage = storage
        self._progress = Progress(dsn)
        self._statistics = StatisticsWindows(self._progress.connection)
        self._seconds = seconds
        self._buffers: dict[str, _Buffer] = {}

    def wants(self, group: Group) -> bool:
        """Whether the group is to be read at all."""
        return group.offline

    def learn(self, recorded: Recorded, groups: Groups) -> None:
        """Nothing but groups is of concern here."""

    def open(self, group: Group) -> Mapping[Partition, int]:
        """Make the group's table, clear it where that is still due; tell where each partition goes on.

        What waited for the group is forgotten.
        """
        self._buffers.pop(group.topic, None)
        table = GroupTable(self._storage, group)
        table.clear()
        at = table.positions()
        self._count_what_is_missing(group, at)
        self._progress.tell(at)
        self._buffers[group.topic] = _Buffer(group, table, dict(at), dict(at))
        return at

    def write(self, group: Group, fitted: Fitted, ends: Mapping[Partition, int]) -> None:
        """Keep these rows for the next commit."""
        buffer = self._buffers[group.topic]
        buffer.ends |= ends
        for rows in fitted.rows:
            part = table_of(group, rows)
            buffer.parts.append(part)
            buffer.bytes += part.nbytes
        buffer.refused += fitted.refused
        if buffer.since is None and (fitted.rows or fitted.refused or buffer.ends != buffer.at):
            buffer.since = time.monotonic()
        if buffer.bytes >= MOST_BYTES:
            self._commit(buffer)

    def forget(self, project: str) -> None:
        """Remove the project's tables, then what Postgres was told of them; what waits for a commit is dropped."""
        for topic in [topic for topic, buffer in self._buffers.items() if buffer.group.project == project]:
            del self._buffers[topic]
        remove_tables(self._storage, project)
        self._progress.forget(project)
        self._statistics.forget_project(project)

    def remove(self, group: Group) -> None:
        """Remove the group's table, then what Postgres was told of it; what waits for a commit is dropped."""
        self._buffers.pop(group.topic, None)
        remove_table(self._storage, group)
        self._progress.forget_topic(group.topic_id)
        self._statistics.forget_topic(group.topic_id)

    def tick(self) -> Mapping[str, Exception]:
        """Commit what has waited long enough, and the largest where all together is too much."""
        now = time.monotonic()
        due = [one for one in self._buffers.values() if one.since is not None and now - one.since >= self._seconds]
        total = sum(one.bytes for one in self._buffers.values())
        if total > MOST_BYTES_OF_ALL:
            due.append(max(self._buffers.values(), key=lambda one: one.bytes))
        failed: dict[str, Exception] = {}
        for buffer in due:
            try:
                self._commit(buffer)
            except Exception as error:  # noqa: BLE001 - one group's trouble is handed to the runner, the others go on
                failed[buffer.group.topic] = error
        return failed

    def _commit(self, buffer: _Buffer) -> None:
        moved = {where: end for where, end in buffer.ends.items() if end != buffer.at[where]}
        rows = pa.concat_tables(buffer.parts) if buffer.parts else None
        expected = {where: buffer.at[where] for where in moved}
        self._progress.count(buffer.refused)
        buffer.table.append(rows, moved, expected)
        self._count(buffer, rows, {**buffer.at, **moved})
        buffer.at |= moved
        buffer.parts, buffer.refused, buffer.bytes, buffer.since = [], [], 0, None
        self._progress.tell(moved)

    def _count(self, buffer: _Buffer, rows: Any, ends: Mapping[Partition, int]) -> None:
        group = buffer.group
        if not group.counted:
            return
        window = Window.of(group, in_order(group, buffer.at), in_order(group, ends))
        if rows is not None:
            window.take(rows)
        self._statistics.add(group, window, in_order(group, group.starts))

    def _count_what_is_missing(self, group: Group, at: Mapping[Partition, int]) -> None:
        if not group.counted:
            return
        begins, ends = in_order(group, group.starts), in_order(group, at)
        starts = self._statistics.counted(group, begins, ends)
        if starts != ends:
            self._statistics.add(group, counted_again(self._storage, group, starts, ends), begins)

    def close(self) -> None:
        """Append what still waits, and stop."""
        for buffer in self._buffers.values():
            if buffer.since is not None:
                try:
                    self._commit(buffer)
                except (Superseded, psycopg.Error) as error:
                    logger.warning("%s: left for the next start: %s", buffer.group.topic, error)
        self._progress.close()
