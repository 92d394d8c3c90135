"""Making a dataset: join, hash and write each split in one pass, then store the files."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import orjson
import pyarrow as pa

from headrace_events.errors import Invalid
from headrace_events.training_dataset import DatasetFile, Split
from headrace_events.training_formats import must_hold
from headrace_processors.training.splitting import rows_of
from headrace_processors.training.statistics import DatasetStatistics
from headrace_processors.training.writers import write
from headrace_projections.history.engine import Engine
from headrace_projections.history.errors import Impossible, Unavailable
from headrace_projections.history.hashing import DatasetHash
from headrace_projections.history.view import ViewHistory


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The stored files, in the order of their splits, the hash over all their rows, and their statistics' SHA-256."""

    files: tuple[DatasetFile, ...]
    hash: str
    statistics: str


def make(
    history: ViewHistory,
    splits: Sequence[Split],
    form: str,
    *,
    seed: int | None = None,
    engine: Engine,
    store: Callable[[Path], str],
) -> Made:
    """Make the dataset; the same history, splits and seed give the same hash.

    `form` is one of FORMATS; `store` keeps a file and tells its SHA-256. Raises Impossible where the format does not
    hold a column or a value, Unavailable, and what `store` does.
    """
    try:
        must_hold(form, history.feature_types() | history.identity_types())
    except Invalid as refused:
        raise Impossible(f"{refused.code}: {refused.message}") from refused
    schema = history.schema()
    hashed, counted = DatasetHash(schema), DatasetStatistics(schema)
    files = []
    try:
        with (
            tempfile.TemporaryDirectory(prefix="headrace-dataset-") as folder,
            closing(rows_of(history, splits, seed, engine=engine, folder=Path(folder))) as parts,
        ):
            path = Path(folder) / "file"
            for split, batches in parts:
                passing = counted.split(split.name, hashed.split(split.name, batches))
                rows = write(path, form, schema, passing)
                sha256 = store(path)
                files.append(
                    DatasetFile(
                        split=split.name,
                        address=f"artifacts/{sha256}",
                        sha256=sha256,
                        size=path.stat().st_size,
                        rows=rows,
                    )
                )
                path.unlink()
            path.write_bytes(orjson.dumps(counted.summary()))
            statistics = store(path)
    except (OSError, pa.ArrowException) as error:
        raise Unavailable(f"the training files cannot be written: {error}") from error
    return Made(files=tuple(files), hash=hashed.hexdigest(), statistics=statistics)
