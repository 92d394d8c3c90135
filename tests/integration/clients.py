"""Clients of a running stack."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from tests.integration.stack import RunningStack

from headrace_broker.connection import Connection

T = TypeVar("T")


def connection(stack: RunningStack, principal: str) -> Connection:
    """The broker as one of the platform's principals sees it; `broker` may do everything."""
    files = stack.credentials(principal)
    return Connection(bootstrap=stack.bootstrap, ca=files.ca, certificate=files.cert, key=files.key)


def eventually(ask: Callable[[], T | None], what: str, seconds: float = 20.0, *, longest_pause: float = 0.1) -> T:
    """What `ask` gives as soon as it gives something; it is asked less often the longer that takes."""
    deadline, pause = time.monotonic() + seconds, 0.01
    while (answer := ask()) is None:
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(pause)
        pause = min(pause * 1.4, longest_pause)
    return answer
