"""Waiting for what somebody else has just registered: nothing happened again, so no position tells when it shows."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

SECONDS = 5.0
PAUSE_S = 0.02

Found = TypeVar("Found")


async def shown(look: Callable[[], Awaitable[Sequence[Found]]], seconds: float = SECONDS) -> Sequence[Found]:
    """What is looked for, as soon as it shows; nothing where it does not within that many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := await look()) and time.monotonic() < deadline:
        await asyncio.sleep(PAUSE_S)
    return found
