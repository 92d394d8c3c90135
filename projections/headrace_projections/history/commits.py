"""The commits of a group's offline table: when each was made, where the log was then, and what it changed.

Source of the layout that is read: Delta Lake protocol, "Delta Log Entries" and "Transaction Identifiers". A commit of
rows moves the transaction ids `<topic id>:<partition>` to the next offsets.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, pairwise

import fsspec
import orjson
import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from headrace_projections.history.changes import identity
from headrace_projections.history.engine import Engine
from headrace_projections.history.errors import Unavailable
from headrace_projections.history.moment import before
from headrace_projections.history.positions import Ends, written
from headrace_projections.history.tables import application
from headrace_projections.offline.delta import table_url
from headrace_projections.offline.queries import all_rows, reading
from headrace_projections.rows.groups import Group

_COUNTS = pa.schema([(name, pa.int64()) for name in ("_number", "inserted", "updated", "deleted")])
_BOUNDS = pa.schema([(name, pa.int64()) for name in ("_bounded", "_start", "_number")])
"""Names that no column of a group can have."""
_BEFORE = -1
"""The number of whatever lies before the first commit that is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit of rows; `positions` say where each partition of the topic ended in it."""

    commit_id: int
    time: datetime
    rows_inserted: int
    rows_updated: int
    rows_deleted: int
    positions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A commit of rows as the table's log has it; `moved` names only the partitions that it took further."""

    version: int
    time: datetime
    moved: Ends


def commits(storage: str, group: Group, limit: int, engine: Engine | None = None) -> list[Commit]:
    """The last commits of rows, the newest first, as far back as the table's log reaches. Raises Unavailable."""
    try:
        table = DeltaTable(table_url(storage, group.project, group.name, group.version))
        entries = list(islice(_entries(table, group), limit))[::-1]
        start, entries = _start(table, group, entries)
    except TableNotFoundError:
        return []
    except (DeltaError, OSError, orjson.JSONDecodeError) as error:
        raise Unavailable(f"the offline table of {group.name!r} cannot be read: {error}") from error
    ends = [start]
    for entry in entries:
        ends.append({**ends[-1], **entry.moved})
    counts = _counts(storage, group, ends, engine) if entries else {}
    return [
        _commit(entry, written({group.topic_id: ends[number + 1]}), counts.get(number, (0, 0, 0)))
        for number, entry in reversed(list(enumerate(entries)))
    ]


def _commit(entry: _Entry, positions: tuple[str, ...], counts: tuple[int, int, int]) -> Commit:
    inserted, updated, deleted = counts
    return Commit(
        commit_id=entry.version,
        time=entry.time,
        rows_inserted=inserted,
        rows_updated=updated,
        rows_deleted=deleted,
        positions=positions,
    )


def _entries(table: DeltaTable, group: Group) -> Iterator[_Entry]:
    """The commits of rows, from the last one backwards, until the log has no file for one."""
    names = {application(group, number): number for number in range(group.partitions)}
    files, root = fsspec.core.url_to_fs(table.table_uri)
    for version in range(table.version(), -1, -1):
        path = f"{root.rstrip('/')}/_delta_log/{version:020d}.json"
        try:
            actions = [orjson.loads(line) for line in files.cat_file(path).splitlines() if line]
        except FileNotFoundError:
            return
        moved = {
            names[action["txn"]["appId"]]: int(action["txn"]["version"])
            for action in actions
            if action.get("txn", {}).get("appId") in names
        }
        if moved:
            (millis,) = (action["commitInfo"]["timestamp"] for action in actions if "commitInfo" in action)
            yield _Entry(version=version, time=datetime.fromtimestamp(millis / 1000, UTC), moved=moved)


def _start(table: DeltaTable, group: Group, entries: list[_Entry]) -> tuple[Ends, list[_Entry]]:
    """Where each partition was before the first entry of which the table's log still says so; that entry and later."""
    for number, entry in enumerate(entries):
        try:
            before_it = DeltaTable(table.table_uri, version=entry.version - 1)
        except (DeltaError, OSError):
            continue
        return _positions(before_it, group), entries[number:]
    return _positions(table, group), []


def _positions(table: DeltaTable, group: Group) -> Ends:
    return {number: table.transaction_version(application(group, number)) or 0 for number in range(group.partitions)}


def _counts(
    storage: str, group: Group, ends: Sequence[Ends], engine: Engine | None
) -> Mapping[int, tuple[int, int, int]]:
    """Number of the commit → rows inserted, updated and deleted; `ends[number]` is where that commit began."""
    bounds = [(partition, 0, _BEFORE) for partition, offset in ends[0].items() if offset > 0]
    for number, (earlier, later) in enumerate(pairwise(ends)):
        bounds += [(partition, begin, number) for partition, begin in earlier.items() if later[partition] > begin]
    table = pa.Table.from_pylist([dict(zip(_BOUNDS.names, one, strict=True)) for one in bounds], _BOUNDS)

    def query(files: Sequence[str]) -> str:
        return _count_query(group, files, ends[-1])

    with reading(storage, group, query, _COUNTS, engine, bounds=table) as batches:
        rows = pa.Table.from_batches(batches, _COUNTS).to_pylist()
    return {row["_number"]: (row["inserted"], row["updated"], row["deleted"]) for row in rows}


def _count_query(group: Group, files: Sequence[str], end: Ends) -> str:
    """SQL: of each row and commit the last version, which is a change where it is later than all before it."""
    of_row = identity(group)
    return f"""
        WITH there AS NOT MATERIALIZED (
            SELECT {of_row}, _number, {{'known': _known_at, 'offset': _offset, 'partition': _partition,
                'gone': _operation = 'delete'}} AS _version
            FROM ({all_rows(group, files, before(end))})
            ASOF JOIN bounds ON _partition = _bounded AND _offset >= _start),
        touched AS (SELECT DISTINCT {of_row} FROM there WHERE _number > {_BEFORE}),
        lasts AS (
            SELECT {of_row}, _number, max(_version) AS _version
            FROM there SEMI JOIN touched USING ({of_row}) GROUP BY {of_row}, _number),
        steps AS (
            SELECT _number, _version, max(_version) OVER (PARTITION BY {of_row} ORDER BY _number
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS _was
            FROM lasts)
        SELECT _number,
            count(*) FILTER (WHERE NOT _version.gone AND (_was IS NULL OR _was.gone)) AS inserted,
            count(*) FILTER (WHERE NOT _version.gone AND NOT _was.gone) AS updated,
            count(*) FILTER (WHERE _version.gone) AS deleted
        FROM steps WHERE _number > {_BEFORE} AND (_was IS NULL OR _version > _was) GROUP BY _number"""
