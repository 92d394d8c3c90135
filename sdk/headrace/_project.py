"""A project, signed in to as one of its members."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Self, Unpack, overload
from urllib.parse import quote

from headrace import _audit as audit
from headrace._artifacts import DatasetApi
from headrace._audit import AuditEntry, AuditFilters
from headrace._certificates import ClientFiles, client_files, given_files, renewed
from headrace._clients import Consumer, Producer, consumer, full_name, producer
from headrace._feature_store import FeatureStore
from headrace._http import Api
from headrace._kafka import KafkaApi
from headrace._lineage import ALL_LEVELS, Direction, Lineage, lineage
from headrace._members import MembersApi, ProjectMember
from headrace._models import ModelRegistry
from headrace._producers import Producers
from headrace._schema_registry import SchemaRegistry
from headrace._schemas import Schemas
from headrace._search import SearchResults, search
from headrace._serving import ModelServing
from headrace._settings import Settings
from headrace._shared_feature_store import SharedFeatureStore
from headrace._sharing import Share, SharesApi
from headrace._storage_connectors import StorageConnector
from headrace._usage import Usage, usage

DELETED_S = 180.0


class Project:
    """What a member does in a project begins here."""

    def __init__(self, api: Api, name: str, user: str, settings: Settings) -> None:
        self.name = name
        self.user = user
        self._api = api
        self._settings = settings
        self._files: ClientFiles | None = None
        self._producers = Producers(self._make_producer)

    def __repr__(self) -> str:
        return f"Project({self.name!r}, user={self.user!r})"

    @property
    def description(self) -> str:
        """What it is for, in a few words."""
        return str(self._api.get(f"/api/projects/{self.name}")["description"])

    def describe(self, description: str) -> None:
        """Say in a few words what it is for; for Data Owners."""
        self._api.put(f"/api/projects/{self.name}/description", {"description": description})

    @property
    def readme(self) -> str:
        """Its README, in Markdown; empty where none was written."""
        return str(self._api.get(f"/api/projects/{self.name}/readme")["text"])

    def write_readme(self, text: str) -> None:
        """Put this Markdown, of at most 65,536 bytes, in the place of the README; for Data Owners."""
        self._api.put(f"/api/projects/{self.name}/readme", {"text": text})

    def producer(self, topic: str | None = None, **overrides: Any) -> Producer:
        """A confluent-kafka Producer, ready: brokers, certificate, settings.

        Overrides are librdkafka settings with `_` for `.`, such as `linger_ms=50`. See Producer.send for records.
        It is closed with the project, if not before.
        """
        return self._producers.new(topic, self.client_files(), overrides)

    def _kept_producer(self, topic: str | None = None, **overrides: Any) -> Producer:
        """As `producer`, the same one for the same arguments as long as the certificate is the same."""
        return self._producers.kept(topic, self.client_files(), overrides)

    def _make_producer(self, topic: str | None, files: ClientFiles, overrides: Mapping[str, Any]) -> Producer:
        return producer(self.name, topic, files=files, schemas=self.schemas, overrides=_settings(overrides))

    def consumer(self, topics: str | Sequence[str], group: str | None = None, **overrides: Any) -> Consumer:
        """A confluent-kafka Consumer, subscribed to the topics (full or bare names).

        The group gets the project's prefix; without one, it is the user's own. Overrides as with `producer`.
        """
        names = [topics] if isinstance(topics, str) else list(topics)
        return consumer(
            self.name,
            names,
            group=group or self.user,
            files=self.client_files(),
            schemas=self.schemas,
            overrides=_settings(overrides),
        )

    def topic_name(self, topic: str) -> str:
        """The full name of a topic; a bare name is one that members made."""
        return full_name(self.name, topic)

    def client_files(self) -> ClientFiles:
        """PEM files for Kafka; the certificate is asked for, kept and renewed without being asked."""
        held = self._files or given_files(self.name, self._settings.given)
        if held is None:
            held = self._own_files()
        elif datetime.now(UTC) >= held.renew_after:
            held = renewed(held, self._own_files)
        self._files = held
        return held

    def _own_files(self) -> ClientFiles:
        return client_files(self._api, self.name, self.user, self._settings.clients)

    @cached_property
    def schemas(self) -> Schemas:
        """The project's schemas, for encoding and decoding records."""
        return Schemas(self._api, self.name)

    @overload
    def get_feature_store(self, name: None = None) -> FeatureStore: ...

    @overload
    def get_feature_store(self, name: str) -> SharedFeatureStore: ...

    def get_feature_store(self, name: str | None = None) -> FeatureStore | SharedFeatureStore:
        """Feature groups and what is made of them; with the name of another project, what that one shares."""
        if name is not None:
            return SharedFeatureStore(self._api, self.name, name)
        return FeatureStore(self._api, self.name, self._kept_producer, self)

    def create_storage_connector(
        self, name: str, url: str, secret: str | Mapping[str, str] | None = None, description: str = ""
    ) -> StorageConnector:
        """An external database that feature groups are read from; for Data Owners. See FeatureStore."""
        return self.get_feature_store().create_storage_connector(name, url, secret, description)

    def get_storage_connector(self, name: str) -> StorageConnector:
        """The connector of that name; raises NotFound."""
        return self.get_feature_store().get_storage_connector(name)

    def get_storage_connectors(self) -> list[StorageConnector]:
        """All connectors, by name."""
        return self.get_feature_store().get_storage_connectors()

    def get_kafka_api(self) -> KafkaApi:
        """Topics, what is on them, and who reads it."""
        return KafkaApi(self._api, self.name, self.user, self.client_files, lambda: self.schemas)

    def get_schema_registry(self) -> SchemaRegistry:
        """Schemas of what is on the topics."""
        return SchemaRegistry(self._api, self.name)

    def get_members_api(self) -> MembersApi:
        """Who belongs to the project."""
        return MembersApi(self._api, self.name)

    def get_members(self) -> list[ProjectMember]:
        """The members, by name."""
        return self.get_members_api().get_members()

    def add_member(self, user: str, role: str) -> ProjectMember:
        """Give a person a role; for Data Owners."""
        return self.get_members_api().add_member(user, role)

    def remove_member(self, user: str) -> None:
        """End a membership; for Data Owners."""
        self.get_members_api().remove_member(user)

    def get_shares_api(self) -> SharesApi:
        """What the project lets others read, and what it may read of theirs."""
        return SharesApi(self._api, self.name)

    def get_shares(self) -> list[Share]:
        """What is given and what is received, the ended ones too, by id."""
        return self.get_shares_api().get_shares()

    def get_dataset_api(self) -> DatasetApi:
        """Files."""
        return DatasetApi(self._api, self.name)

    def get_model_registry(self) -> ModelRegistry:
        """Models and their versions."""
        return ModelRegistry(self)

    def get_model_serving(self) -> ModelServing:
        """Deployments of models."""
        return self._serving

    @cached_property
    def _serving(self) -> ModelServing:
        return ModelServing(self)

    def get_activity(self, limit: int = 100) -> list[dict[str, Any]]:
        """What happened in the project, the last first: every event, with who, when, and by which command."""
        rows: list[dict[str, Any]] = self._api.get(f"/api/projects/{self.name}/activity", limit=limit)
        return rows

    def audit(self, *, limit: int = 100, **filters: Unpack[AuditFilters]) -> list[AuditEntry]:
        """Who did, tried or was refused what, the last first; for Data Owners.

        Filters are `user`, `kind` (of what was done to, as in `feature_group`), `refused` (True: refusals alone),
        `command`, `since` and `until`.
        """
        return audit.entries(self._api, f"/api/projects/{self.name}/audit", limit, filters)

    def export_audit(self, **filters: Unpack[AuditFilters]) -> Iterator[bytes]:
        """The same as JSON lines, all of them, the first first, in parts of bytes."""
        return audit.lines(self._api, f"/api/projects/{self.name}/audit", filters)

    def get_usage(self) -> list[Usage]:
        """How much of each quota is in use, of how much."""
        return usage(self._api, self.name)

    def archive(self) -> None:
        """Put the project away: it is read as before, and nothing in it is changed; for Data Owners.

        Certificates only read, deployments rest, and what was begun before is brought to its end.
        """
        self._api.post(f"/api/projects/{self.name}/archive", {})

    def unarchive(self) -> None:
        """Take the project up again, as it was; for Data Owners."""
        self._api.post(f"/api/projects/{self.name}/unarchive", {})

    @property
    def sensitive(self) -> bool:
        """Whether its data stays inside."""
        return bool(self._api.get(f"/api/projects/{self.name}")["sensitive"])

    def mark_sensitive(self) -> None:
        """Keep the project's data inside; for Data Owners.

        Data Scientists use it in runs on the platform, and read no rows, values, records or files; what is shared with
        other projects, or by them, rests.
        """
        self._api.put(f"/api/projects/{self.name}/sensitive", {})

    def unmark_sensitive(self) -> None:
        """Let the project's data out to all its members again; for administrators."""
        self._api.delete(f"/api/projects/{self.name}/sensitive")

    def delete(self, *, confirm: str) -> None:
        """Delete the project with all that is in it, and return when nothing is left; `confirm` repeats its name.

        For Data Owners and administrators. The name stays taken, and nothing brings the project back. Clients that are
        still in its consumer groups hold the end up until the brokers count them as gone, about a minute.
        """
        path = f"/api/projects/{quote(self.name, safe='')}"
        accepted = self._api.delete(f"{path}?confirm={quote(confirm, safe='')}")
        self._api.wait_until(accepted.status_url or "", _deleted, f"{self.name!r} to be gone", seconds=DELETED_S)

    def search(
        self, text: str, *, kind: str | Sequence[str] | None = None, size: int = 20, start: int = 0
    ) -> SearchResults:
        """Things of this project with all the words of the text; `kind` as in `feature_group` or `model_version`."""
        return search(self._api, text, project=self.name, kind=kind, size=size, start=start)

    def lineage(
        self, node: str, direction: Direction = "upstream", *, levels: int = ALL_LEVELS, as_of: int | None = None
    ) -> Lineage:
        """Where `<kind>:<name>` comes from, or (downstream) what became of it; print it to see a tree."""
        return lineage(self._api, self.name, node, direction, levels=levels, as_of=as_of)

    def close(self) -> None:
        """Send what producers still hold, and let the connections to brokers, gateway and API go."""
        self._producers.close()
        if "_serving" in self.__dict__:
            self._serving.close()
        self._api.close()

    async def aclose(self) -> None:
        """Let the connections go that the running event loop has made; `close` is for all others."""
        await self._api.aclose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _deleted(row: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return row if row["phase"] == "deleted" else None


def _settings(overrides: Mapping[str, Any]) -> dict[str, Any]:
    return {name.replace("_", "."): value for name, value in overrides.items()}
