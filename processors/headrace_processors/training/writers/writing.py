"""One file of a split, in any of the formats; how each holds nulls and times is in `docs/training-data.md`."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from headrace_processors.training.writers.delimited import DelimitedWriter
from headrace_processors.training.writers.hdf5 import Hdf5Writer
from headrace_processors.training.writers.npy import NpyWriter
from headrace_processors.training.writers.petastorm import PetastormWriter
from headrace_processors.training.writers.tfrecord import TFRecordWriter


class Writer(Protocol):
    """Takes batches one after the other; the file is whole once its context ends without an error."""

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Take the next rows; raises Impossible for a value that the format cannot hold, OSError."""
        ...


_Open = Callable[[Path, pa.Schema], AbstractContextManager[Writer]]


def _parquet(path: Path, schema: pa.Schema) -> Any:
    return pq.ParquetWriter(path, schema, compression="zstd")


WRITERS: Mapping[str, _Open] = {
    "parquet": _parquet,
    "csv": lambda path, schema: DelimitedWriter(path, schema, ","),
    "tsv": lambda path, schema: DelimitedWriter(path, schema, "\t"),
    "tfrecord": TFRecordWriter,
    "npy": NpyWriter,
    "hdf5": Hdf5Writer,
    "petastorm": PetastormWriter,
}


def write(path: Path, form: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write the batches in that format; return how many rows there were. Raises Impossible, OSError."""
    rows = 0
    with WRITERS[form](path, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows
