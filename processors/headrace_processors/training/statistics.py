"""Statistics of each split and feature of a training dataset, taken while the rows pass by.

Beside those that groups have too there is what transformations learn from: percentiles (rank error 0.7 %, none up to
some hundred values), and categories, counted exactly while there are few (`categories.py`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from headrace_processors.training.categories import Categories
from headrace_projections.statistics.feature import FeatureStatistics

PERCENTILES = tuple(rank / 100 for rank in range(101))


@dataclass(slots=True)
class SplitFeature:
    """One feature of one split of a dataset with that many `columns`."""

    kind: pa.DataType
    columns: int = 1
    _statistics: FeatureStatistics = field(default_factory=FeatureStatistics)
    _categories: Categories | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if Categories.can_count(self.kind):
            self._categories = Categories(self.columns)

    def take(self, column: pa.Array) -> None:
        """Count some more rows."""
        self._statistics.take(column)
        if self._categories is not None and self._categories.counting:
            counted = pc.value_counts(column.drop_null())
            self._categories.take(counted.field("values").to_pylist(), counted.field("counts").to_pylist())

    def summary(self, name: str) -> dict[str, Any]:
        """What is known now, as plain values that JSON holds."""
        told = self._statistics.summary(name)
        if self._statistics.numbers:
            told["percentiles"] = self._percentiles()
        if self._categories is not None:
            told["categories"] = self._categories.summary()
        return told

    def _percentiles(self) -> list[float]:
        """The value at each of PERCENTILES; where that lies between two values, their middle."""
        least = self._statistics.sketch.get_quantiles(list(PERCENTILES), True)
        most = self._statistics.sketch.get_quantiles(list(PERCENTILES), False)
        return [low / 2 + high / 2 if low != high else low for low, high in zip(least, most, strict=True)]


class DatasetStatistics:
    """Takes a dataset split by split, in batches of any size; columns that identify an example are left out."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = pa.schema([column for column in schema if not column.name.startswith("_")])
        self._splits: dict[str, Mapping[str, Any]] = {}

    def split(self, name: str, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Pass the split's batches on while they are counted; the split is there once all of them are taken."""
        features = {column.name: SplitFeature(column.type, len(self._schema)) for column in self._schema}
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
