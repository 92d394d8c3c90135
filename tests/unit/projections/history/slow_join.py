"""The point-in-time join written for reading, not for speed: what every faster one must equal."""

from __future__ import annotations

import base64
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from headrace_events.feature_filter import Condition
from headrace_events.feature_view import FeatureViewCreated, Join
from headrace_projections.rows.groups import Group

_COMPARE = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TEXTS: Mapping[str, Callable[[str], Any]] = {
    "boolean": lambda text: text == "true",
    "int": int,
    "bigint": int,
    "float": lambda text: float(np.float32(text)),
    "double": float,
    "string": str,
    "binary": base64.b64decode,
    "date": date.fromisoformat,
    "timestamp": lambda text: (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1),
}
"""Feature type → what a filter's text says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record of a feature group's topic, as the offline table holds it."""

    values: Mapping[str, Any]
    time: int
    known_at: int
    offset: int
    partition: int = 0
    delete: bool = False

    @property
    def order(self) -> tuple[int, int, int, int]:
        """What decides which of two rows is the later."""
        return (self.time, self.known_at, self.offset, self.partition)


def last(rows: Iterable[Row]) -> Row | None:
    return max(rows, key=lambda row: row.order, default=None)


def visible(rows: Iterable[Row], ends: Mapping[int, int]) -> list[Row]:
    return [row for row in rows if row.offset < ends.get(row.partition, 0)]


def key_of(row: Row, columns: Iterable[str]) -> tuple[Any, ...]:
    return tuple(row.values[name] for name in columns)


def look_up(
    rows: Sequence[Row],
    group: Group,
    keys: Mapping[str, Any],
    time: int,
    *,
    lookback: int | None = None,
    known_at: bool = False,
) -> Mapping[str, Any] | None:
    """The values that count for these keys at that time, or None."""
    if any(value is None for value in keys.values()):
        return None
    same = [row for row in rows if all(row.values[name] == value for name, value in keys.items()) and row.time <= time]
    found = last(row for row in same if row.known_at <= time or not known_at)
    if found is None or found.delete:
        return None
    for seconds in (group.ttl_seconds, lookback):
        if seconds is not None and found.time < time - seconds * 1_000_000:
            return None
    return found.values


def holds(condition: Condition, values: Mapping[str, Any] | None, kind: str) -> bool:
    """Whether a condition is true of what an example has or sees."""
    value = None if values is None else values[condition.column]
    if condition.operator in {"is null", "is not null"}:
        return (value is None) == (condition.operator == "is null")
    if value is None:
        return False
    asked = [TEXTS[kind](text) for text in condition.values]
    if condition.operator in {"in", "not in"}:
        return (value in asked) == (condition.operator == "in")
    return bool(_COMPARE[condition.operator](value, asked[0]))


def slow_examples(
    view: FeatureViewCreated,
    groups: Mapping[str, Group],
    rows: Mapping[str, Sequence[Row]],
    start: int,
    end: int,
) -> list[dict[str, Any]]:
    """The training rows with event time in [start, end), sorted by key and event time."""
    root = groups[view.root.group]
    versions: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows[root.name]:
        versions.setdefault((*key_of(row, root.primary_key), row.time), []).append(row)
    made = []
    for identity in sorted(versions):
        example = last(versions[identity])
        assert example is not None
        if example.delete or not start <= example.time < end:
            continue
        values = {view.root.prefix + name: example.values[name] for name in view.root.features}
        seen = [_joined(view, join, groups, rows, example.values, example.time) for join in view.joins]
        kept = all(found is not None or join.kind == "left" for join, found in zip(view.joins, seen, strict=True))
        for join, found in zip(view.joins, seen, strict=True):
            for name in join.selection.features:
                values[join.selection.prefix + name] = None if found is None else found[name]
        for part in view.filters:
            kept = kept and any(_holds(view, groups, condition, example.values, seen) for condition in part.any_of)
        values |= {f"_key_{name}": example.values[name] for name in root.primary_key}
        if kept:
            made.append(values | {"_event_time": example.time})
    return made


def slow_vector(
    view: FeatureViewCreated,
    groups: Mapping[str, Group],
    rows: Mapping[str, Sequence[Row]],
    entry: Mapping[str, Any],
    time: int,
) -> dict[str, Any]:
    """The features, without labels and helpers, that count for the entry at that time."""
    root = groups[view.root.group]
    own = look_up(rows[root.name], root, entry, time, known_at=view.known_at)
    values = {view.root.prefix + name: own[name] if own else None for name in view.root.features}
    for join in view.joins:
        found = _joined(view, join, groups, rows, own, time)
        for name in join.selection.features:
            values[join.selection.prefix + name] = None if found is None else found[name]
    return {name: value for name, value in values.items() if name not in view.hidden}


def _joined(  # noqa: PLR0917 - all that a join depends on
    view: FeatureViewCreated,
    join: Join,
    groups: Mapping[str, Group],
    rows: Mapping[str, Sequence[Row]],
    own: Mapping[str, Any] | None,
    time: int,
) -> Mapping[str, Any] | None:
    name = join.selection.group
    keys = {pair.right: own[pair.left] if own else None for pair in join.on}
    return look_up(rows[name], groups[name], keys, time, lookback=join.lookback_seconds, known_at=view.known_at)


def _holds(
    view: FeatureViewCreated,
    groups: Mapping[str, Group],
    condition: Condition,
    own: Mapping[str, Any],
    seen: Sequence[Mapping[str, Any] | None],
) -> bool:
    number = condition.join
    group = groups[view.root.group if number is None else view.joins[number].selection.group]
    kind = next(column.type for column in group.columns if column.name == condition.column)
    return holds(condition, own if number is None else seen[number], kind)
