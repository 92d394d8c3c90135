"""What a point-in-time join reads: a view, and the history of each of its groups as of given positions."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from headrace_events.feature_view import FeatureViewCreated, GroupSelection, Join
from headrace_projections.history.columns import types_of
from headrace_projections.history.errors import Impossible
from headrace_projections.history.file_types import file_schema
from headrace_projections.offline.arrow import TYPES
from headrace_projections.rows.groups import Group

KEY = "_key_"
"""Goes before the name of each column of the root group's primary key that identifies an example."""
EVENT_TIME = "_event_time"
"""The column with an example's event time."""

_DAY = 86_400_000_000
_WHOLE_NUMBERS = frozenset({"int", "bigint"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A Parquet file of a table; `day` counts days since 1970-01-01 UTC (None: rows of any event time)."""

    path: str
    day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupHistory:
    """The rows of a group that lie before `ends` (partition → next offset) on its topic."""

    group: Group
    files: tuple[StoredFile, ...]
    ends: Mapping[int, int]

    def between(self, earliest: int | None, latest: int | None) -> list[str]:
        """The files that can hold event times from `earliest` to `latest`, both inclusive, microseconds UTC."""
        return [
            file.path
            for file in self.files
            if file.day is None
            or ((earliest is None or file.day >= earliest // _DAY) and (latest is None or file.day <= latest // _DAY))
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewHistory:
    """A view with the history of its root and of each joined group, in the order of the view's joins.

    Raises Impossible where a join compares columns of different types.
    """

    view: FeatureViewCreated
    root: GroupHistory
    joined: tuple[GroupHistory, ...] = ()

    def __post_init__(self) -> None:
        root_types = types_of(self.root.group.columns)
        for join, history in zip(self.view.joins, self.joined, strict=True):
            types = types_of(history.group.columns)
            for pair in join.on:
                left, right = root_types[pair.left], types[pair.right]
                if left != right and not {left, right} <= _WHOLE_NUMBERS:
                    raise Impossible(
                        f"the view joins {pair.left!r} ({left}) with {join.selection.group!r}.{pair.right!r} ({right}):"
                        " make a view that joins columns of one type"
                    )

    def joins(self) -> list[tuple[Join, GroupHistory]]:
        """Each join with the history of its group."""
        return list(zip(self.view.joins, self.joined, strict=True))

    def feature_types(self) -> dict[str, str]:
        """View column → feature type, in the view's order."""
        named = _selected(self.view.root, self.root)
        for join, history in self.joins():
            named |= _selected(join.selection, history)
        return named

    def identity_types(self) -> dict[str, str]:
        """The columns that identify an example → feature type: the root's primary key, then the event time."""
        types = types_of(self.root.group.columns)
        return {KEY + name: types[name] for name in self.root.group.primary_key} | {EVENT_TIME: "timestamp"}

    def schema(self) -> pa.Schema:
        """The columns of a training file: the view's, then those that identify the example."""
        return file_schema(self.feature_types() | self.identity_types())


def arrow_schema(types: Mapping[str, str]) -> pa.Schema:
    """Arrow's schema for these columns."""
    return pa.schema([pa.field(name, TYPES[kind]) for name, kind in types.items()])


def _selected(selection: GroupSelection, history: GroupHistory) -> dict[str, str]:
    types = types_of(history.group.columns)
    return {selection.prefix + feature: types[feature] for feature in selection.features}
