"""Queries: which features of which groups a view is made of, and how they are joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal, Protocol

from headrace._columns import Feature
from headrace._errors import HeadraceError, Invalid
from headrace._filters import Condition, FeatureColumn, Filter, GroupVersion


class SelectableGroup(Protocol):
    """What a query needs to know of a feature group."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def version(self) -> int:
        """Its version."""
        ...

    @property
    def shared_by(self) -> str | None:
        """The other project that shares it, if one does."""
        ...

    @property
    def features(self) -> list[Feature]:
        """All columns."""
        ...

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The columns that name an entity."""
        ...

    @property
    def event_time(self) -> str | None:
        """The column that says when a row became true."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Features of one version of a group, with all its columns (name → type) and its key.

    `project` is the one that shares the group; None, that of the view.
    """

    group: str
    version: int
    features: tuple[str, ...]
    columns: Mapping[str, str]
    primary_key: tuple[str, ...]
    prefix: str = ""
    project: str | None = None

    @property
    def identity(self) -> GroupVersion:
        """Which group it is of."""
        return (self.project, self.group, self.version)

    @property
    def names(self) -> tuple[str, ...]:
        """The features as a view calls them."""
        return tuple(self.prefix + feature for feature in self.features)

    def body(self) -> dict[str, Any]:
        """As the API takes it."""
        body = {
            "group": self.group,
            "version": self.version,
            "features": list(self.features),
            "prefix": self.prefix,
        }
        return body if self.project is None else {**body, "project": self.project}


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedSelection:
    """A selection joined to the root on equal columns (root's → its own)."""

    selection: Selection
    on: Mapping[str, str]
    kind: str
    lookback_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedCondition:
    """A condition of a filter, of the root (None) or of the join of that number."""

    join: int | None
    column: str
    operator: str
    values: tuple[str, ...]

    def body(self) -> dict[str, Any]:
        """As the API takes it."""
        return {"join": self.join, "column": self.column, "operator": self.operator, "values": list(self.values)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Features of a root group, whose rows are the examples, and of groups joined as of the root's event time."""

    root: Selection
    joins: tuple[JoinedSelection, ...] = ()
    filters: tuple[tuple[PlacedCondition, ...], ...] = ()

    @property
    def features(self) -> list[str]:
        """The columns of a view made of this query, in order."""
        selections = (self.root, *(join.selection for join in self.joins))
        return [name for selection in selections for name in selection.names]

    def join(
        self,
        sub_query: Query,
        on: Sequence[str] | None = None,
        *,
        left_on: Sequence[str] | None = None,
        right_on: Sequence[str] | None = None,
        join_type: Literal["left", "inner"] = "left",
        prefix: str | None = None,
        lookback: timedelta | float | None = None,
    ) -> Query:
        """This query with the features of another one, as they were at the root's event time.

        Args:
            sub_query: a selection of one group, joined by its whole primary key.
            on: columns of that name on both sides; left out, the primary key of the joined group.
            left_on: columns of the root, where names differ; `right_on` are the joined group's, in the same order.
            right_on: see `left_on`.
            join_type: `left` keeps examples that find nothing, with nulls; `inner` leaves them out.
            prefix: goes before the names of the joined features.
            lookback: how long (a timedelta or seconds) a row of the joined group counts after its event time; older
                ones are as if they were not there. The group's time to live holds too.

        Raises:
            Invalid: the columns do not exist, or are not the joined group's primary key, or two features share a name.
        """
        if sub_query.joins:
            raise Invalid("join selections of single groups, one after the other, to the root", code="nested-join")
        right = replace(sub_query.root, prefix=prefix if prefix is not None else sub_query.root.prefix)
        pairs = _pairs(right, on, left_on, right_on)
        _check(self.root, right, pairs)
        join = JoinedSelection(selection=right, on=pairs, kind=join_type, lookback_seconds=_seconds(lookback))
        moved = tuple(tuple(replace(one, join=len(self.joins)) for one in any_of) for any_of in sub_query.filters)
        joined = Query(root=self.root, joins=(*self.joins, join), filters=(*self.filters, *moved))
        twice = sorted({name for name in joined.features if joined.features.count(name) > 1})
        if twice:
            raise Invalid(
                f"two features are called {', '.join(twice)}: give the join a prefix", code="duplicate-column"
            )
        return joined

    def filter(self, condition: Filter) -> Query:
        """This query without the examples for which the condition does not hold: `query.filter(fg.wind > 3)`.

        It may name any column of the root and of joined groups, selected or not, and looks at what an example has and
        sees at its event time. Filters of one query all have to hold. They choose examples of training data; online
        vectors are not filtered.

        Raises:
            Invalid: the group is not in the query, or more than once; then filter its selection before it is joined.
        """
        placed = tuple(
            tuple(
                PlacedCondition(join=self._place(one), column=one.column, operator=one.operator, values=one.values)
                for one in any_of
            )
            for any_of in condition.groups
        )
        return replace(self, filters=(*self.filters, *placed))

    def _place(self, condition: Condition) -> int | None:
        places = [place for place, one in ((None, self.root), *self._joined()) if one.identity == condition.group]
        if len(places) != 1:
            _, group, version = condition.group
            found = "is not in the query" if not places else "is in the query more than once"
            raise Invalid(
                f"feature group {group!r} version {version} {found}: filter its selection before it is joined",
                code="invalid-filter",
            )
        return places[0]

    def _joined(self) -> list[tuple[int, Selection]]:
        return [(number, join.selection) for number, join in enumerate(self.joins)]

    def body(self) -> dict[str, Any]:
        """As the API takes it."""
        return {
            "filters": [{"any_of": [one.body() for one in any_of]} for any_of in self.filters],
            "root": self.root.body(),
            "joins": [
                {
                    "selection": join.selection.body(),
                    "on": [{"left": left, "right": right} for left, right in join.on.items()],
                    "kind": join.kind,
                    "lookback_seconds": join.lookback_seconds,
                }
                for join in self.joins
            ],
        }


class Selectable:
    """The part of a feature group that makes queries of it."""

    @property
    def shared_by(self) -> str | None:
        """The other project that shares it; None, where it is the project's own."""
        return None

    def __getattr__(self: SelectableGroup, name: str) -> FeatureColumn:
        """A column, to be compared in a filter: `fg.wind > 3`; `fg["name"]` where groups have something so called."""
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return Selectable.__getitem__(self, name)
        except HeadraceError as error:
            raise AttributeError(str(error), name=name, obj=self) from None

    def __getitem__(self: SelectableGroup, name: str) -> FeatureColumn:
        """A column, to be compared in a filter; raises Invalid where the group lacks it."""
        selection = Selectable.select(self, [name]).root
        return FeatureColumn(selection.identity, name, selection.columns[name])

    def select(self: SelectableGroup, features: Sequence[str | Feature]) -> Query:
        """These features; raises Invalid for one that the group lacks."""
        names = [feature if isinstance(feature, str) else feature.name for feature in features]
        columns = {column.name: column.type for column in self.features}
        unknown = [name for name in names if name not in columns]
        if unknown:
            raise Invalid(
                f"feature group {self.name!r} has no feature {', '.join(map(repr, unknown))}; it has"
                f" {', '.join(columns)}",
                code="unknown-feature",
            )
        if not names:
            raise Invalid(f"select at least one feature of {self.name!r}", code="no-features")
        return Query(
            root=Selection(
                group=self.name,
                version=self.version,
                features=tuple(names),
                columns=columns,
                primary_key=self.primary_key,
                project=self.shared_by,
            )
        )

    def select_all(self: SelectableGroup) -> Query:
        """All columns, the key and the event time among them."""
        return Selectable.select(self, [column.name for column in self.features])

    def select_except(self: SelectableGroup, features: Sequence[str | Feature]) -> Query:
        """All columns but these; raises Invalid for one that the group lacks."""
        without = Selectable.select(self, features).root.features if features else ()
        return Selectable.select(self, [column.name for column in self.features if column.name not in without])

    def select_features(self: SelectableGroup) -> Query:
        """All columns but the key and the event time."""
        other = {*self.primary_key, self.event_time}
        return Selectable.select(self, [column.name for column in self.features if column.name not in other])


def _pairs(
    right: Selection,
    on: Sequence[str] | None,
    left_on: Sequence[str] | None,
    right_on: Sequence[str] | None,
) -> dict[str, str]:
    if on is not None and (left_on is not None or right_on is not None):
        raise Invalid("give on, or left_on with right_on, not both", code="join-columns")
    lefts = _names(left_on if left_on is not None else on if on is not None else right.primary_key)
    rights = _names(right_on if right_on is not None else on if on is not None else right.primary_key)
    if len(lefts) != len(rights) or len(set(lefts)) != len(lefts):
        raise Invalid("left_on and right_on name as many columns, each of them once", code="join-columns")
    return dict(zip(lefts, rights, strict=True))


def _seconds(lookback: timedelta | float | None) -> int | None:
    if lookback is None:
        return None
    seconds = lookback.total_seconds() if isinstance(lookback, timedelta) else float(lookback)
    if not seconds > 0 or not seconds.is_integer():
        raise Invalid("a lookback is a whole number of seconds, or a timedelta of one", code="invalid-lookback")
    return int(seconds)


def _names(given: Sequence[str]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def _check(root: Selection, right: Selection, pairs: Mapping[str, str]) -> None:
    if set(pairs.values()) != set(right.primary_key):
        raise Invalid(
            f"a join with {right.group!r} names its whole primary key: {', '.join(right.primary_key)}",
            code="join-not-on-key",
        )
    for left, other in pairs.items():
        if left not in root.columns:
            raise Invalid(
                f"feature group {root.group!r} has no column {left!r}: say left_on=… and right_on=…",
                code="unknown-column",
            )
        kinds = {root.columns[left], right.columns[other]}
        if len(kinds) > 1 and not kinds <= {"int", "bigint"}:
            raise Invalid(
                f"{root.group!r}.{left!r} is {root.columns[left]}, {right.group!r}.{other!r} is"
                f" {right.columns[other]}: columns of one type can be joined",
                code="join-types",
            )
