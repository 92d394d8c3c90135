"""What the stack is made of: services that run, and steps that run once between them."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from headrace_compose.ports import Address

Report = Callable[[str], None]


class NotReady(Exception):
    """The server does not answer as it should yet; the message says what it did instead."""


BEHIND = 5
"""The niceness of what follows: where processors are short it has a third of what somebody waits for has."""


def _nothing(report: Report) -> None:
    """Prepare nothing."""


def _always_ready() -> None:
    """Ask nothing."""


def _unknown_lag() -> float | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One long-running process of the stack.

    `prepare` runs before each start and must be safe to repeat; `ready` raises `NotReady` until the service does its
    work. An external service has no command: it is only asked whether it is ready. `user` is the account it runs as:
    None for our own, `unprivileged` for not being root, or a name. Its temporary files go to a scratch folder of the
    home, which each start finds empty, unless `scratch` says that it sees to them itself. `niceness` says how far it
    gives way to the others: `BEHIND` for what no request waits for.
    """

    name: str
    version: str
    address: Address
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    depends_on: tuple[str, ...] = ()
    prepare: Callable[[Report], None] = _nothing
    ready: Callable[[], None] = _always_ready
    lag: Callable[[], float | None] = _unknown_lag
    start_seconds: float = 120
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: int = 20
    death_signal: signal.Signals = signal.SIGKILL
    user: str | None = None
    scratch: bool = True
    niceness: int = 0

    @property
    def external(self) -> bool:
        """Whether the service runs elsewhere and is only probed."""
        return not self.command


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A command that runs once in each `up`, after what it depends on is ready, and must be safe to repeat."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    depends_on: tuple[str, ...] = ()
    seconds: float = 120
