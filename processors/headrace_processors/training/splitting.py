"""The rows of each split: by time one join for each, at random one join for all of them."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from headrace_events.training_dataset import Split
from headrace_processors.training.random_splits import random_splits
from headrace_projections.history.engine import BATCH_ROWS, Engine
from headrace_projections.history.point_in_time import training_rows
from headrace_projections.history.view import ViewHistory

Rows = Iterator[pa.RecordBatch]


def rows_of(
    history: ViewHistory, splits: Sequence[Split], seed: int | None, *, engine: Engine, folder: Path
) -> Generator[tuple[Split, Rows], None, None]:
    """Each split with its rows, sorted by key and event time; take all of them before the next split.

    `folder` is for what lies between a join and random splits. Raises Unavailable, OSError and ArrowException, also
    while rows are taken.
    """
    if all(split.share is None for split in splits):
        for split in splits:
            with training_rows(history, split.start, split.end, engine) as batches:
                yield split, batches
        return
    parts = [folder / f"{number}.part" for number in range(len(splits))]
    _spread(history, splits, seed or 0, engine=engine, parts=parts)
    for split, part in zip(splits, parts, strict=True):
        with _read(part) as batches:
            yield split, batches
        part.unlink()


def _spread(history: ViewHistory, splits: Sequence[Split], seed: int, *, engine: Engine, parts: Sequence[Path]) -> None:
    """Join once, and write each row into the part of its split."""
    drawn = random_splits(history, [split.share or 0.0 for split in splits], seed)
    with ExitStack() as stack:
        writers = [stack.enter_context(pq.ParquetWriter(part, history.schema(), compression="lz4")) for part in parts]
        batches = stack.enter_context(training_rows(history, splits[0].start, splits[0].end, engine))
        for batch in batches:
            chosen = drawn.of(batch)
            for number, writer in enumerate(writers):
                writer.write_batch(pc.filter(batch, pa.array(chosen == number)))


@contextmanager
def _read(part: Path) -> Iterator[Rows]:
    with pq.ParquetFile(part) as file:
        yield file.iter_batches(BATCH_ROWS)
