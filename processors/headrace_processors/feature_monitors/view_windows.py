"""Windows of a feature view: examples between two event times, joined as training data is, up to pinned positions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from headrace_events.feature_monitor_config import Comparison, TimeWindow
from headrace_events.feature_monitor_result import Source, WindowRead
from headrace_events.ids import Micros
from headrace_processors.feature_monitors.profile import Window
from headrace_processors.feature_monitors.rows import RowsWindow, Select, sampled
from headrace_projections.history.columns import literal
from headrace_projections.history.engine import Engine
from headrace_projections.history.errors import Unavailable
from headrace_projections.history.point_in_time import training_rows
from headrace_projections.history.view import ViewHistory

FIRST = Micros(-62_135_596_800_000_000)
"""The first microsecond of the year 1."""
_ROWS = pa.schema([("rows", pa.int64())])


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewWindows:
    """Reads windows of a view into files of the `folder`; `positions` say up to where its groups are read."""

    history: ViewHistory
    positions: tuple[str, ...]
    engine: Engine
    folder: Path
    comparison: Comparison

    def read(self, window: TimeWindow, at: Micros) -> Window:
        """The window of a run at that time; raises Unavailable."""
        start, end = window.bounds(at)
        path = self.folder / f"{FIRST if start is None else start}-{end}.parquet"
        self._write(path, FIRST if start is None else start, end)
        taken = sampled(window.row_percentage, "file_row_number")
        rows = f"(SELECT * FROM read_parquet({literal(str(path))}, file_row_number = true) WHERE {taken})"

        @contextmanager
        def ask(select: Select, schema: pa.Schema) -> Iterator[Any]:
            with self.engine.stream(select(rows), schema) as batches:
                yield batches

        with ask(lambda relation: f"SELECT count(*) AS rows FROM {relation}", _ROWS) as batches:
            count = sum(row["rows"] for batch in batches for row in batch.to_pylist())
        read = WindowRead(source=Source.ROWS, rows=count, start=start, end=end, ends=self.positions)
        types = self.history.feature_types()
        return RowsWindow(read=read, types=types, ask=ask, distinct=self.comparison.counts_distinct)

    def _write(self, path: Path, start: Micros, end: Micros) -> None:
        try:
            with (
                pq.ParquetWriter(path, self.history.schema(), compression="lz4") as writer,
                training_rows(self.history, start, end, self.engine) as batches,
            ):
                for batch in batches:
                    writer.write_batch(batch)
        except (OSError, pa.ArrowException) as error:
            raise Unavailable(f"the rows of a window cannot be laid aside: {error}") from error
