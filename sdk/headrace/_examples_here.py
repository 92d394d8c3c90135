"""Training data that is joined where it is read, for views with external groups: no server opens those databases.

An example is a row of the root group, of each key and event time the last version. From each joined group it sees the
last row of its key by (event time, known-at, offset) whose event time is not after its own; nulls where there is none,
where that row is a delete, or where it is older than the group's time to live or the join's lookback.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace._errors import Failed

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRows:
    """All rows of a group in memory, as an Arrow table; `_operation`, `_known_at` and `_offset` are a log's, if any."""

    name: str
    table: Any
    primary_key: Sequence[str]
    event_time: str | None
    ttl_seconds: int | None = None

    def versions(self) -> dict[Key, list[tuple[int, int]]]:
        """Key → event time (microseconds) and place of each row that counts there, in the order of event time.

        Raises:
            Failed: two rows that no log has put in order have one key and event time.
        """
        logged = "_operation" in self.table.column_names
        order = self._order(logged=logged)
        found: dict[Key, list[tuple[int, int]]] = {}
        keys = self.keys(self.primary_key)
        times = self.times()
        for place in order:
            rows = found.setdefault(keys[place], [])
            if rows and rows[-1][0] == times[place]:
                if not logged:
                    raise Failed(
                        f"the query of {self.name!r} gives two rows of key {keys[place]} and one event time, and which"
                        " one counts is not known: let it give one",
                        code="external-rows-twice",
                    )
                rows.pop()
            rows.append((times[place], place))
        return found

    def keys(self, columns: Sequence[str]) -> list[Key]:
        """The values of these columns, row by row."""
        return list(zip(*(self.table[name].to_pylist() for name in columns), strict=True))

    def times(self) -> list[int]:
        """Event times in microseconds; 0 of a group that has none."""
        if self.event_time is None:
            return [0] * self.table.num_rows
        return _micros(self.table[self.event_time])

    def gone(self) -> list[bool]:
        """Whether each row is a delete."""
        if "_operation" not in self.table.column_names:
            return [False] * self.table.num_rows
        return [operation == "delete" for operation in self.table["_operation"].to_pylist()]

    def _order(self, *, logged: bool) -> list[int]:
        times = self.times()
        if not logged:
            return sorted(range(len(times)), key=times.__getitem__)
        known, offsets = _micros(self.table["_known_at"]), self.table["_offset"].to_pylist()
        return sorted(range(len(times)), key=lambda place: (times[place], known[place], offsets[place]))


def examples(
    view: Mapping[str, Any], root: GroupRows, joined: Sequence[GroupRows], start: int | None, end: int | None
) -> Any:
    """The examples of a view (as the API has it) with event time in [start, end), by key and event time; Arrow's."""
    import pyarrow as pa  # noqa: PLC0415 - only frames need it

    gone = root.gone()
    chosen = [
        (key, time, place)
        for key, rows in root.versions().items()
        for time, place in rows
        if not gone[place] and (start is None or time >= start) and (end is None or time < end)
    ]
    chosen.sort(key=lambda one: (one[0], one[1]))
    times = [time for _, time, _ in chosen]
    taken: list[tuple[Mapping[str, Any], Any, list[int | None]]] = [
        (view["root"], root.table, [place for _, _, place in chosen])
    ]
    kept = [True] * len(chosen)
    for join, group in zip(view["joins"], joined, strict=True):
        lefts = root.keys([pair["left"] for pair in join["on"]])
        wanted = [lefts[place] for _, _, place in chosen]
        places = _seen(group, [pair["right"] for pair in join["on"]], wanted, times, join["lookback_seconds"])
        if join["kind"] == "inner":
            kept = [before and place is not None for before, place in zip(kept, places, strict=True)]
        taken.append((join["selection"], group.table, places))
    names, columns = [], []
    for selection, table, places in taken:
        rows = pa.array([place for place, keep in zip(places, kept, strict=True) if keep], pa.int64())
        for feature in selection["features"]:
            names.append(selection["prefix"] + feature)
            columns.append(table[feature].combine_chunks().take(rows))
    return pa.table(columns, names=names)


def _seen(
    group: GroupRows, rights: Sequence[str], wanted: Sequence[Key], times: Sequence[int], lookback: int | None
) -> list[int | None]:
    """For each example, by its key in the order of `rights` and its time, the place of the row it sees."""
    order = [list(rights).index(name) for name in group.primary_key]
    versions, gone = group.versions(), group.gone()
    bounds = [seconds * 1_000_000 for seconds in (lookback, group.ttl_seconds) if seconds is not None]
    oldest = min(bounds, default=None)
    found: list[int | None] = []
    for key, time in zip(wanted, times, strict=True):
        rows = versions.get(tuple(key[place] for place in order), [])
        last = bisect_right(rows, time, key=lambda row: row[0]) - 1
        counts = last >= 0 and not gone[rows[last][1]] and (oldest is None or rows[last][0] >= time - oldest)
        found.append(rows[last][1] if counts else None)
    return found


def _micros(column: Any) -> list[int]:
    import pyarrow as pa  # noqa: PLC0415 - only frames need it

    found: list[int] = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_pylist()
    return found
