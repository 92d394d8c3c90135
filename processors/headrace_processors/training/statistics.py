"""Statistics of each split and feature of a training dataset, taken while the rows pass by."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa

from headrace_projections.statistics.feature import FeatureStatistics


class DatasetStatistics:
    """Takes a dataset split by split, in batches of any size; columns that identify an example are left out."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = pa.schema([column for column in schema if not column.name.startswith("_")])
        self._splits: dict[str, Mapping[str, Any]] = {}

    def split(self, name: str, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Pass the split's batches on while they are counted; the split is there once all of them are taken."""
        features = {column.name: FeatureStatistics() for column in self._schema}
        rows = 0
        for batch in batches:
            yield batch
            rows += batch.num_rows
            for column, feature in features.items():
                feature.take(batch.column(column))
        self._splits[name] = {
            "rows": rows,
            "features": [feature.summary(column) for column, feature in features.items()],
        }

    def summary(self) -> dict[str, Any]:
        """All splits, as plain values that JSON holds."""
        return {"splits": self._splits}
