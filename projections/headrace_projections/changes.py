"""What an event changes in a projection, as values, and the register of functions that say so.

A handler is a pure function of one event. It reads no table and no clock; so folding the same events gives the same
rows, whenever and wherever it is done.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from headrace_events.envelope import Recorded
from headrace_events.ids import Micros
from headrace_events.language import Event
from headrace_projections.errors import Unhandled

Values = Mapping[str, Any]
"""Column → value: None, bool, int, float, str, datetime, a list of these (an array), or a record (jsonb)."""


@dataclass(frozen=True, slots=True)
class Upsert:
    """The row of `key` exists and holds `row`; columns not named keep their value, or take their default."""

    table: str
    key: Values
    row: Values


@dataclass(frozen=True, slots=True)
class Update:
    """The row of `key`, which must exist, holds `row`."""

    table: str
    key: Values
    row: Values


@dataclass(frozen=True, slots=True)
class Delete:
    """There is no row of `key`."""

    table: str
    key: Values


@dataclass(frozen=True, slots=True)
class Append:
    """One more row; its key must be new."""

    table: str
    row: Values


@dataclass(frozen=True, slots=True)
class Forget:
    """There is no row whose columns hold these values; nothing that comes later makes one."""

    table: str
    where: Values


Change = Upsert | Update | Delete | Append | Forget

E = TypeVar("E", bound=Event)
Handler = Callable[[Any, Recorded], list[Change]]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(micros: Micros) -> datetime:
    """When the log took an event, as a time with its zone."""
    return _EPOCH + timedelta(microseconds=micros)


@dataclass(slots=True)
class Handlers:
    """The handlers of one projection, by event class; `always` runs for every event, after its handler."""

    projection: str
    _of: dict[type[Event], Handler] = field(default_factory=dict)
    _always: list[Callable[[Recorded], list[Change]]] = field(default_factory=list)

    def on(self, event: type[E]) -> Callable[[Callable[[E, Recorded], list[Change]]], Callable[[E, Recorded], Any]]:
        """Enter the decorated function as the handler of the event class."""

        def register(handler: Callable[[E, Recorded], list[Change]]) -> Callable[[E, Recorded], list[Change]]:
            if event in self._of:
                raise AssertionError(f"{self.projection} has two handlers for {event.__name__}")
            self._of[event] = handler
            return handler

        return register

    def always(self, handler: Callable[[Recorded], list[Change]]) -> Callable[[Recorded], list[Change]]:
        """Enter the decorated function for every event."""
        self._always.append(handler)
        return handler

    @property
    def events(self) -> frozenset[type[Event]]:
        """The event classes that have a handler."""
        return frozenset(self._of)

    def apply(self, recorded: Recorded) -> list[Change]:
        """What the event changes, in order; raises Unhandled."""
        handler = self._of.get(type(recorded.event))
        if handler is None:
            raise Unhandled(self.projection, recorded.event.wire)
        changes = handler(recorded.event, recorded)
        for every in self._always:
            changes += every(recorded)
        return changes
