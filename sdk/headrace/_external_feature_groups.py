"""The part of a feature store that makes and finds external feature groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from headrace._columns import features_of
from headrace._errors import Conflict, NotFound
from headrace._external_databases import answered
from headrace._external_feature_group import ExternalFeatureGroup
from headrace._external_rows import features_in
from headrace._http import Api
from headrace._storage_connectors import StorageConnector, StorageConnectors


class ExternalFeatureGroups(StorageConnectors):
    """External feature groups of one project."""

    _api: Api
    _project: str

    def create_external_feature_group(
        self,
        name: str,
        version: int | None = None,
        description: str = "",
        *,
        storage_connector: StorageConnector | str,
        query: str,
        primary_key: Sequence[str],
        event_time: str | None = None,
        features: Any = None,
        known_at: str | None = None,
    ) -> ExternalFeatureGroup:
        """A version of a feature group that is a query on another database; without `version`, the next one.

        Args:
            name: what it is called; names and versions are shared with other feature groups.
            version: see above.
            description: for people.
            storage_connector: the database, or the name of its connector.
            query: one SELECT. It is asked anew by each read, where the reading program runs.
            primary_key: the columns that name an entity.
            event_time: the column that says when a row became true; joins as of event time need it.
            features: Features, {name: type} or a frame to read them off; without them, the query is asked for its
                first rows, here and now.
            known_at: the column that says when a row became known; views of what was known need it. Rows that
                differ in nothing else of key and times are versions of one row.

        Raises:
            Invalid: the query is not one SELECT, or its types cannot be told.
            Failed: the database cannot be opened, or refuses the query.
            NotFound: there is no such connector.
            Forbidden: you are no Data Owner.
        """
        connector = (
            self.get_storage_connector(storage_connector) if isinstance(storage_connector, str) else storage_connector
        )
        if features is None:
            with answered(connector.opening(), query) as answer:
                columns = features_in(answer, [name for name in (event_time, known_at) if name is not None])
        else:
            columns = features_of(features)
        body = {
            "name": name,
            "version": version,
            "description": description,
            "columns": [{"name": one.name, "type": one.type, "description": one.description} for one in columns],
            "primary_key": list(primary_key),
            "event_time": event_time,
            "storage_connector": connector.name,
            "query": query,
            "known_at": known_at,
        }
        accepted = self._api.post(self._external, body)
        made = self._api.happened(self._project, accepted, "feature_group.external_created")
        return self.get_external_feature_group(name, made["version"])

    def get_or_create_external_feature_group(
        self,
        name: str,
        version: int = 1,
        description: str = "",
        *,
        storage_connector: StorageConnector | str,
        query: str,
        primary_key: Sequence[str],
        event_time: str | None = None,
        features: Any = None,
        known_at: str | None = None,
    ) -> ExternalFeatureGroup:
        """The version if it is there, else a new one, as with `create_external_feature_group`.

        Raises:
            Conflict: it is there with another key, event time, known-at, connector or query.
        """
        try:
            found = self.get_external_feature_group(name, version)
        except NotFound:
            try:
                return self.create_external_feature_group(
                    name,
                    version,
                    description,
                    storage_connector=storage_connector,
                    query=query,
                    primary_key=primary_key,
                    event_time=event_time,
                    features=features,
                    known_at=known_at,
                )
            except Conflict:
                found = self.get_external_feature_group(name, version)
        connector = storage_connector if isinstance(storage_connector, str) else storage_connector.name
        asked = (tuple(primary_key), event_time, known_at, connector, query)
        if (found.primary_key, found.event_time, found.known_at, found.connector_name, found.query) != asked:
            raise Conflict(
                f"external feature group {name!r} version {version} has another key, event time, known-at, connector or"
                " query: ask for those it has, or take another version",
                code="feature-group-differs",
            )
        return found

    def get_external_feature_group(self, name: str, version: int | None = None) -> ExternalFeatureGroup:
        """A version of an external feature group, or the newest; raises NotFound."""
        path = f"{self._external}/{quote(name, safe='')}"
        row = self._api.get(path)[0] if version is None else self._api.get(f"{path}/versions/{version}")
        return ExternalFeatureGroup(self._api, self._project, row)

    def get_external_feature_groups(self, name: str | None = None) -> list[ExternalFeatureGroup]:
        """All versions of all external feature groups, or of that one."""
        path = self._external if name is None else f"{self._external}/{quote(name, safe='')}"
        return [ExternalFeatureGroup(self._api, self._project, row) for row in self._api.get(path)]

    @property
    def _external(self) -> str:
        return f"/api/projects/{self._project}/external-feature-groups"
