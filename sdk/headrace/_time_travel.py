"""Moments in the life of a feature group, and what is read of it as of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from headrace._downloads import FrameType
from headrace._errors import Invalid
from headrace._receipt import Receipt
from headrace._splits import Time, iso

if TYPE_CHECKING:
    from headrace._read_feature_group import ReadFeatureGroup

Moment = Time | Receipt | Sequence[str]
"""A time: what was known by then, inclusive. Positions `<topic id>:<partition>:<next offset>`, one for each partition
of the group's topic: what the log held before them. The receipt of an insert: what it held with that insert."""


def moment(given: Moment) -> str:
    """The moment as the API takes it; raises Invalid."""
    if isinstance(given, Receipt):
        given = given.ends
    if isinstance(given, Sequence) and not isinstance(given, str):
        if not given or not all(isinstance(position, str) for position in given):
            raise Invalid(
                "positions are a list of <topic id>:<partition>:<next offset>, one for each partition; a receipt has"
                " some unless all its rows were refused",
                code="invalid-moment",
            )
        return ",".join(given)
    return iso(given)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureGroupCommit:
    """A commit of a group's offline store. `positions` say where the log was: read as of them, or changes from them."""

    commit_id: int
    time: datetime
    rows_inserted: int
    rows_updated: int
    rows_deleted: int
    positions: tuple[str, ...]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> FeatureGroupCommit:
        """The commit that the API describes."""
        return cls(
            commit_id=row["commit_id"],
            time=datetime.fromisoformat(row["time"]),
            rows_inserted=row["rows_inserted"],
            rows_updated=row["rows_updated"],
            rows_deleted=row["rows_deleted"],
            positions=tuple(row["positions"]),
        )


@dataclass(frozen=True, slots=True)
class FeatureGroupAsOf:
    """A feature group as it was at a moment, or what changed in it between two."""

    group: ReadFeatureGroup
    at: Moment
    exclude_until: Moment | None = None

    def read(self, dataframe_type: FrameType = "pandas", *, history: bool = False) -> Any:
        """As FeatureGroup.read of that moment; what changed since `exclude_until`, where that is given."""
        if self.exclude_until is None:
            return self.group.read(dataframe_type, history=history, as_of=self.at)
        return self.group.read_changes(self.exclude_until, self.at, dataframe_type)
