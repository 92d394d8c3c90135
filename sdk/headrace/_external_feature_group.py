"""External feature groups: an SQL query on another database, asked where and when it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from headrace._downloads import FrameType, in_frame
from headrace._external_databases import Lookup, answered
from headrace._external_lookups import LastRows
from headrace._external_rows import ExternalRows
from headrace._feature_usage import FeatureUse, feature_use
from headrace._group_row import GroupRow
from headrace._http import Api
from headrace._query import Selectable
from headrace._read_feature_group import Vector
from headrace._storage_connectors import StorageConnector, StorageConnectors


class ExternalFeatureGroup(GroupRow, Selectable):
    """One version of an external feature group. Its rows stay where they are: your program reads them there."""

    def __init__(self, api: Api, project: str, row: Mapping[str, Any]) -> None:
        self._api = api
        self._project = project
        self._row = row

    def __repr__(self) -> str:
        return f"ExternalFeatureGroup({self.name!r}, version={self.version})"

    @property
    def query(self) -> str:
        """The query that gives its rows."""
        return str(self._row["query"])

    @property
    def known_at(self) -> str | None:
        """The column that says when a row became known."""
        known_at: str | None = self._row.get("known_at")
        return known_at

    @property
    def storage_connector(self) -> StorageConnector:
        """Where the database is."""
        return StorageConnectors.of(self._api, self._project).get_storage_connector(self.connector_name)

    @property
    def connector_name(self) -> str:
        """The name of its storage connector."""
        return str(self._row["storage_connector"])

    def read(self, dataframe_type: FrameType = "pandas") -> Any:
        """Every row that the query gives now, with the declared features and nothing else.

        Times without a zone are UTC, as in `insert`. What a database lacks a type for is read off: ISO 8601 texts are
        times and dates, 0 and 1 booleans, texts and floats decimals.

        Raises:
            Forbidden: you are no member, or the project is sensitive and you are no Data Owner.
            Failed: the database does not open or refuses the query, or its rows do not fit the features; one without
                a key or an event time fits none.
            Invalid: the database's driver is not installed.
        """
        import pyarrow as pa  # noqa: PLC0415 - only frames need it

        return in_frame(pa.Table.from_batches(self.read_batches(), self.schema()), dataframe_type)

    def read_batches(self, columns: Sequence[str] | None = None) -> Iterator[Any]:
        """The same as Arrow record batches, for more rows than fit in memory; the query runs while they are taken.

        With `columns` they have these alone, the key and the times always among them.
        """
        with answered(self.storage_connector.opening(), self.query) as answer:
            yield from self._rows(columns).batches(answer)

    def schema(self, columns: Sequence[str] | None = None) -> Any:
        """Arrow's schema of its batches."""
        return self._rows(columns).schema

    def show(self, n: int = 5) -> Any:
        """The first rows that the query gives, as a pandas DataFrame."""
        import pyarrow as pa  # noqa: PLC0415 - only frames need it

        first = list(islice(self.read_batches(), 1))
        return pa.Table.from_batches(first, self.schema()).slice(0, n).to_pandas()

    def get_vectors(self, keys: Sequence[Mapping[str, Any]]) -> list[Vector]:
        """The row of each key that counts now, asked of the database with the keys, each with its status, in order.

        That is the last one by event time and known-at; `status` is found or missing.

        Raises:
            Invalid: something does not name a key, or a key that its database cannot be asked for.
            Failed: as for `read`; or two rows of a key have the same times, and nobody knows which counts.
        """
        last = LastRows(
            name=self.name,
            types={one.name: one.type for one in self.features},
            primary_key=self.primary_key,
            times=self._times,
            event_time=self.event_time,
            ask=self._asked,
        )
        return last.of(keys)

    def get_vector(self, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The row of one key that counts now, or None."""
        (found,) = self.get_vectors([key])
        return found.values if found.status == "found" else None

    def _asked(self, lookup: Lookup) -> Iterator[Any]:
        with answered(self.storage_connector.opening(), self.query, lookup) as answer:
            yield from self._rows().batches(answer)

    def usage(self) -> list[FeatureUse]:
        """Who uses each feature: views, models and deployments."""
        path = f"/api/projects/{self._project}/feature-groups/{self.name}/versions/{self.version}/usage"
        return [feature_use(row) for row in self._api.get(path)]

    def delete(self) -> None:
        """Delete this version; the database is left as it is. For Data Owners.

        Raises:
            Conflict: `feature-group-in-use`; the message says which views need it.
        """
        path = f"/api/projects/{self._project}/external-feature-groups/{self.name}/versions/{self.version}"
        self._api.delete(path)

    @property
    def _times(self) -> list[str]:
        return [name for name in (self.event_time, self.known_at) if name is not None]

    def _rows(self, columns: Sequence[str] | None = None) -> ExternalRows:
        always = (*self.primary_key, *self._times)
        wanted = None if columns is None else {*columns, *always}
        return ExternalRows({one.name: one.type for one in self.features if not wanted or one.name in wanted}, always)
