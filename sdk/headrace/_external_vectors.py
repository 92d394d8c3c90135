"""Vectors of views with external groups: what is stored is read online, the rest is asked of the other databases now.

As in the online store, an entity has the last row of its key by event time and known-at, however late that is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from headrace._errors import Invalid
from headrace._read_feature_group import Vector
from headrace._view_columns import ViewColumns

Entry = Mapping[str, Any]
_NOTHING = Vector(status="missing", values={})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A group of the view: what is selected of it, how it is joined (the root is not), and which columns are shown."""

    selection: Mapping[str, Any]
    join: Mapping[str, Any] | None
    shown: Mapping[str, str]


def looked_up(
    columns: ViewColumns, entries: Sequence[Entry], passed: Sequence[Entry], shown: set[str]
) -> dict[str, Any]:
    """The vectors of the entries, of the columns `shown` of the view, as the API answers.

    Raises:
        Invalid: an entry names what names no row, or a part of a key; what is passed is no column.
        Failed: another database cannot be asked.
    """
    if passed and len(passed) != len(entries):
        raise Invalid("give passed features for every entry, or for none", code="invalid-passed-features")
    view = columns.view
    root, *joined = _parts(view, shown)
    lefts = {pair["left"] for join in view["joins"] for pair in join["on"]}
    known = lefts | {*columns.primary_key}
    for entry in entries:
        if strange := sorted(entry.keys() - known):
            raise Invalid(f"an entry names {strange[0]!r}; use {', '.join(sorted(known))}", code="unknown-key")
    root_keys = [_root_key(columns.primary_key, lefts, entry) for entry in entries]
    roots = _read(columns, root, root_keys)
    found = [roots]
    rows = [None if key is None else row for key, row in zip(root_keys, roots, strict=True)]
    for part in joined:
        keys = [_joined_key(part, entry, row) for entry, row in zip(entries, rows, strict=True)]
        found.append(_young_enough(part, _read(columns, part, keys)))
    given: Sequence[Entry] = passed or [{}] * len(entries)
    names = [name for part in (root, *joined) for name in part.shown.values()]
    vectors = [
        _assembled([root, *joined], of, names, features)
        for of, features in zip(zip(*found, strict=True), given, strict=True)
    ]
    return {"features": names, "vectors": vectors}


def _parts(view: Mapping[str, Any], shown: set[str]) -> list[_Part]:
    def part(selection: Mapping[str, Any], join: Mapping[str, Any] | None) -> _Part:
        named = {feature: selection["prefix"] + feature for feature in selection["features"]}
        return _Part(
            selection=selection, join=join, shown={column: name for column, name in named.items() if name in shown}
        )

    joined = [part(join["selection"], join) for join in view["joins"]]
    return [part(view["root"], None), *(one for one in joined if one.shown)]


def _read(columns: ViewColumns, part: _Part, keys: Sequence[Entry | None]) -> list[Vector]:
    """The vector of each key, in order; keys that come twice are asked for once."""
    asked = {tuple(key.values()): key for key in keys if key is not None}
    found = dict(zip(asked, columns.vectors(part.selection, list(asked.values())), strict=True)) if asked else {}
    return [_NOTHING if key is None else found[tuple(key.values())] for key in keys]


def _root_key(primary_key: Sequence[str], lefts: Iterable[str], entry: Entry) -> Entry | None:
    """The root's key, or None where the entry names no more of it than joins go by."""
    named = {name for name in primary_key if entry.get(name) is not None}
    if len(named) < len(primary_key):
        if named - {*lefts}:
            missing = ", ".join(name for name in primary_key if name not in named)
            raise Invalid(f"name the whole key, or nothing of it: {missing} is missing", code="missing-key")
        return None
    return {name: entry[name] for name in primary_key}


def _joined_key(part: _Part, entry: Entry, root: Vector | None) -> Entry | None:
    """The key by which a group is joined; where no root was asked for, the entry names it whole or not at all."""
    pairs = part.join["on"] if part.join is not None else ()
    key = {pair["right"]: entry.get(pair["left"]) for pair in pairs}
    if root is not None:
        stored = {pair["right"]: root.values.get(pair["left"]) for pair in pairs}
        key = {name: stored[name] if value is None else value for name, value in key.items()}
    lacking = [pair["left"] for pair in pairs if key[pair["right"]] is None]
    if not lacking:
        return key
    if root is None and len(lacking) < len(key):
        name, missing = part.selection["group"], ", ".join(lacking)
        raise Invalid(
            f"name the whole key by which {name!r} is joined, or nothing of it: {missing} is missing",
            code="missing-key",
        )
    return None


def _young_enough(part: _Part, vectors: Sequence[Vector]) -> list[Vector]:
    """The vectors; in the place of those that are older than the join looks back, that they are expired."""
    lookback = part.join["lookback_seconds"] if part.join is not None else None
    if lookback is None:
        return list(vectors)
    oldest = datetime.now(UTC) - timedelta(seconds=lookback)
    return [
        Vector(status="expired", values={}, event_time=one.event_time)
        if one.status == "found" and one.event_time is not None and one.event_time < oldest
        else one
        for one in vectors
    ]


def _assembled(parts: Sequence[_Part], found: Sequence[Vector], names: Sequence[str], passed: Entry) -> dict[str, Any]:
    values = [vector.values.get(column) for part, vector in zip(parts, found, strict=True) for column in part.shown]
    statuses = [vector.status for part, vector in zip(parts, found, strict=True) for _ in part.shown]
    for name, value in passed.items():
        if name not in names:
            raise Invalid(f"the view has no feature {name!r} to pass", code="unknown-feature")
        values[names.index(name)], statuses[names.index(name)] = value, "passed"
    there = statuses.count("found") + statuses.count("passed")
    status = "complete" if there == len(statuses) else "partial" if there else "missing"
    return {"status": status, "values": values, "statuses": statuses}
