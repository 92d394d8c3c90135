"""Counting the records of a group again, from the table that holds them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from headrace_broker.follower import Partition
from headrace_projections.offline.arrow import schema_of
from headrace_projections.offline.queries import all_rows, reading
from headrace_projections.rows.groups import Group, Growth
from headrace_projections.statistics.window import Offsets, Window


def in_order(group: Group, positions: Mapping[Partition, int]) -> Offsets:
    """The offset of each partition, in order."""
    return tuple(positions[where] for where in group.places)


def counted_again(storage: str, group: Group, starts: Offsets, ends: Offsets) -> Window:
    """What counting the records between these positions gave, or would have given. Raises Unavailable."""
    window = Window.of(group, starts, ends)
    written = _as_written(group)
    bounds = enumerate(zip(starts, ends, strict=True))
    each = [
        f'("_partition" = {number} AND "_offset" >= {start} AND "_offset" < {end})' for number, (start, end) in bounds
    ]

    def query(files: Sequence[str]) -> str:
        return all_rows(written, files, f"({' OR '.join(each)})")

    with reading(storage, written, query, schema_of(written)) as batches:
        for batch in batches:
            window.take(pa.Table.from_batches([batch]))
    return window


def _as_written(group: Group) -> Group:
    """The same group, in which a column that a row was written without is null."""
    growth = [
        Growth(schema_id=one.schema_id, features=tuple(replace(feature, default=None) for feature in one.features))
        for one in group.growth
    ]
    return replace(group, growth=tuple(growth))
