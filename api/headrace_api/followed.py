"""Waiting until this API follows what it has just had written on the credentials topic."""

from collections.abc import Callable

import anyio.to_thread

from headrace_api.errors import Busy
from headrace_broker.credentials import Credentials

SECONDS = 5.0


async def until(credentials: Credentials, holds: Callable[[], bool]) -> None:
    """Return once that holds of the credentials; raises Busy."""
    if not await anyio.to_thread.run_sync(credentials.wait_until, holds, SECONDS):
        raise Busy("it is done, but not followed yet: send the same request again")
