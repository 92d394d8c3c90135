"""The training data of a model version, read from its verified artifacts: numeric columns only."""

import io
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from headrace_broker.artifacts import Artifacts
from headrace_broker.errors import Corrupt, Missing
from headrace_events.training_dataset import DatasetFile
from headrace_processors.observer.binning import Floats
from headrace_processors.observer.errors import NoReference

TRAIN = "train"
PARQUET = b"PAR1"


def training_columns(
    artifacts: Artifacts, project: str, files: Sequence[DatasetFile], wanted: Iterable[str]
) -> Mapping[str, Floats]:
    """The wanted columns that are numeric, as doubles, NaN where a value is missing.

    Of the split `train`, or of the whole dataset where no split has that name. Raises NoReference where the files are
    not there or not what they should be, Unavailable where the storage does not answer.
    """
    chosen = [file for file in files if file.split == TRAIN] or list(files)
    if not chosen:
        raise NoReference("the model version names no training dataset")
    tables = [_table(artifacts, project, file) for file in chosen]
    names = [name for name in dict.fromkeys(wanted) if all(_numeric(table, name) for table in tables)]
    return {name: np.concatenate([_doubles(table, name) for table in tables]) for name in names}


def _table(artifacts: Artifacts, project: str, file: DatasetFile) -> pa.Table:
    try:
        content = artifacts.read(project, file.sha256)
    except (Missing, Corrupt, ValueError) as error:
        raise NoReference(str(error)) from error
    try:
        if content.startswith(PARQUET):
            return pa.parquet.read_table(io.BytesIO(content))
        if b"\0" in content[:64]:
            raise NoReference(
                f"file {file.sha256} of the training dataset is not Parquet, CSV or TSV: write one of these"
            )
        delimiter = "\t" if b"\t" in content.partition(b"\n")[0] else ","
        return pa.csv.read_csv(io.BytesIO(content), parse_options=pa.csv.ParseOptions(delimiter=delimiter))
    except pa.ArrowException as error:
        raise NoReference(f"file {file.sha256} of the training dataset cannot be read: {error}") from error


def _numeric(table: pa.Table, name: str) -> bool:
    if name not in table.column_names:
        return False
    kind = table.schema.field(name).type
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def _doubles(table: pa.Table, name: str) -> Floats:
    column = table.column(name)
    if pa.types.is_boolean(column.type):
        column = pc.cast(column, pa.int8())
    doubles: Floats = pc.fill_null(pc.cast(column, pa.float64(), safe=False), float("nan")).to_numpy()
    return doubles
