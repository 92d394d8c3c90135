"""A feature group: a named, versioned table of features, written through the log and read online and offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from headrace._annotations import Annotations
from headrace._columns import Feature, features_of
from headrace._consistency import Consistency, consistency_of
from headrace._declared_on_demand import declared
from headrace._errors import NotFound
from headrace._feature_monitoring import FeatureMonitoring
from headrace._feature_usage import FeatureUse, feature_use
from headrace._group_inserts import MakeProducer
from headrace._group_life import GroupLife
from headrace._group_statistics import GroupStatistics, StatisticsConfig
from headrace._group_streams import GroupStreams
from headrace._growth import appended
from headrace._http import Api
from headrace._insert_stream import Clients
from headrace._query import Selectable
from headrace._read_feature_group import ReadFeatureGroup
from headrace._sharing import Share, SharesApi
from headrace._transformation_function import Transformation
from headrace._transformation_functions import FunctionsOf

CHECK_S = 3_600.0
"""How long a comparison of both stores may take; of large groups it takes minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupWish:
    """A version of a feature group as it was asked for."""

    name: str
    version: int | None
    description: str
    primary_key: tuple[str, ...]
    event_time: str | None
    online: bool
    offline: bool
    ttl: timedelta | None
    partitions: int
    features: Sequence[Feature] | None
    statistics: StatisticsConfig | None = None
    on_demand: tuple[Transformation, ...] = ()
    request_parameters: tuple[Feature, ...] = ()


class FeatureGroup(
    Selectable,
    ReadFeatureGroup,
    GroupStatistics,
    GroupStreams,
    FeatureMonitoring,
    GroupLife,
    Annotations,
):
    """One version of a feature group. One that was only asked for is made by the first `insert` or `save`."""

    def __init__(self, api: Api, project: str, make_producer: MakeProducer, clients: Clients, wish: GroupWish) -> None:
        self._api = api
        self._project = project
        self._make_producer = make_producer
        self._clients = clients
        self._wish = wish
        self._row: Mapping[str, Any] | None = None
        self._sent: dict[int, int] = {}

    @classmethod
    def existing(
        cls, api: Api, project: str, make_producer: MakeProducer, clients: Clients, row: Mapping[str, Any]
    ) -> FeatureGroup:
        """The group that the API describes."""
        seconds = row.get("ttl_seconds")
        wish = GroupWish(
            name=row["name"],
            version=row["version"],
            description=row["description"],
            primary_key=tuple(row["primary_key"]),
            event_time=row.get("event_time"),
            online=row["online"],
            offline=row["offline"],
            ttl=None if seconds is None else timedelta(seconds=seconds),
            partitions=1,
            features=[Feature(one["name"], one["type"], one["description"]) for one in row["columns"]],
        )
        group = cls(api, project, make_producer, clients, wish)
        group._row = row
        return group

    def __repr__(self) -> str:
        return f"FeatureGroup({self.name!r}, version={self._wish.version})"

    @property
    def name(self) -> str:
        """Its name."""
        return self._wish.name

    @property
    def version(self) -> int:
        """Its version."""
        return int(self._known["version"])

    @property
    def description(self) -> str:
        """What is said about it."""
        return self._wish.description if self._row is None else str(self._row["description"])

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The columns that name an entity."""
        return self._wish.primary_key

    @property
    def event_time(self) -> str | None:
        """The column that says when a row became true."""
        return self._wish.event_time

    @property
    def features(self) -> list[Feature]:
        """All columns, the key and the event time among them."""
        return [Feature(one["name"], one["type"], one["description"]) for one in self._known["columns"]]

    @property
    def streaming(self) -> Mapping[str, Any] | None:
        """What the platform computes its rows from: source, keys, aggregations, slide; None of any other group."""
        return self._known.get("streaming")

    @property
    def _watched(self) -> Mapping[str, Any]:
        return {"kind": "feature_group", "name": self.name, "version": self.version}

    @property
    def topic(self) -> str:
        """The topic that carries its rows."""
        return str(self._known["topic"])

    def share(self, receiver: str) -> Share:
        """Offer another project to read this version; for Data Owners. See SharesApi.offer."""
        return SharesApi(self._api, self._project).offer(receiver, "feature_group", self.name, self.version)

    def save(self, features: Any = None) -> FeatureGroup:
        """Make the group, with columns as given or as a frame has them, and wait until it takes rows."""
        if self._row is not None:
            return self
        wish = self._wish
        kept = (*wish.primary_key, wish.event_time)
        there = declared(wish.on_demand, wish.features, wish.request_parameters, features, kept)
        body = {
            "name": wish.name,
            "version": wish.version,
            "description": wish.description,
            "columns": _bodies(there.columns),
            "primary_key": list(wish.primary_key),
            "event_time": wish.event_time,
            "online": wish.online,
            "offline": wish.offline,
            "ttl_seconds": None if wish.ttl is None else int(wish.ttl.total_seconds()),
            "partitions": wish.partitions,
            "statistics": None if wish.statistics is None else wish.statistics.body,
            "on_demand": FunctionsOf(self._api, self._project).bodies(wish.on_demand),
            "request_parameters": _bodies(there.parameters),
        }
        base = f"/api/projects/{self._project}/feature-groups"
        accepted = self._api.post(base, body)
        made = self._api.happened(self._project, accepted, "feature_group.created")
        self._row = self._api.wait_until(
            f"{base}/{wish.name}/versions/{made['version']}",
            lambda row: row if row["topic_phase"] == "open" else None,
            f"the topic of feature group {wish.name!r}",
        )
        return self

    def append_features(self, features: Any) -> FeatureGroup:
        """Add columns after those it has, and wait until rows with them are taken; for Data Owners.

        Args:
            features: a Feature or several, {name: type}, or a frame to read them off. Rows that were written without
                a column, before or by clients that do not know it yet, have its `default_value`, or null.

        Raises:
            NotFound: the group is not made yet.
            Conflict: it has a column of that name.
            Invalid: a type is unknown, a default is none of it, or there are too many columns.
            Forbidden: you are no Data Owner.
        """
        accepted = self._api.post(f"{self._path}/features", appended(features))
        grown = self._api.happened(self._project, accepted, "feature_group.features_appended")
        self._row = self._api.wait_until(
            self._path,
            lambda row: row if any(one["schema_id"] == grown["schema_id"] for one in row["growth"]) else None,
            f"the new features of {self.name!r}",
        )
        self.__dict__.pop("_encoder", None)
        return self

    def check_consistency(self, *, seconds: int = 120) -> Consistency:
        """Compare the last row of every key online and offline, after the same records; rows may go on coming.

        The offline store gets so many seconds to come as far as the online one.

        Raises:
            Conflict: it did not.
            Invalid: the group is kept in one store only.
        """
        answer = self._api.ask(f"{self._path}/consistency", {"seconds": seconds}, timeout=seconds + CHECK_S)
        return consistency_of(answer, self.features)

    def update_feature_description(self, feature_name: str, description: str) -> FeatureGroup:
        """Say what one feature is, in place of what was said before; raises NotFound."""
        path = f"{self._path}/features/{quote(feature_name, safe='')}/description"
        self._api.put(path, {"description": description})
        self._refresh()
        return self

    def usage(self) -> list[FeatureUse]:
        """Who uses each feature: views, models, deployments, and other projects that it is shared with."""
        return [feature_use(row) for row in self._api.get(f"{self._path}/usage")]

    def _refresh(self) -> Mapping[str, Any]:
        self._row = self._api.get(self._path)
        return self._known

    @property
    def _said(self) -> Mapping[str, Any]:
        return self._known

    @property
    def _known(self) -> Mapping[str, Any]:
        if self._row is None:
            raise NotFound(f"feature group {self.name!r} is not made yet: insert rows, or save", code="not-saved")
        return self._row

    @property
    def _path(self) -> str:
        return f"/api/projects/{self._project}/feature-groups/{self.name}/versions/{self.version}"

    def _make_for(self, frame: Any, known_at: str | None) -> None:
        if self._row is None:
            self.save(None if self._wish.features is not None else self._features_of(frame, known_at))

    def _features_of(self, frame: Any, known_at: str | None) -> list[Feature]:
        """The columns of a group that is made for the frame: when rows are known is none, unless the group needs it."""
        always = {*self.primary_key, self.event_time}
        return [one for one in features_of(frame) if one.name != known_at or one.name in always]


def _bodies(columns: Sequence[Feature]) -> list[dict[str, str]]:
    return [{"name": one.name, "type": one.type, "description": one.description} for one in columns]
