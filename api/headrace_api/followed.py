"""Waiting until this API follows what it has just had written on the credentials topic."""

from collections.abc import Callable
from typing import TypeVar

import anyio.to_thread

from headrace_api.errors import Busy
from headrace_broker.credentials import Credentials
from headrace_events.language import Event

SECONDS = 5.0

Held = TypeVar("Held", bound=Event)


async def until(credentials: Credentials, holds: Callable[[], bool]) -> None:
    """Return once that holds of the credentials; raises Busy."""
    if not await anyio.to_thread.run_sync(credentials.wait_until, holds, SECONDS):
        raise Busy("it is done, but not followed yet: send the same request again")


async def until_held(credentials: Credentials, kind: type[Held], key: str, holds: Callable[[Held], bool]) -> None:
    """Return once a record of that kind is held under the key, and that holds of it; raises Busy."""

    def known() -> bool:
        stored = credentials.held(kind, key)
        return stored is not None and holds(stored)

    await until(credentials, known)
