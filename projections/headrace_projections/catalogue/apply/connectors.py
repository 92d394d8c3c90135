"""Storage connectors."""

from headrace_events.envelope import Recorded
from headrace_events.storage_connector import ConnectorSecretSet, StorageConnectorCreated, StorageConnectorDeleted
from headrace_projections.catalogue.apply.handlers import authored, on, project_of, stamped
from headrace_projections.changes import Change, Delete, Update, Upsert


@on(StorageConnectorCreated)
def list_connector(event: StorageConnectorCreated, at: Recorded) -> list[Change]:
    """Show where the database is, and whether there is a secret; nobody but the credentials topic has it."""
    row = {"url": event.url, "description": event.description, "secret": event.secret, **authored("created", at)}
    row |= stamped("secret", at)
    return [Upsert("storage_connectors", {"project": project_of(at), "name": event.name}, row)]


@on(ConnectorSecretSet)
def set_secret(event: ConnectorSecretSet, at: Recorded) -> list[Change]:
    """Show whether there is a secret, and since when it is this one."""
    key = {"project": project_of(at), "name": event.name}
    return [Update("storage_connectors", key, {"secret": event.secret, **stamped("secret", at)})]


@on(StorageConnectorDeleted)
def delete_connector(event: StorageConnectorDeleted, at: Recorded) -> list[Change]:
    """Show it no more."""
    return [Delete("storage_connectors", {"project": project_of(at), "name": event.name})]
