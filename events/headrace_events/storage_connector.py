"""Storage connectors: where an external database is. What opens it lies, sealed, on the credentials topic alone."""

from dataclasses import field, replace

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.connector_url import must_hold_no_secret
from headrace_events.errors import AlreadyExists, Conflict, Invalid, NotFound
from headrace_events.feature_group import FeatureGroup
from headrace_events.ids import object_name
from headrace_events.language import Command, Erasure, Event, Home, command, event, value

MOST_SEALED = 65_536
MOST_DESCRIPTION = 10_000


class _Named:
    """What names a connector."""

    __slots__ = ()
    name: str

    @property
    def key(self) -> str:
        return self.name


@command("storage_connector.create")
class CreateStorageConnector(_Named, Command):
    """Say where a database is. `url` holds no secret; `sealed` is the secret under the platform's master key."""

    project: str
    name: str
    url: str
    description: str = ""
    sealed: bytes | None = field(default=None, repr=False)


@command("storage_connector.set_secret")
class SetConnectorSecret(_Named, Command):
    """Put another secret in the place of the one there is, or take it away."""

    project: str
    name: str
    sealed: bytes | None = field(default=None, repr=False)


@command("storage_connector.delete")
class DeleteStorageConnector(_Named, Command):
    """Take the connector away with its secret; the name is never used again."""

    project: str
    name: str


@event("storage_connector.created")
class StorageConnectorCreated(_Named, Event):
    """A database is there; `secret` says whether something opens it that is not in the URL."""

    name: str
    url: str
    description: str
    secret: bool


@event("storage_connector.secret_set")
class ConnectorSecretSet(_Named, Event):
    """What opens the database is something else from here on, or nothing."""

    name: str
    secret: bool


@event("storage_connector.deleted")
class StorageConnectorDeleted(_Named, Event):
    """The connector is no more."""

    name: str


@event("storage_connector.secret_stored", Home.CREDENTIALS)
class ConnectorSecretStored(Event):
    """What opens the database, sealed by the API."""

    project: str
    name: str
    sealed: bytes = field(repr=False)

    @property
    def key(self) -> str:
        return place_of(self.project, self.name)


@event("storage_connector.secret_erased", Home.CREDENTIALS)
class ConnectorSecretErased(Erasure):
    """Takes the place of the secret."""

    project: str
    name: str

    @property
    def key(self) -> str:
        return place_of(self.project, self.name)


@value
class StorageConnector:
    """Whether there is something to keep secret, and whether the connector is still there."""

    secret: bool
    deleted: bool = False


def place_of(project: str, name: str) -> str:
    """Where the connector's secret lies on the credentials topic."""
    return f"connector/{project}/{name}"


def must_be_there(project: str, name: str, known: Known) -> None:
    """Raise NotFound unless the project has the connector."""
    found = known.state(StorageConnector, project, name)
    if found is None or found.deleted:
        raise NotFound("storage connector", name[:200])


def forgotten(project: str, known: Known) -> list[Event]:
    """The events that take all secrets of a project's connectors away."""
    found = sorted(name for name, one in known.each(StorageConnector, project) if one.secret)
    return [ConnectorSecretErased(project=project, name=name) for name in found]


def decide(state: StorageConnector | None, wish: Command, known: Known) -> list[Event]:
    """Take each name once, and no URL with a secret in it."""
    match wish:
        case CreateStorageConnector(project=project, name=name, url=url, sealed=sealed):
            object_name(name, "storage connector")
            if state is not None:
                raise AlreadyExists("storage connector", name)
            must_hold_no_secret(url)
            if len(wish.description) > MOST_DESCRIPTION:
                raise Invalid("description-too-long", f"a description has at most {MOST_DESCRIPTION} characters")
            made = StorageConnectorCreated(name=name, url=url, description=wish.description, secret=sealed is not None)
            return [made, *(_stored(project, name, sealed) if sealed is not None else ())]
        case SetConnectorSecret(project=project, name=name, sealed=sealed):
            must_be_there(project, name, known)
            stored = _stored(project, name, sealed)
            return [ConnectorSecretSet(name=name, secret=sealed is not None), *stored]
        case DeleteStorageConnector(project=project, name=name):
            must_be_there(project, name, known)
            _must_be_unused(project, name, known)
            return [StorageConnectorDeleted(name=name), ConnectorSecretErased(project=project, name=name)]
        case _:
            raise unknown(wish)


def _must_be_unused(project: str, name: str, known: Known) -> None:
    """Raise Conflict while feature groups are read through the connector."""
    users = sorted(
        f"{group} version {number}"
        for group, state in known.each(FeatureGroup, project)
        for number in map(int, state.versions)
        if (version := state.version(number)) is not None and version.external == name
    )
    if users:
        named = ", ".join(users[:10]) + (f" and {len(users) - 10} more" if len(users) > 10 else "")
        raise Conflict(
            "storage-connector-in-use",
            f"storage connector {name!r} is used by feature groups {named}: delete those first",
            {"used_by": named, "users": str(len(users))},
        )


def _stored(project: str, name: str, sealed: bytes | None) -> list[Event]:
    if sealed is None:
        return [ConnectorSecretErased(project=project, name=name)]
    if not 0 < len(sealed) <= MOST_SEALED:
        raise Invalid("secret-too-large", f"a sealed secret has at most {MOST_SEALED} bytes")
    return [ConnectorSecretStored(project=project, name=name, sealed=sealed)]


def evolve(state: StorageConnector | None, fact: Event) -> StorageConnector:
    """Fold one event."""
    match fact:
        case StorageConnectorCreated(secret=secret):
            return StorageConnector(secret=secret)
        case ConnectorSecretSet(secret=secret) if state is not None:
            return replace(state, secret=secret)
        case StorageConnectorDeleted() if state is not None:
            return replace(state, secret=False, deleted=True)
        case _:
            raise unknown(fact)


aggregate("storage_connector", StorageConnector, decide=decide, evolve=evolve)
