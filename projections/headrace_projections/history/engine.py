"""DuckDB under a memory cap: a query in, Arrow batches out, spilling to a folder of its own in between.

A process runs AT_ONCE of them at most, so that its memory is bounded however many ask: a query has its place until all
of its batches are taken. Who finds none waits for a while, and is told to try again.
"""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from headrace_projections.history.errors import Unavailable

BATCH_ROWS = 65_536
BATCH_VALUES = 4_000_000
"""How many values a batch has at most, so that wide rows come in shorter batches."""

AT_ONCE = 4
"""How many queries a process runs at a time."""
_PLACES = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """How much memory (MiB) and how many threads one query may use, and how many seconds it waits for a place."""

    memory_mib: int = 1_024
    threads: int = 2
    patience: float = 10.0

    @contextmanager
    def stream(self, query: str, schema: pa.Schema, **tables: pa.Table) -> Iterator[Iterator[pa.RecordBatch]]:
        """The query's rows in that schema, in batches; `tables` may be named in the query. Raises Unavailable."""
        with (
            self._place(),
            tempfile.TemporaryDirectory(prefix="headrace-join-") as spill,
            self._connect(spill) as connection,
        ):
            try:
                for name, table in tables.items():
                    connection.register(name, table)
                batches = connection.sql(query).to_arrow_reader(max(1, min(BATCH_ROWS, BATCH_VALUES // len(schema))))
            except duckdb.Error as error:
                raise _translated(error) from error
            yield _cast(batches, schema)

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not _PLACES.acquire(timeout=self.patience):
            raise Unavailable(f"{AT_ONCE} reads of the history are under way already: try again in a moment")
        try:
            yield
        finally:
            _PLACES.release()

    def _connect(self, spill: str) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(
            config={
                "memory_limit": f"{self.memory_mib}MiB",
                "threads": self.threads,
                "temp_directory": spill,
                "preserve_insertion_order": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        # One join algorithm for small and large inputs, so that what is tested is what runs.
        connection.execute("SET asof_loop_join_threshold = 0")
        return connection


def _cast(batches: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    try:
        for batch in batches:
            yield batch.cast(schema)
    except (duckdb.Error, OSError) as error:
        raise _translated(error) from error


def _translated(error: Exception) -> Unavailable:
    return Unavailable(f"the history cannot be read: {error}")
