"""What is read of a feature group, one's own or one that another project shares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from headrace._columns import Feature
from headrace._downloads import FrameType, frame_from
from headrace._http import Api
from headrace._time_travel import FeatureGroupAsOf, FeatureGroupCommit, Moment, moment
from headrace._vectors import jsonable, shaped


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """The features of one key: `status` is found, missing, deleted or expired; without a value they are None."""

    status: str
    values: Mapping[str, Any]
    event_time: datetime | None = None


class ReadFeatureGroup(ABC):
    """The rows and vectors of one version of a feature group."""

    _api: Api

    @property
    @abstractmethod
    def features(self) -> list[Feature]:
        """All columns, the key and the event time among them."""

    @property
    @abstractmethod
    def _path(self) -> str:
        """Where the API has the version."""

    def read(self, dataframe_type: FrameType = "pandas", *, history: bool = False, as_of: Moment | None = None) -> Any:
        """The last row of every entity, or with `history` every row and delete, from the offline store.

        Columns that begin with `_` say what the log knows: offset, partition, known-at, operation, append time.
        With `as_of` (a time, positions, or the receipt of an insert), only what was there then; see `as_of`.

        Raises:
            Invalid: the time is to come, or before the group; the positions are of another topic.
            Conflict: the offline store does not have the rows yet; `receipt.wait()` waits for them.
        """
        path = f"{self._path}/rows?format=arrow&history={'true' if history else 'false'}"
        if as_of is not None:
            path += f"&as_of={quote(moment(as_of), safe='')}"
        return frame_from(self._api.download(path), dataframe_type)

    def as_of(self, at: Moment, exclude_until: Moment | None = None) -> FeatureGroupAsOf:
        """The group as it was at a moment: `fg.as_of("2026-01-01").read()`.

        A time shows what was known by then. A backfill that claims an earlier known-at shows there too: positions show
        what the log held, which never changes. With `exclude_until` it is what changed from there on.
        """
        return FeatureGroupAsOf(self, at, exclude_until)

    def read_changes(self, start: Moment, end: Moment | None = None, dataframe_type: FrameType = "pandas") -> Any:
        """The rows that are other ones at the end (now, if none is given) than at the start, in the order of the log.

        A row is what an entity has at an event time. `_operation` is `insert`, `update` or `delete`; the columns that
        begin with `_` are those of its last version. Both moments are times or both are positions. Raises as `read`.
        """
        path = f"{self._path}/changes?start={quote(moment(start), safe='')}"
        if end is not None:
            path += f"&end={quote(moment(end), safe='')}"
        return frame_from(self._api.download(path), dataframe_type)

    def commit_details(self, limit: int = 100) -> list[FeatureGroupCommit]:
        """The last commits of the offline store, the newest first, each with how many rows it changed."""
        return [FeatureGroupCommit.of(row) for row in self._api.get(f"{self._path}/commits", limit=limit)]

    def get_vector(self, key: Mapping[str, Any]) -> dict[str, Any] | None:
        """The online features of one entity, or None where there are none now (missing, deleted, expired)."""
        vector = self.get_vectors([key])[0]
        return dict(vector.values) if vector.status == "found" else None

    def get_vectors(self, keys: Sequence[Mapping[str, Any]]) -> list[Vector]:
        """The online features of many entities, in order, each with its status."""
        answer = self._api.ask(f"{self._path}/vectors", {"keys": jsonable(keys)})
        return [vector_of(row, self.features) for row in answer["vectors"]]

    def progress(self) -> Mapping[str, Any]:
        """How far online and offline stores are, per partition, and how many records did not fit."""
        answer: Mapping[str, Any] = self._api.get(f"{self._path}/progress")
        return answer


def vector_of(row: Mapping[str, Any], features: Sequence[Feature]) -> Vector:
    """The vector that the API tells of a group with these features."""
    moment = row["event_time"]
    return Vector(
        status=row["status"],
        values=shaped([row["values"]], features, "dict")[0] if row["values"] else {},
        event_time=None if moment is None else datetime.fromisoformat(moment),
    )
