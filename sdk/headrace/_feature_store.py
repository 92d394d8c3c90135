"""The feature store of a project: where feature groups are made and found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from headrace._aggregations import Aggregation, Duration, duration
from headrace._annotations import warn_if_deprecated
from headrace._columns import features_of
from headrace._declared_on_demand import applied
from headrace._errors import Conflict, NotFound
from headrace._external_feature_groups import ExternalFeatureGroups
from headrace._feature_group import FeatureGroup, GroupWish
from headrace._feature_monitor import FeatureMonitor
from headrace._feature_usage import UnusedFeatures, unused_features
from headrace._feature_views import FeatureViews
from headrace._group_inserts import MakeProducer
from headrace._group_statistics import StatisticsConfig
from headrace._http import Api
from headrace._insert_stream import Clients
from headrace._kafka import KafkaTopic
from headrace._sharing import Share, SharesApi
from headrace._transformation_function import Transformation, TransformationFunction


class FeatureStore(FeatureViews, ExternalFeatureGroups):
    """Feature groups of one project."""

    def __init__(self, api: Api, project: str, make_producer: MakeProducer, clients: Clients) -> None:
        self._api = api
        self._project = project
        self._make_producer = make_producer
        self._clients = clients

    def __repr__(self) -> str:
        return f"FeatureStore({self._project!r})"

    def share(self, receiver: str) -> Share:
        """Offer another project to read all feature groups, later ones too; for Data Owners. See SharesApi.offer."""
        return SharesApi(self._api, self._project).offer(receiver, "feature_store")

    def create_feature_group(
        self,
        name: str,
        version: int | None = None,
        description: str = "",
        *,
        primary_key: Sequence[str],
        event_time: str | None = None,
        features: Any = None,
        online_enabled: bool = True,
        offline_enabled: bool = True,
        ttl: timedelta | float | None = None,
        partitions: int = 1,
        statistics_config: StatisticsConfig | Mapping[str, Any] | bool | None = None,
        transformation_functions: Sequence[Transformation | TransformationFunction] = (),
        request_parameters: Any = None,
    ) -> FeatureGroup:
        """A version of a feature group; without `version`, the next one.

        `features` are Features, {name: type} or a frame to read them off; without them, the first `insert` gives them
        and makes the group. `ttl` (a timedelta or seconds) is how long a value counts after its event time.
        `statistics_config` says what is counted while rows come: a StatisticsConfig, its fields by name, or False.

        What `transformation_functions` return are on-demand features, called like the function or its alias: of each
        row that is inserted they are computed and stored, and of each vector that is read they are computed again.
        Arguments that are no features are request parameters: those that a function drops, that `features` lacks, or
        that `request_parameters` ({name: type}) names.
        """
        wish = GroupWish(
            name=name,
            version=version,
            description=description,
            primary_key=tuple(primary_key),
            event_time=event_time,
            online=online_enabled,
            offline=offline_enabled,
            ttl=timedelta(seconds=ttl) if isinstance(ttl, int | float) else ttl,
            partitions=partitions,
            features=None if features is None else features_of(features),
            statistics=StatisticsConfig.of(statistics_config),
            on_demand=tuple(applied(one) for one in transformation_functions),
            request_parameters=tuple(features_of(request_parameters) if request_parameters else ()),
        )
        group = FeatureGroup(self._api, self._project, self._make_producer, self._clients, wish)
        return group if features is None else group.save()

    def create_streaming_feature_group(
        self,
        name: str,
        version: int | None = None,
        description: str = "",
        *,
        source: FeatureGroup | KafkaTopic | None = None,
        event_time: str | None = None,
        keys: Sequence[str] | None = None,
        aggregations: Sequence[Aggregation] | None = None,
        slide: Duration | None = None,
        sql: str | None = None,
        allowed_lateness: Duration | None = None,
        online_enabled: bool = True,
        offline_enabled: bool = True,
        ttl: timedelta | float | None = None,
        partitions: int = 1,
    ) -> FeatureGroup:
        """A feature group whose rows the platform computes, from all rows or records that `source` has and will have.

        The source is a feature group, or a topic that members made (`kafka.get_topic(…)`), whose records are Avro of
        its subject; of a topic, `event_time` is the field of its records that windows go by.

        Its key is `keys`, columns of the source; its event time is `window_end`: a row says what the windows of
        `aggregations` (`headrace.mean("arr_delay", over="1h")`, and so on) hold that end then, and is written once the
        source has come so far in event time. Windows end every `slide`; each is a whole number of slides long. Rows of
        the source that are more than `allowed_lateness` (30 days, which is the most) behind its newest event time are
        counted, not used.

        `sql` says the same in one query instead, of the newest version of the group that it names, or of `source` if
        that is given: `SELECT origin, AVG(arr_delay) FROM TABLE(HOP(TABLE landings, DESCRIPTOR(landed), INTERVAL '10'
        MINUTE, INTERVAL '24' HOUR)) GROUP BY origin, window_start, window_end`.

        Raises:
            NotFound: there is no such source.
            Invalid: a key, a column, a function or a duration is none; or the SQL cannot be read (`invalid-sql`), or
                says what is not computed (`unsupported-sql`, with the line and the column).
            Forbidden: you are no Data Owner.
        """
        body = {
            "name": name,
            "version": version,
            "description": description,
            "source": None if source is None else source.name,
            "source_version": source.version if isinstance(source, FeatureGroup) else None,
            "event_time": event_time,
            "subject": source.subject if isinstance(source, KafkaTopic) else None,
            "keys": None if keys is None else list(keys),
            "aggregations": None if aggregations is None else [one.body() for one in aggregations],
            "slide": None if slide is None else duration(slide),
            "sql": sql,
            "allowed_lateness": None if allowed_lateness is None else duration(allowed_lateness),
            "online": online_enabled,
            "offline": offline_enabled,
            "ttl_seconds": int(ttl.total_seconds() if isinstance(ttl, timedelta) else ttl) if ttl else None,
            "partitions": partitions,
        }
        accepted = self._api.post(f"/api/projects/{self._project}/streaming-feature-groups", body)
        made = self._api.happened(self._project, accepted, "feature_group.streaming_declared")
        return self.get_feature_group(name, made["version"])

    def get_or_create_feature_group(
        self,
        name: str,
        version: int = 1,
        description: str = "",
        *,
        primary_key: Sequence[str],
        event_time: str | None = None,
        **wishes: Any,
    ) -> FeatureGroup:
        """The version if it is there, else a new one, as with `create_feature_group`.

        Raises:
            Conflict: it is there with another key or event time.
        """
        try:
            found = self.get_feature_group(name, version)
        except NotFound:
            try:
                return self.create_feature_group(
                    name, version, description, primary_key=primary_key, event_time=event_time, **wishes
                )
            except Conflict:
                found = self.get_feature_group(name, version)
        if found.primary_key != tuple(primary_key) or found.event_time != event_time:
            raise Conflict(
                f"feature group {name!r} version {version} has key {', '.join(found.primary_key)} and event time "
                f"{found.event_time}: ask for those, or take another version",
                code="feature-group-differs",
            )
        return found

    def get_feature_group(self, name: str, version: int | None = None) -> FeatureGroup:
        """A version of a feature group, or the newest; one that is deprecated with a FutureWarning. Raises NotFound."""
        base = f"/api/projects/{self._project}/feature-groups/{name}"
        row = self._api.get(base)[0] if version is None else self._api.get(f"{base}/versions/{version}")
        if row["topic_phase"] != "open":
            row = self._api.wait_until(
                f"{base}/versions/{row['version']}",
                lambda now: now if now["topic_phase"] == "open" else None,
                f"the topic of feature group {name!r}",
            )
        warn_if_deprecated("feature group", row)
        return self._existing(row)

    def get_feature_groups(self, name: str | None = None) -> list[FeatureGroup]:
        """All versions of all feature groups, or of that one."""
        base = f"/api/projects/{self._project}/feature-groups"
        rows = self._api.get(f"{base}/{name}" if name else base)
        return [
            FeatureGroup.existing(self._api, self._project, self._make_producer, self._clients, row) for row in rows
        ]

    def _existing(self, row: Mapping[str, Any]) -> FeatureGroup:
        return FeatureGroup.existing(self._api, self._project, self._make_producer, self._clients, row)

    def get_feature_monitors(self) -> list[FeatureMonitor]:
        """All feature monitors of the project, by name."""
        rows = self._api.get(f"/api/projects/{self._project}/feature-monitors")
        return [FeatureMonitor(self._api, self._project, row) for row in rows]

    def get_feature_monitor(self, name: str) -> FeatureMonitor:
        """The feature monitor of that name; raises NotFound."""
        row = self._api.get(f"/api/projects/{self._project}/feature-monitors/{name}")
        return FeatureMonitor(self._api, self._project, row)

    def unused_features(self) -> list[UnusedFeatures]:
        """The features that nobody uses, by version of a group; keys and event times are none of them."""
        rows = self._api.get(f"/api/projects/{self._project}/unused-features")
        return [unused_features(row) for row in rows]
