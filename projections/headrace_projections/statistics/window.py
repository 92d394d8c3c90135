"""What was counted of the records between two positions of a group's topic; two windows merge.

An upsert counts as a row each time it comes; in a column it was written without, as a null. A delete is counted as one,
and takes nothing back from what was counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from headrace_events.feature_statistics import MOST_CORRELATED
from headrace_projections.offline.arrow import TYPES
from headrace_projections.rows.groups import Group
from headrace_projections.statistics.correlation import Comoments
from headrace_projections.statistics.feature import FeatureStatistics, is_number

Offsets = tuple[int, ...]
"""An offset of each partition, in order."""


@dataclass(slots=True, kw_only=True)
class Window:
    """The records from `starts` (inclusive) to `ends` (exclusive); `first` and `last` are when the log took them."""

    starts: Offsets
    ends: Offsets
    features: dict[str, FeatureStatistics]
    comoments: Comoments | None = None
    rows: int = 0
    deletes: int = 0
    first: datetime | None = None
    last: datetime | None = None

    @classmethod
    def of(cls, group: Group, starts: Offsets, ends: Offsets) -> "Window":
        """Of no record yet."""
        counted = group.counted
        numeric = [name for name, kind in counted.items() if is_number(TYPES[kind])][:MOST_CORRELATED]
        return cls(
            starts=starts,
            ends=ends,
            features={name: FeatureStatistics() for name in counted},
            comoments=Comoments.none(numeric) if group.statistics.correlations and counted else None,
        )

    @property
    def reached(self) -> int:
        """How many offsets lie before its end, of all partitions: each window of a topic has another number."""
        return sum(self.ends)

    def take(self, records: Any) -> None:
        """Count an Arrow table of records, as the offline store has them."""
        if not records.num_rows:
            return
        rows = _upserts(records)
        self.rows += rows.num_rows
        self.deletes += records.num_rows - rows.num_rows
        self._span(*(end.as_py() for end in pc.min_max(records.column("_append_time")).values()))
        for name, feature in self.features.items():
            feature.take(rows.column(name))
        if self.comoments is not None:
            self.comoments.take(rows)

    def merge(self, later: "Window") -> None:
        """Count what the window after this one has counted, too."""
        for name in {**self.features, **later.features}:
            mine = self.features.setdefault(name, FeatureStatistics(nulls=self.rows))
            mine.merge(later.features.get(name) or FeatureStatistics(nulls=later.rows))
        self.ends = later.ends
        self.rows += later.rows
        self.deletes += later.deletes
        if later.first is not None and later.last is not None:
            self._span(later.first, later.last)
        if self.comoments is None:
            self.comoments = later.comoments
        elif later.comoments is not None:
            self.comoments.merge(later.comoments)

    def _span(self, first: datetime, last: datetime) -> None:
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)


def merged(windows: Sequence[Window]) -> Window | None:
    """All of them as one, in the order of the log; None where there are none. The first one is changed."""
    if not windows:
        return None
    whole, *others = windows
    for window in others:
        whole.merge(window)
    return whole


def _upserts(records: Any) -> Any:
    kept = pc.equal(records.column("_operation"), pa.scalar("upsert"))
    return records if pc.all(kept).as_py() else records.filter(kept)
