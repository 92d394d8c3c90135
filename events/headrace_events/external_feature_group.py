"""External feature groups: an SQL query on another database, which whoever reads the group asks at that moment."""

from collections.abc import Mapping
from dataclasses import replace

from headrace_events.aggregates import Known
from headrace_events.errors import Conflict, Invalid
from headrace_events.feature_group import FeatureGroup, FeatureGroupVersion, check_columns
from headrace_events.language import Command, Event, command, event
from headrace_events.quota import Quota, must_fit
from headrace_events.row_schema import Column, known_type
from headrace_events.select_statement import must_only_read
from headrace_events.storage_connector import must_be_there
from headrace_events.versions import next_version


@command("feature_group.create_external")
class CreateExternalFeatureGroup(Command):
    """Make a version of a feature group that is a query on another database; without `version`, the next one.

    `known_at` names the column that says when a row became known, for views of what was known.
    """

    project: str
    name: str
    version: int | None = None
    description: str = ""
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    event_time: str | None = None
    storage_connector: str
    query: str
    known_at: str | None = None

    @property
    def key(self) -> str:
        return self.name


@command("feature_group.delete_external")
class DeleteExternalFeatureGroup(Command):
    """Take a version of an external feature group away; the database it reads is left as it is."""

    project: str
    name: str
    version: int

    @property
    def key(self) -> str:
        return self.name


@event("feature_group.external_created")
class ExternalFeatureGroupCreated(Event):
    """The version exists; its rows are what the query gives when it is asked."""

    name: str
    version: int
    description: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    event_time: str | None = None
    storage_connector: str
    query: str
    known_at: str | None = None

    @property
    def key(self) -> str:
        return self.name


@event("feature_group.external_deleted")
class ExternalFeatureGroupDeleted(Event):
    """The version is no more."""

    name: str
    version: int

    @property
    def key(self) -> str:
        return self.name


class IsExternal(Conflict):
    """The group's rows are in another database."""

    def __init__(self, name: str, version: int, instead: str) -> None:
        super().__init__(
            "external-feature-group",
            f"feature group {name!r} version {version} is a query on an external database: {instead}",
            {"feature group": f"{name} version {version}"},
        )


def must_be_ours(state: FeatureGroup | None, name: str, version: int, instead: str) -> None:
    """Raise IsExternal where the version is there, and its rows are not here; `instead` says what to do."""
    found = state.version(version) if state is not None else None
    if found is not None and found.external is not None:
        raise IsExternal(name, version, instead)


def create(state: FeatureGroup | None, wish: CreateExternalFeatureGroup, known: Known) -> list[Event]:
    """Check names, types, key, connector and query; use each version number once."""
    version = next_version(state.versions if state else {}, wish.version, "feature group", wish.name)
    columns = tuple(replace(one, type=known_type(one.name, one.type)) for one in wish.columns)
    check_columns(wish.name, columns, wish.primary_key, wish.event_time)
    _check_known_at(wish, {column.name: column.type for column in columns})
    must_be_there(wish.project, wish.storage_connector, known)
    must_only_read(wish.query)
    must_fit(known, wish.project, {Quota.FEATURE_GROUPS: 1})
    return [
        ExternalFeatureGroupCreated(
            name=wish.name,
            version=version,
            description=wish.description,
            columns=columns,
            primary_key=wish.primary_key,
            event_time=wish.event_time,
            storage_connector=wish.storage_connector,
            query=wish.query,
            known_at=wish.known_at,
        )
    ]


def _check_known_at(wish: CreateExternalFeatureGroup, types: Mapping[str, str]) -> None:
    if wish.known_at is not None and types.get(wish.known_at) != "timestamp":
        raise Invalid("invalid-known-at", f"known-at {wish.known_at!r} must be a column of type timestamp")


def evolve(state: FeatureGroup | None, fact: ExternalFeatureGroupCreated | ExternalFeatureGroupDeleted) -> FeatureGroup:
    """Fold one event."""
    before = state or FeatureGroup(versions={})
    match fact:
        case ExternalFeatureGroupCreated():
            made = FeatureGroupVersion(
                columns=tuple(column.name for column in fact.columns),
                types={column.name: column.type for column in fact.columns},
                primary_key=fact.primary_key,
                event_time=fact.event_time,
                schema_id=0,
                external=fact.storage_connector,
                known_at=fact.known_at,
                online=False,
            )
            return replace(before, versions={**before.versions, str(fact.version): made})
        case ExternalFeatureGroupDeleted(version=version):
            return replace(before, deleted=(*before.deleted, version))
