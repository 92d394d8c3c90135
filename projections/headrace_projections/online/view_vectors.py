"""Vectors of feature views: the root's last row, and of every joined group the last row of the key it is joined by."""

import itertools
import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

from headrace_events.errors import Invalid, NotFound
from headrace_events.external_feature_group import IsExternal
from headrace_events.feature_view import GroupSelection, Join, borrowed, columns
from headrace_events.shared import Shared
from headrace_projections.catalogue.queries.external_feature_groups import external_feature_groups
from headrace_projections.catalogue.queries.feature_views import FeatureViewRow, feature_views
from headrace_projections.catalogue.queries.sharing import must_be_open_to
from headrace_projections.online.queries import OnlineReader, ReadableGroup, Status, Vector

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewFeature:
    """A feature of a view: its name and type there, and the group that gives it, with its place among the groups."""

    name: str
    type: str
    group: str
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewVector:
    """The features of one entry in the view's order; status is complete, partial or missing.

    `groups` are the vectors of the groups that they come from.
    """

    status: str
    values: tuple[Any, ...]
    statuses: tuple[Status, ...]
    groups: tuple[Vector, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewVectors:
    """Vectors of many entries; labels are left out."""

    columns: tuple[ViewFeature, ...]
    vectors: tuple[ViewVector, ...]

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the features, in order."""
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True, kw_only=True)
class ReadablePart:
    """A group that gives features: which, under which names, and how its key is found."""

    readable: ReadableGroup
    features: tuple[tuple[str, str], ...]
    join: Join | None = None

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The group's columns that give the features."""
        return tuple(column for column, _ in self.features)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadableView:
    """The parts, the root's first; `known` is what an entry may name."""

    parts: tuple[ReadablePart, ...]
    columns: tuple[ViewFeature, ...]
    places: Mapping[str, int]
    lefts: frozenset[str]
    known: frozenset[str]
    borrowed: tuple[Shared, ...]


LOOKED_UP = "no server opens that; the SDK looks its rows up, or pass its features"
KEPT_S = 1.0
"""How long a view is taken to be there without asking: it never changes, and may be deleted."""


class ViewReader:
    """Reads vectors of views through an OnlineReader.

    With `helpers` it reads inference helpers in the place of features.
    """

    def __init__(self, reader: OnlineReader, *, helpers: bool = False) -> None:
        self._reader = reader
        self._helpers = helpers
        self._views: dict[tuple[str, str, int], ReadableView] = {}
        self._until: dict[tuple[str, str, int], float] = {}

    async def vectors(
        self, project: str, name: str, version: int, entries: Sequence[Entry], passed: Sequence[Entry] = ()
    ) -> ViewVectors:
        """The vector of each entry, in order.

        An entry names the root's primary key, or the root's columns that a join goes by, or both; what it names itself
        goes before what the root's row says. A key of several columns is named whole or not at all. `passed` holds,
        for each entry, features that the caller knows better. Raises NotFound (also where a group is another project's
        and not shared any more), Invalid, IsExternal.
        """
        view = await self.view(project, name, version)
        await must_be_open_to(self._reader.pool, project, view.borrowed)
        if passed and len(passed) != len(entries):
            raise Invalid("invalid-passed-features", "give passed features for every entry, or for none")
        for entry in entries:
            if not entry.keys() <= view.known:
                strange = min(entry.keys() - view.known)
                raise Invalid("unknown-key", f"an entry names {strange!r}; use {', '.join(sorted(view.known))}")
        given: Sequence[Entry] = passed or [{}] * len(entries)
        groups = await self._groups(view, entries)
        vectors = tuple(_assembled(view, found, of) for found, of in zip(groups, given, strict=True))
        return ViewVectors(columns=view.columns, vectors=vectors)

    async def _groups(self, view: ReadableView, entries: Sequence[Entry]) -> list[tuple[Vector, ...]]:
        """For each entry the vectors of all groups: asked for at once, but for those whose key is in the root's row."""
        parts = view.parts
        root_keys = [root_key(view, entry) for entry in entries]
        first = [place for place in range(1, len(parts)) if _named(parts[place], entries)]
        then = [place for place in range(1, len(parts)) if place not in first]
        async with self._reader.pool.connection() as connection:
            wanted = [(parts[place].readable, _joined_keys(parts[place], entries)) for place in first]
            roots, *found = await self._reader.read(connection, [(parts[0].readable, root_keys), *wanted])
            known = [None if key is None else row for key, row in zip(root_keys, roots, strict=True)]
            wanted = [(parts[place].readable, _joined_keys(parts[place], entries, known)) for place in then]
            found += await self._reader.read(connection, wanted)
        of = dict(zip([0, *first, *then], [roots, *found], strict=True))
        young = (_young_enough(part, of[place]) for place, part in enumerate(parts))
        return list(zip(*young, strict=True))

    async def view(self, project: str, name: str, version: int) -> ReadableView:
        """What reading the view takes to know; raises NotFound."""
        at, now = (project, name, version), time.monotonic()
        found = self._views.get(at)
        if found is not None and now < self._until[at]:
            return found
        rows = await feature_views(self._reader.pool, project, name, version)
        if not rows:
            self._views.pop(at, None)
            raise NotFound("feature view", f"{name} version {version}")
        if found is None:
            found = self._views[at] = await self._readable(project, rows[0])
        self._until[at] = now + KEPT_S
        return found

    async def _readable(self, project: str, row: FeatureViewRow) -> ReadableView:
        names = columns(row.root, row.joins)
        left_out = row.hidden if not self._helpers else set(names) - set(row.inference_helpers)
        root = await self._part(project, row.root, left_out, None)
        joined = [
            await self._part(project, join.selection, left_out, join)
            for join in row.joins
            if _features(join.selection, left_out)
        ]
        answered = tuple(column for place, part in enumerate((root, *joined)) for column in _columns(part, place))
        lefts = frozenset(pair.left for join in row.joins for pair in join.on)
        return ReadableView(
            parts=(root, *joined),
            columns=answered,
            places={column.name: place for place, column in enumerate(answered)},
            lefts=lefts,
            known=lefts.union(root.readable.group.primary_key),
            borrowed=borrowed((row.root, *(join.selection for join in row.joins))),
        )

    async def _part(
        self, project: str, selection: GroupSelection, left_out: Set[str], join: Join | None
    ) -> ReadablePart:
        home, having = selection.home(project), selection.features
        try:
            readable = await self._reader.group(home, selection.group, selection.version, having)
        except NotFound:
            if await external_feature_groups(self._reader.pool, project, selection.group, selection.version):
                raise IsExternal(selection.group, selection.version, LOOKED_UP) from None
            raise
        return ReadablePart(readable=readable, features=_features(selection, left_out), join=join)


def _features(selection: GroupSelection, left_out: Set[str]) -> tuple[tuple[str, str], ...]:
    """Column → name in the view, of those that are not left out."""
    named = ((feature, selection.prefix + feature) for feature in selection.features)
    return tuple((feature, name) for feature, name in named if name not in left_out)


def _young_enough(part: ReadablePart, vectors: Sequence[Vector]) -> Sequence[Vector]:
    """The vectors; in the place of those that are older than the join looks back, that they are expired."""
    lookback = part.join.lookback_seconds if part.join is not None else None
    if lookback is None:
        return vectors
    now, longest = datetime.now(UTC), timedelta(seconds=lookback)
    return [
        Vector(status=Status.EXPIRED, event_time=vector.event_time)
        if vector.status is Status.FOUND and vector.event_time is not None and now - vector.event_time > longest
        else vector
        for vector in vectors
    ]


def _columns(part: ReadablePart, place: int) -> list[ViewFeature]:
    group = part.readable.group
    types = {column.name: column.type for column in group.columns}
    return [ViewFeature(name=name, type=types[column], group=group.name, place=place) for column, name in part.features]


def root_key(view: ReadableView, entry: Entry) -> bytes | None:
    """The root's key, or None where the entry names no more of it than joins go by; raises Invalid."""
    readable = view.parts[0].readable
    names = readable.group.primary_key
    named = [name for name in names if entry.get(name) is not None]
    if len(named) == len(names) or not view.lefts.issuperset(named):
        return readable.key(entry)
    return None


def _named(part: ReadablePart, entries: Sequence[Entry]) -> bool:
    """Whether every entry names the whole key by which the group is joined, so that no root has to be read first."""
    assert part.join is not None  # noqa: S101 - only joined groups are asked
    return all(entry.get(pair.left) is not None for entry in entries for pair in part.join.on)


def _joined_keys(
    part: ReadablePart, entries: Sequence[Entry], roots: Sequence[Vector | None] | None = None
) -> list[bytes | None]:
    known = roots or itertools.repeat(None, len(entries))
    return [_joined_key(part, entry, root) for entry, root in zip(entries, known, strict=True)]


def _joined_key(part: ReadablePart, entry: Entry, root: Vector | None) -> bytes | None:
    """The key by which a group is joined; where no root was asked for, the entry names it whole or not at all."""
    assert part.join is not None  # noqa: S101 - only joined groups are asked
    given = {pair.right: entry.get(pair.left) for pair in part.join.on}
    if None not in given.values():
        return part.readable.key(given)
    if root is not None:
        stored = {pair.right: root.values.get(pair.left) for pair in part.join.on}
        given = {name: stored[name] if value is None else value for name, value in given.items()}
        if any(value is None for value in given.values()):
            return None
    elif all(value is None for value in given.values()):
        return None
    elif lacking := [pair.left for pair in part.join.on if given[pair.right] is None]:
        group, missing = part.readable.group.name, ", ".join(lacking)
        message = f"name the whole key by which {group!r} is joined, or nothing of it: {missing} is missing"
        raise Invalid("missing-key", message, {"missing": missing})
    return part.readable.key(given)


def _assembled(view: ReadableView, groups: tuple[Vector, ...], passed: Entry) -> ViewVector:
    values: list[Any] = []
    for part, vector in zip(view.parts, groups, strict=True):
        values += map(vector.values.get, part.columns)
    sizes = tuple(len(part.columns) for part in view.parts)
    whole, statuses = said_of(tuple(vector.status for vector in groups), sizes)
    if passed:
        changed = list(statuses)
        for name, value in passed.items():
            place = view.places.get(name)
            if place is None:
                raise Invalid("unknown-feature", f"the view has no feature {name!r} to pass", {"feature": name})
            values[place], changed[place] = value, Status.PASSED
        whole, statuses = status_of(changed), tuple(changed)
    return ViewVector(status=whole, values=tuple(values), statuses=statuses, groups=groups)


@lru_cache(maxsize=4096)
def said_of(statuses: tuple[Status, ...], sizes: tuple[int, ...]) -> tuple[str, tuple[Status, ...]]:
    """The status of a vector whose parts, of so many features each, have these; and that of each feature."""
    each = tuple(status for status, size in zip(statuses, sizes, strict=True) for _ in range(size))
    return status_of(each), each


def status_of(each: Sequence[Status]) -> str:
    """The status of a vector whose features have these."""
    there = each.count(Status.FOUND) + each.count(Status.PASSED)
    return "complete" if there == len(each) else "partial" if there else "missing"
