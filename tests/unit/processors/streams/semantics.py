"""What a streaming feature group holds, said slowly: every window of every entity is looked through, row by row."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from headrace_events.streaming_windows import Aggregation, seconds_of

SECOND = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A record of the source: a row of `key`, or (without values) its removal as of that time. Times are in µs."""

    key: str
    time: int
    known_at: int
    offset: int
    entity: str | None = None
    values: Mapping[str, float | None] = field(default_factory=dict)
    removed: bool = False


def counting(records: Iterable[Said]) -> list[Said]:
    """The rows that count: of one key and time the last by (known-at, offset), unless a later removal hides it."""
    last: dict[tuple[str, int], Said] = {}
    for one in sorted(records, key=lambda one: (one.known_at, one.offset)):
        last[one.key, one.time] = one
    return [
        row
        for row in last.values()
        if not row.removed
        and row.entity is not None
        and not any(gone.removed and gone.key == row.key and gone.time > row.time for gone in records)
    ]


def windows(
    records: Sequence[Said], aggregations: Sequence[Aggregation], slide: int, until: int
) -> dict[tuple[str, int], dict[str, float | int | None]]:
    """By entity and end (µs), up to `until`: the features where a window holds a row, or has just lost its last one."""
    rows = counting(records)
    step = slide * SECOND
    longest = max(seconds_of(one.over) for one in aggregations) * SECOND
    found: dict[tuple[str, int], dict[str, float | int | None]] = {}
    for entity in {row.entity for row in rows if row.entity is not None}:
        mine = [row for row in rows if row.entity == entity]
        first = min(row.time for row in mine) // step * step
        for end in range(first, until + 1, step):
            if any(end - longest - step <= row.time < end for row in mine):
                found[entity, end] = {one.name: feature(one, mine, end) for one in aggregations}
    return found


def feature(one: Aggregation, rows: Iterable[Said], end: int) -> float | int | None:
    """The value at that end."""
    inside = [row for row in rows if end - seconds_of(one.over) * SECOND <= row.time < end]
    if one.column is None:
        return len(inside)
    held = [value for row in inside if (value := row.values[one.column]) is not None and math.isfinite(value)]
    if one.function == "count":
        return len(held)
    if not held:
        return None
    mean = sum(held) / len(held)
    return {
        "sum": sum(held),
        "mean": mean,
        "min": min(held),
        "max": max(held),
        "stddev": math.sqrt(sum((value - mean) ** 2 for value in held) / len(held)),
    }[one.function]
