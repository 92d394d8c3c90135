"""Storage connectors: where external databases are, and what opens them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from headrace._database_url import taken_apart
from headrace._http import Api


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A database's address and what opens it, for the moment of opening; nothing of it is shown or kept."""

    url: str
    secret: Mapping[str, str] = field(repr=False)


class StorageConnector:
    """An external database of a project. It holds no secret: each read asks for it, if there is one."""

    def __init__(self, api: Api, project: str, row: Mapping[str, Any]) -> None:
        self._api = api
        self._path = f"/api/projects/{project}/storage-connectors/{quote(row['name'], safe='')}"
        self._row = row

    def __repr__(self) -> str:
        return f"StorageConnector({self.name!r}, url={self.url!r})"

    @property
    def name(self) -> str:
        """Its name."""
        return str(self._row["name"])

    @property
    def url(self) -> str:
        """Where the database is; without what opens it."""
        return str(self._row["url"])

    @property
    def description(self) -> str:
        """What is said about it."""
        return str(self._row["description"])

    @property
    def has_secret(self) -> bool:
        """Whether something opens it that is not in the URL."""
        return bool(self._row["secret"])

    @property
    def secret_time(self) -> datetime:
        """Since when that is what it is."""
        return datetime.fromisoformat(self._row["secret_time"])

    def set_secret(self, secret: str | Mapping[str, str] | None) -> None:
        """Put another password, or other secret settings by name, in the place of those there are; for Data Owners.

        Reads that begin from now on use it.
        """
        given = {"password": secret} if isinstance(secret, str) else secret
        self._api.put(f"{self._path}/secret", {"secret": None if given is None else dict(given)})
        self._row = self._api.get(self._path)

    def delete(self) -> None:
        """Delete it with its secret; for Data Owners. Its name is never used again.

        Raises:
            Conflict: `storage-connector-in-use`; the message says which feature groups read through it.
        """
        self._api.delete(self._path)

    def opening(self) -> Opening:
        """The address and the secret, which the audit trail says you read.

        Raises:
            Forbidden: you are no member, or the project is sensitive and you are no Data Owner.
        """
        answer = self._api.get(f"{self._path}/secret")
        return Opening(url=answer["url"], secret=answer["secret"])


class StorageConnectors:
    """The storage connectors of one project."""

    _api: Api
    _project: str

    @classmethod
    def of(cls, api: Api, project: str) -> StorageConnectors:
        """Those of that project."""
        found = StorageConnectors()
        found._api, found._project = api, project
        return found

    def create_storage_connector(
        self, name: str, url: str, secret: str | Mapping[str, str] | None = None, description: str = ""
    ) -> StorageConnector:
        """An external database that feature groups are read from; for Data Owners.

        Args:
            name: what it is called.
            url: as SQLAlchemy reads it, as in `postgresql://reader@db.example.org/sales`, `sqlite:///sales.db` or
                `duckdb:///sales.duckdb`. A password and settings that may open it go into the secret.
            secret: the password, or {name: value} of the password and secret settings of the URL. The platform keeps
                it encrypted; it is in no event and no log, and members who read features get it.
            description: for people.

        Raises:
            Invalid: the URL is none, or a secret is in it and in `secret`.
            Conflict: the project has, or had, a connector of that name.
            Forbidden: you are no Data Owner.
        """
        plain, secrets = taken_apart(url, secret)
        body = {"name": name, "url": plain, "description": description, "secret": secrets or None}
        self._api.post(self._connectors, body)
        return self.get_storage_connector(name)

    def get_storage_connector(self, name: str) -> StorageConnector:
        """The connector of that name; raises NotFound."""
        row = self._api.get(f"{self._connectors}/{quote(name, safe='')}")
        return StorageConnector(self._api, self._project, row)

    def get_storage_connectors(self) -> list[StorageConnector]:
        """All connectors, by name."""
        return [StorageConnector(self._api, self._project, row) for row in self._api.get(self._connectors)]

    @property
    def _connectors(self) -> str:
        return f"/api/projects/{self._project}/storage-connectors"
