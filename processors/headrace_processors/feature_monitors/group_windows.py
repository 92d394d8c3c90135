"""Windows of a feature group: the rows that the log took between two times, deletes left aside.

Sketches of commits are read where they tell what is asked, and where no commit lies across a bound; then both readings
are of the same rows. All else is read row by row, between the offsets that the bounds fall on.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from headrace_events.feature_monitor_config import Comparison, TimeWindow
from headrace_events.feature_monitor_result import Source, WindowRead
from headrace_events.ids import Micros
from headrace_processors.feature_monitors.profile import Window
from headrace_processors.feature_monitors.rows import RowsWindow, Select, sampled
from headrace_processors.feature_monitors.sketches import SketchesWindow
from headrace_projections.history.columns import quoted, types_of
from headrace_projections.history.engine import Engine
from headrace_projections.history.moment import before
from headrace_projections.history.positions import Ends, written
from headrace_projections.offline.queries import all_rows, reading
from headrace_projections.rows.groups import Group
from headrace_projections.statistics.commits import whole_commits

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BOUNDS = pa.schema([(name, pa.int64()) for name in ("number", "first", "after")])
_ROWS = pa.schema([("rows", pa.int64())])
_OF_SKETCHES = frozenset(
    {"count", "completeness", "num_non_null_values", "num_null_values", "approx_num_distinct_values"}
    | {"mean", "max", "min", "sum", "std_dev"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupWindows:
    """Reads windows of a group up to `ends`, of these features, for a comparison. `dsn` leads to the sketches."""

    storage: str
    dsn: str
    engine: Engine
    group: Group
    ends: Ends
    features: Sequence[str]
    comparison: Comparison
    exact: bool

    def read(self, window: TimeWindow, at: Micros) -> Window:
        """The window of a run at that time; raises Unavailable."""
        start, end = window.bounds(at)
        if not self.exact and window.row_percentage == 1 and self._sketches_tell():
            counted = whole_commits(
                self.dsn,
                self.group,
                self.features,
                since=None if start is None else _moment(start),
                until=_moment(end),
                ends=tuple(self.ends[number] for number in range(self.group.partitions)),
            )
            if counted is not None:
                read = WindowRead(
                    source=Source.SKETCHES,
                    rows=counted.rows,
                    start=start,
                    end=end,
                    starts=self._positions(dict(enumerate(counted.starts))),
                    ends=self._positions(dict(enumerate(counted.ends))),
                )
                return SketchesWindow(read=read, features=counted.features)
        return self._rows(window.row_percentage, start, end)

    def _sketches_tell(self) -> bool:
        """Whether sketches of these features tell the metric; of columns that came later they do not know defaults."""
        counted = self.group.counted
        grown = {feature.name for growth in self.group.growth for feature in growth.features}
        if any(name not in counted or name in grown for name in self.features):
            return False
        if self.comparison.binning is None:
            return self.comparison.metric in _OF_SKETCHES
        return not any(self.comparison.categorical(counted[name]) for name in self.features)

    def _rows(self, share: float, start: Micros | None, end: Micros) -> Window:
        since = "true" if start is None else f'epoch_us("_append_time") > {start}'
        between = f'{before(self.ends)} AND {since} AND epoch_us("_append_time") <= {end}'
        bounds = self._bounds(between)
        first = {number: row[0] for number, row in bounds.items()}
        after = {number: row[1] for number, row in bounds.items()}
        each = [
            f'("_partition" = {number} AND "_offset" >= {first[number]} AND "_offset" < {after[number]})'
            for number in first
        ]
        taken = sampled(share, quoted("_offset"), quoted("_partition"))
        condition = f"({' OR '.join(each) or 'false'}) AND \"_operation\" = 'upsert' AND {taken}"

        @contextmanager
        def ask(select: Select, schema: pa.Schema) -> Iterator[Any]:
            def query(files: Sequence[str]) -> str:
                return select(f"({all_rows(self.group, files, condition)})")

            with reading(self.storage, self.group, query, schema, self.engine) as batches:
                yield batches

        with ask(lambda rows: f"SELECT count(*) AS rows FROM {rows}", _ROWS) as batches:
            rows = sum(row["rows"] for batch in batches for row in batch.to_pylist())
        read = WindowRead(
            source=Source.ROWS,
            rows=rows,
            start=start,
            end=end,
            starts=self._positions(first),
            ends=self._positions(after),
        )
        types = types_of(self.group.columns)
        return RowsWindow(read=read, types=types, ask=ask, distinct=self.comparison.counts_distinct)

    def _bounds(self, condition: str) -> dict[int, tuple[int, int]]:
        """Partition → the first offset of which the condition holds, and the one after the last."""

        def query(files: Sequence[str]) -> str:
            rows = all_rows(self.group, files, condition)
            return (
                'SELECT "_partition" AS number, min("_offset") AS first, max("_offset") + 1 AS after '
                f"FROM ({rows}) GROUP BY ALL ORDER BY number"
            )

        with reading(self.storage, self.group, query, _BOUNDS, self.engine) as batches:
            rows = [row for batch in batches for row in batch.to_pylist()]
        return {row["number"]: (row["first"], row["after"]) for row in rows}

    def _positions(self, offsets: Ends) -> tuple[str, ...]:
        return written({self.group.topic_id: offsets})


def _moment(micros: Micros) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
