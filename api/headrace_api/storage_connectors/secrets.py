"""Secrets of connectors, sealed before they leave the API and opened for who may read them."""

from collections.abc import Mapping

import orjson

from headrace_broker.sealing import MasterKey
from headrace_events.storage_connector import ConnectorSecretStored, place_of


def sealed(secret: Mapping[str, str] | None, project: str, name: str, master: MasterKey) -> bytes | None:
    """What a command may carry; None where there is nothing to keep."""
    if not secret:
        return None
    return master.wrap(orjson.dumps(secret, option=orjson.OPT_SORT_KEYS), place_of(project, name).encode())


def opened(stored: ConnectorSecretStored, master: MasterKey) -> dict[str, str]:
    """The secret that was stored."""
    found: dict[str, str] = orjson.loads(master.unwrap(stored.sealed, stored.key.encode()))
    return found
