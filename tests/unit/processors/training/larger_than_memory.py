"""Makes, hashes and reads a dataset, and says what memory that took: `FOLDER FORM`, or `FOLDER whole` for one table.

It prints the megabytes of the rows, and by how much its peak grew beyond what a small dataset needs.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from tests.unit.processors.training.orders import ORDERS, VIEW

from headrace._dataset_hash import DatasetHash
from headrace._training_files import batches
from headrace_events.ids import Micros
from headrace_events.training_dataset import Split
from headrace_processors.training.making import make
from headrace_projections.history.engine import Engine
from headrace_projections.history.view import GroupHistory, StoredFile, ViewHistory
from headrace_projections.offline.arrow import schema_of

ROWS = 2_000_000
AT_ONCE = 20_000
TEXT = "x" * 300


def orders(first: int, count: int) -> pa.RecordBatch:
    """Rows of the group's offline table, in no order."""
    numbers = pa.array(np.arange(first, first + count))
    times = numbers.cast(pa.timestamp("us", tz="UTC"))
    columns = {
        "id": pc.bit_wise_xor(numbers, 0x5A5A5),
        "at": times,
        "amount": pc.divide(numbers.cast(pa.float64()), 7.0),
        "shop": pc.binary_join_element_wise(numbers.cast(pa.string()), TEXT, ""),
        "_offset": numbers,
        "_partition": pa.repeat(pa.scalar(0, pa.int32()), count),
        "_known_at": times,
        "_operation": pa.repeat("upsert", count),
        "_append_time": times,
        "_event_date": pa.repeat(pa.scalar(0, pa.date32()), count),
    }
    schema = schema_of(ORDERS)
    return pa.RecordBatch.from_arrays([columns[field.name] for field in schema], schema=schema)


def history(path: Path, rows: int) -> ViewHistory:
    """The view over so many rows."""
    with pq.ParquetWriter(path, schema_of(ORDERS)) as writer:
        for first in range(0, rows, AT_ONCE):
            writer.write_batch(orders(first, min(AT_ONCE, rows - first)))
    return ViewHistory(
        view=VIEW, root=GroupHistory(group=ORDERS, files=(StoredFile(path=str(path)),), ends={0: 1 << 40})
    )


def made_and_read(folder: Path, form: str, rows: int) -> int:
    """Make the dataset, then read it back; returns the bytes of its rows. Raises where a hash is another."""
    stored: list[Path] = []

    def store(file: Path) -> str:
        stored.append(folder / f"stored-{rows}-{len(stored)}")
        stored[-1].hardlink_to(file)
        return str(len(stored))

    shares = (0.9, 0.1)
    splits = [
        Split(name=name, start=Micros(0), end=Micros(1 << 50), share=share)
        for name, share in zip(("train", "test"), shares, strict=True)
    ]
    over = history(folder / f"orders-{rows}", rows)
    made = make(over, splits, form, engine=Engine(memory_mib=160, threads=1), store=store)
    size = 0

    def counted(read: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        nonlocal size
        for batch in read:
            size += batch.nbytes
            yield batch

    again = DatasetHash(over.schema())
    types = over.feature_types() | over.identity_types()
    for split, path in zip(splits, stored[: len(splits)], strict=True):
        again.add_split(split.name, counted(batches(path, form, types)))
    if again.hexdigest() != made.hash or sum(file.rows for file in made.files) != rows:
        raise AssertionError(f"{again.hexdigest()} is not {made.hash}")
    return size


def main(arguments: Sequence[str]) -> None:
    """Make a small one first, which takes what every dataset takes."""
    folder, form = Path(arguments[0]), arguments[1]
    made_and_read(folder, "parquet" if form == "whole" else form, AT_ONCE)
    before = _peak()
    if form == "whole":
        history(folder / "orders", ROWS)
        size = pq.read_table(folder / "orders").nbytes
    else:
        size = made_and_read(folder, form, ROWS)
    sys.stdout.write(json.dumps({"rows": size >> 20, "grew": _peak() - before}))


def _peak() -> int:
    """The most megabytes this program ever took; what getrusage says begins with what its parent took."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) >> 10


if __name__ == "__main__":
    main(sys.argv[1:])
