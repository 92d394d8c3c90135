"""Vectors of feature views: the root's last row, and of every joined group the last row of the key it is joined by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace_events.errors import Invalid, NotFound
from headrace_events.feature_view import GroupSelection, Join, borrowed
from headrace_events.shared import Shared
from headrace_projections.catalogue.queries.feature_views import FeatureViewRow, feature_views
from headrace_projections.catalogue.queries.sharing import must_be_open_to
from headrace_projections.online.entities import key_of
from headrace_projections.online.queries import OnlineReader, ReadableGroup, Status, Vector

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewVector:
    """The features of one entry in the view's order; status is complete, partial or missing."""

    status: str
    values: tuple[Any, ...]
    statuses: tuple[Status, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewVectors:
    """Vectors of many entries; labels are left out."""

    features: tuple[str, ...]
    vectors: tuple[ViewVector, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A group that gives features: which, under which names, and how its key is found."""

    readable: ReadableGroup
    features: tuple[tuple[str, str], ...]
    join: Join | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _ReadableView:
    root: _Part
    joined: tuple[_Part, ...]
    features: tuple[str, ...]
    known: frozenset[str]
    borrowed: tuple[Shared, ...]


class ViewReader:
    """Reads vectors of views through an OnlineReader; views never change, so they are asked for once."""

    def __init__(self, reader: OnlineReader) -> None:
        self._reader = reader
        self._views: dict[tuple[str, str, int], _ReadableView] = {}

    async def features(self, project: str, name: str, version: int) -> tuple[str, ...]:
        """The view's features in order, without labels; raises NotFound."""
        return (await self._view(project, name, version)).features

    async def vectors(
        self, project: str, name: str, version: int, entries: Sequence[Entry], passed: Sequence[Entry] = ()
    ) -> ViewVectors:
        """The vector of each entry, in order.

        An entry names the root's primary key, or the root's columns that a join goes by, or both; what it names itself
        goes before what the root's row says. `passed` holds, for each entry, features that the caller knows better.
        Raises NotFound (also where a group is another project's and not shared any more), Invalid.
        """
        view = await self._view(project, name, version)
        await must_be_open_to(self._reader.pool, project, view.borrowed)
        if passed and len(passed) != len(entries):
            raise Invalid("invalid-passed-features", "give passed features for every entry, or for none")
        for entry in entries:
            strange = sorted(set(entry) - view.known)
            if strange:
                raise Invalid("unknown-key", f"an entry names {strange[0]!r}; use {', '.join(sorted(view.known))}")
        root = view.root.readable.group
        async with self._reader.pool.connection() as connection:
            root_keys = [
                key_of(root, entry) if all(entry.get(one) is not None for one in root.primary_key) else None
                for entry in entries
            ]
            roots = await self._reader.read(connection, view.root.readable, root_keys)
            columns = [(view.root, roots)]
            for part in view.joined:
                keys = [_joined_key(part, entry, row) for entry, row in zip(entries, roots, strict=True)]
                columns.append((part, await self._reader.read(connection, part.readable, keys)))
        given = passed or [{}] * len(entries)
        vectors = tuple(
            _assembled(view.features, [(part, found[row]) for part, found in columns], given[row])
            for row in range(len(entries))
        )
        return ViewVectors(features=view.features, vectors=vectors)

    async def _view(self, project: str, name: str, version: int) -> _ReadableView:
        found = self._views.get((project, name, version))
        if found is None:
            rows = await feature_views(self._reader.pool, project, name, version)
            if not rows:
                raise NotFound("feature view", f"{name} version {version}")
            found = self._views[(project, name, version)] = await self._readable(project, rows[0])
        return found

    async def _readable(self, project: str, row: FeatureViewRow) -> _ReadableView:
        root = await self._part(project, row.root, row.labels, None)
        joined = [
            await self._part(project, join.selection, row.labels, join)
            for join in row.joins
            if _features(join.selection, row.labels)
        ]
        features = tuple(name for part in (root, *joined) for _, name in part.features)
        lefts = (pair.left for part in joined if part.join for pair in part.join.on)
        return _ReadableView(
            root=root,
            joined=tuple(joined),
            features=features,
            known=frozenset((*root.readable.group.primary_key, *lefts)),
            borrowed=borrowed((row.root, *(join.selection for join in row.joins))),
        )

    async def _part(self, project: str, selection: GroupSelection, labels: Sequence[str], join: Join | None) -> _Part:
        readable = await self._reader.group(selection.home(project), selection.group, selection.version)
        return _Part(readable=readable, features=_features(selection, labels), join=join)


def _features(selection: GroupSelection, labels: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Column → name in the view, of those that are no labels."""
    named = ((feature, selection.prefix + feature) for feature in selection.features)
    return tuple((feature, name) for feature, name in named if name not in labels)


def _joined_key(part: _Part, entry: Entry, root: Vector) -> bytes | None:
    assert part.join is not None  # noqa: S101 - only joined groups are asked
    entity = {}
    for pair in part.join.on:
        value = entry.get(pair.left)
        entity[pair.right] = root.values.get(pair.left) if value is None else value
    if any(value is None for value in entity.values()):
        return None
    return key_of(part.readable.group, entity)


def _assembled(features: Sequence[str], found: Sequence[tuple[_Part, Vector]], passed: Entry) -> ViewVector:
    strange = sorted(set(passed) - set(features))
    if strange:
        raise Invalid("unknown-feature", f"the view has no feature {strange[0]!r} to pass", {"feature": strange[0]})
    values: list[Any] = []
    statuses: list[Status] = []
    for part, vector in found:
        for column, name in part.features:
            if name in passed:
                values.append(passed[name])
                statuses.append(Status.PASSED)
            else:
                values.append(vector.values.get(column))
                statuses.append(vector.status)
    there = sum(status in {Status.FOUND, Status.PASSED} for status in statuses)
    whole = "complete" if there == len(statuses) else "partial" if there else "missing"
    return ViewVector(status=whole, values=tuple(values), statuses=tuple(statuses))
