"""Rows that were read off external groups, as the history of groups: counted, hashed, and joined like any others.

A reading is a Parquet file of the columns that the view needs, in whatever order the database gave its rows. A row's
known-at is the column that the group declares for it; without one it was always known. A group without event time has
the known-at in its place, so without both its rows are as of 1970-01-01.
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import reduce
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from headrace_broker.artifacts import Artifacts
from headrace_broker.errors import Corrupt, Missing
from headrace_broker.errors import Unavailable as BrokerUnavailable
from headrace_events.external_feature_group import ExternalFeatureGroupCreated
from headrace_events.external_reading import ExternalReading, GivenReading
from headrace_events.feature_view import FeatureViewCreated, selections
from headrace_processors.training.requests import AnyGroup
from headrace_projections.history.columns import literal, quoted, types_of
from headrace_projections.history.engine import Engine
from headrace_projections.history.errors import Impossible, Unavailable
from headrace_projections.history.filters import filtered_columns
from headrace_projections.history.hashing import DatasetHash
from headrace_projections.history.view import GroupHistory, StoredFile, arrow_schema
from headrace_projections.rows.groups import Group

_KNOWN_AT = pa.field("_known_at", pa.timestamp("us", tz="UTC"))
_PLACED = [
    _KNOWN_AT,
    pa.field("_partition", pa.int32()),
    pa.field("_offset", pa.int64()),
    pa.field("_operation", pa.string()),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A reading as rows that are joined, and what there is to say of it."""

    history: GroupHistory
    reading: ExternalReading


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """The readings of a project, as its members stored them; `folder` keeps their rows while they are joined."""

    project: str
    artifacts: Artifacts
    engine: Engine
    folder: Path

    def take(
        self, view: FeatureViewCreated, groups: Sequence[AnyGroup], given: Iterable[GivenReading]
    ) -> dict[tuple[str, int], Taken]:
        """Name and version → the reading of each external group of the view.

        Raises Impossible where a file is not there or is no such reading, Unavailable.
        """
        external = {(one.name, one.version): one for one in groups if isinstance(one, ExternalFeatureGroupCreated)}
        taken = {}
        for number, reading in enumerate(given):
            group = external[reading.group, reading.version]
            path = self.folder / f"{number}.read"
            self._fetch(group, reading, path)
            taken[group.name, group.version] = self._taken(group, needed(view, groups, group), reading, path)
            path.unlink()
        return taken

    def _fetch(self, group: ExternalFeatureGroupCreated, given: GivenReading, path: Path) -> None:
        try:
            self.artifacts.fetch(self.project, given.sha256, path)
        except (Missing, Corrupt) as error:
            raise Impossible(
                f"reading-missing: what was read of {group.name!r} is not stored (any more): {error}"
            ) from None
        except BrokerUnavailable as error:
            raise Unavailable(str(error)) from error

    def _taken(
        self, group: ExternalFeatureGroupCreated, columns: Mapping[str, str], given: GivenReading, path: Path
    ) -> Taken:
        schema = arrow_schema(columns)
        _check_columns(group, schema, path)
        hashed = DatasetHash(schema)
        order = [*group.primary_key, *(name for name in (group.event_time, group.known_at) if name is not None)]
        with closing(_sorted(path, schema, order, self.engine)) as batches:
            rows = _written(group, hashed.split("rows", batches), order, path.with_suffix(".parquet"))
        reading = ExternalReading(
            group=group.name,
            version=group.version,
            storage_connector=group.storage_connector,
            query_sha256=sha256(group.query.encode()).hexdigest(),
            sha256=given.sha256,
            rows=rows,
            hash=hashed.hexdigest(),
            read_at=given.read_at,
        )
        file = StoredFile(path=str(path.with_suffix(".parquet")))
        of = _as_group(self.project, group)
        return Taken(history=GroupHistory(group=of, files=(file,) if rows else (), ends={0: rows}), reading=reading)


def needed(view: FeatureViewCreated, groups: Sequence[AnyGroup], group: ExternalFeatureGroupCreated) -> dict[str, str]:
    """The columns of the group that the view needs → their types, in the group's order."""
    wanted = {*group.primary_key} | {name for name in (group.event_time, group.known_at) if name is not None}
    for number, (selection, found) in enumerate(zip(selections(view), groups, strict=True)):
        if found is group:
            wanted |= {*selection.features, *filtered_columns(view.filters, number - 1 if number else None)}
            wanted |= {pair.left for join in view.joins for pair in join.on} if number == 0 else set()
    return {name: kind for name, kind in types_of(group.columns).items() if name in wanted}


def _check_columns(group: ExternalFeatureGroupCreated, schema: pa.Schema, path: Path) -> None:
    try:
        found = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise Impossible(f"invalid-reading: what was read of {group.name!r} is no Parquet file: {error}") from None
    for column in schema:
        there = found.field(column.name).type if column.name in found.names else None
        if there != column.type:
            raise Impossible(
                f"invalid-reading: what was read of {group.name!r} has {column.name!r} as {there or 'no column'},"
                f" and the view needs {column.type}"
            )


def _sorted(
    path: Path, schema: pa.Schema, order: Sequence[str], engine: Engine
) -> Generator[pa.RecordBatch, None, None]:
    columns = ", ".join(map(quoted, schema.names))
    query = f"SELECT {columns} FROM read_parquet({literal(str(path))}) ORDER BY {', '.join(map(quoted, order))}"
    with engine.stream(query, schema) as batches:
        yield from batches


def _written(
    group: ExternalFeatureGroupCreated, batches: Iterable[pa.RecordBatch], order: Sequence[str], path: Path
) -> int:
    """Write the rows as an offline table has them; how many there are.

    Raises Impossible where one lacks what it is told by, or two are one row.
    """
    rows, last, writer = 0, None, None
    try:
        for batch in batches:
            told = pa.Table.from_batches([batch]).select(order)
            _check_rows(group, told if last is None else pa.concat_tables([last, told]))
            last = told.slice(told.num_rows - 1)
            placed = _placed(group, batch, rows)
            writer = writer or pq.ParquetWriter(path, placed.schema, compression="lz4")
            writer.write_batch(placed)
            rows += batch.num_rows
    finally:
        if writer is not None:
            writer.close()
    return rows


def _check_rows(group: ExternalFeatureGroupCreated, told: pa.Table) -> None:
    """Raise Impossible where one of the rows, which are in order, lacks a value, or is the one before it again."""
    for name, column in zip(told.column_names, told.columns, strict=True):
        if column.null_count:
            raise Impossible(f"invalid-reading: a row of {group.name!r} has no {name!r}")
    pairs = (
        (column.slice(1), column.slice(0, told.num_rows - 1))
        for column in (chunked.combine_chunks() for chunked in told.columns)
    )
    again = pc.index(reduce(pc.and_, (pc.equal(*pair) for pair in pairs)), True).as_py()
    if again >= 0:
        raise Impossible(
            f"external-rows-twice: the query of {group.name!r} gives two rows of {told.slice(again, 1).to_pylist()[0]},"
            " and which one counts is not known: let it give one"
        )


def _placed(group: ExternalFeatureGroupCreated, batch: pa.RecordBatch, first: int) -> pa.RecordBatch:
    count = batch.num_rows
    known = (
        batch.column(group.known_at) if group.known_at is not None else pa.repeat(pa.scalar(0, _KNOWN_AT.type), count)
    )
    columns = [
        known,
        pa.repeat(pa.scalar(0, pa.int32()), count),
        pa.array(range(first, first + count), pa.int64()),
        pa.repeat(pa.scalar("upsert", pa.string()), count),
    ]
    return pa.RecordBatch.from_arrays([*batch.columns, *columns], schema=pa.schema([*batch.schema, *_PLACED]))


def _as_group(project: str, group: ExternalFeatureGroupCreated) -> Group:
    """The group as those whose rows are on a topic, with a partition that no topic has."""
    return Group(
        project=project,
        name=group.name,
        version=group.version,
        columns=group.columns,
        primary_key=group.primary_key,
        event_time=group.event_time,
        online=False,
        offline=True,
        ttl_seconds=None,
        subject="",
        topic="",
        topic_id="",
        partitions=1,
    )
