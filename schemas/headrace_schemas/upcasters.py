"""Old versions of events, brought up to date when they are read; the log itself is never touched."""

from collections.abc import Callable, Mapping
from typing import Any

from headrace_events.language import Command, Event

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTERS: Mapping[tuple[type[Command] | type[Event], int], Upcaster] = {}
"""(class, version it reads) → the record as the next version has it. Nothing has a second version yet."""


def upcast(cls: type[Command] | type[Event], version: int, record: dict[str, Any]) -> dict[str, Any]:
    """The record as the newest version of its class has it."""
    while (step := UPCASTERS.get((cls, version))) is not None:
        record = step(record)
        version += 1
    return record
