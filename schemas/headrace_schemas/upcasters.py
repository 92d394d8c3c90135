"""Old versions of events, brought up to date when they are read; the log itself is never touched."""

from collections.abc import Callable, Mapping
from typing import Any

from headrace_events.language import Command, Event
from headrace_events.topic import TopicRequested

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


def _topic_with_subject(record: dict[str, Any]) -> dict[str, Any]:
    """Before topics of members named a subject, it was the usual one."""
    return {**record, "subject": f"{record['name']}-value" if record["purpose"] == "user" else None}


UPCASTERS: Mapping[tuple[type[Command] | type[Event], int], Upcaster] = {(TopicRequested, 1): _topic_with_subject}
"""(class, version it reads) → the record as the next version has it, where defaults do not say that."""


def upcast(cls: type[Command] | type[Event], version: int, record: dict[str, Any]) -> dict[str, Any]:
    """The record as the newest version of its class has it."""
    while (step := UPCASTERS.get((cls, version))) is not None:
        record = step(record)
        version += 1
    return record
