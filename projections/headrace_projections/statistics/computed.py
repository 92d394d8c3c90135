"""Statistics of what a feature group was at a moment: of the last row of each key, counted from the offline table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from headrace_events.feature_statistics import MOST_CORRELATED
from headrace_projections.history.columns import quoted
from headrace_projections.history.engine import Engine
from headrace_projections.history.moment import Moment
from headrace_projections.offline.arrow import schema_of
from headrace_projections.offline.queries import last_rows, reading
from headrace_projections.rows.groups import Group
from headrace_projections.statistics.correlation import Comoments
from headrace_projections.statistics.feature import FeatureStatistics, is_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """Of so many rows, the features by name, and how many values of each are distinct where that was counted."""

    rows: int
    features: Mapping[str, FeatureStatistics]
    distinct: Mapping[str, int]
    comoments: Comoments | None


def computed(
    storage: str,
    group: Group,
    names: Sequence[str],
    as_of: Moment | None = None,
    *,
    exactly: bool = False,
    engine: Engine | None = None,
) -> Computed:
    """Count these columns of the rows that were there then (None: that are there now). Raises Unavailable.

    With `exactly`, distinct values are counted one by one, but for nested ones.
    """
    stored = schema_of(group)
    schema = pa.schema([stored.field(name) for name in names])
    features = {name: FeatureStatistics() for name in names}
    wanted = [field.name for field in schema if is_number(field.type)] if group.statistics.correlations else None
    comoments = None if wanted is None else Comoments.none(wanted[:MOST_CORRELATED])
    rows = 0

    def query(files: Sequence[str]) -> str:
        return f"SELECT {', '.join(map(quoted, names))} FROM ({last_rows(group, files, as_of)})"

    with reading(storage, group, query, schema, engine) as batches:
        for batch in batches:
            rows += batch.num_rows
            for name, feature in features.items():
                feature.take(batch.column(name))
            if comoments is not None:
                comoments.take(pa.Table.from_batches([batch]))
    flat = [field.name for field in schema if not pa.types.is_nested(field.type)] if exactly else []
    distinct = _distinct(storage, group, flat, as_of, engine) if flat and rows else dict.fromkeys(flat, 0)
    return Computed(rows=rows, features=features, distinct=distinct, comoments=comoments)


def _distinct(
    storage: str, group: Group, names: Sequence[str], as_of: Moment | None, engine: Engine | None
) -> dict[str, int]:
    schema = pa.schema([pa.field(name, pa.int64()) for name in names])

    def query(files: Sequence[str]) -> str:
        counts = ", ".join(f"count(DISTINCT {quoted(name)}) AS {quoted(name)}" for name in names)
        return f"SELECT {counts} FROM ({last_rows(group, files, as_of)})"

    with reading(storage, group, query, schema, engine) as batches:
        (counted,) = [row for batch in batches for row in batch.to_pylist()]
    return dict(counted)
