"""Windows of values in memory: as rows, as sketches of commits, and as statistics of a training dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from headrace_events.feature_monitor_result import Source, WindowRead
from headrace_processors.feature_monitors.dataset import DatasetWindow
from headrace_processors.feature_monitors.rows import RowsWindow, Select
from headrace_processors.feature_monitors.sketches import SketchesWindow
from headrace_processors.training.statistics import DatasetStatistics
from headrace_projections.history.engine import Engine
from headrace_projections.offline.arrow import TYPES
from headrace_projections.statistics.feature import FeatureStatistics

Values = Sequence[Any]


def table(types: Mapping[str, str], columns: Mapping[str, Values]) -> pa.Table:
    return pa.table({name: pa.array(columns[name], TYPES[kind]) for name, kind in types.items()})


def by_rows(types: Mapping[str, str], columns: Mapping[str, Values]) -> RowsWindow:
    rows = table(types, columns)

    @contextmanager
    def ask(select: Select, schema: pa.Schema) -> Iterator[Any]:
        with Engine().stream(select("window_rows"), schema, window_rows=rows) as batches:
            yield batches

    read = WindowRead(source=Source.ROWS, rows=rows.num_rows)
    return RowsWindow(read=read, types=types, ask=ask, distinct=True)


def by_sketches(types: Mapping[str, str], columns: Mapping[str, Values]) -> SketchesWindow:
    rows = table(types, columns)
    features = {name: FeatureStatistics() for name in types}
    for name, feature in features.items():
        feature.take(rows.column(name))
    return SketchesWindow(read=WindowRead(source=Source.SKETCHES, rows=rows.num_rows), features=features)


def by_dataset(types: Mapping[str, str], columns: Mapping[str, Values]) -> DatasetWindow:
    rows = table(types, columns)
    counted = DatasetStatistics(rows.schema)
    for _ in counted.split("train", rows.to_batches()):
        pass
    return DatasetWindow.of(counted.summary(), ())
