"""The point-in-time join written for reading, not for speed: what every faster one must equal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace_events.feature_view import FeatureViewCreated
from headrace_projections.rows.groups import Group


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


def look_up(rows: Sequence[Row], group: Group, keys: Mapping[str, Any], time: int) -> Mapping[str, Any] | None:
    """The values that count for these keys at that time, or None."""
    if any(value is None for value in keys.values()):
        return None
    same = [row for row in rows if all(row.values[name] == value for name, value in keys.items()) and row.time <= time]
    found = last(same)
    if found is None or found.delete:
        return None
    if group.ttl_seconds is not None and found.time < time - group.ttl_seconds * 1_000_000:
        return None
    return found.values


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
        kept = True
        for join in view.joins:
            keys = {pair.right: example.values[pair.left] for pair in join.on}
            found = look_up(rows[join.selection.group], groups[join.selection.group], keys, example.time)
            kept = kept and (found is not None or join.kind == "left")
            for name in join.selection.features:
                values[join.selection.prefix + name] = None if found is None else found[name]
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
    """The features, without labels, that count for the entry at that time."""
    root = groups[view.root.group]
    own = look_up(rows[root.name], root, entry, time)
    values = {view.root.prefix + name: own[name] if own else None for name in view.root.features}
    for join in view.joins:
        keys = {pair.right: own[pair.left] if own else None for pair in join.on}
        found = look_up(rows[join.selection.group], groups[join.selection.group], keys, time)
        for name in join.selection.features:
            values[join.selection.prefix + name] = None if found is None else found[name]
    return {name: value for name, value in values.items() if name not in view.labels}
