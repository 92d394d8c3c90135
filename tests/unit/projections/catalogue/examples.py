"""One recorded event of every class, from the examples beside the schemas."""

from __future__ import annotations

import json
from typing import Any

from headrace_events.envelope import Position, Recorded
from headrace_events.ids import CommandId, EventId, Micros
from headrace_events.language import EVENTS, Event, Home
from headrace_schemas.catalogue import HERE, folder_of
from headrace_schemas.records import from_record

SECOND = 1_000_000

METADATA = {wire: cls for wire, cls in EVENTS.items() if cls.home in {Home.PLATFORM, Home.PROJECT}}


def example(cls: type[Event], **changed: Any) -> Event:
    """The shipped example of the class, with some fields changed."""
    _, _, verb = cls.wire.partition(".")
    path = max((HERE / folder_of(cls)).glob(f"{verb}.v*.example.json"))
    event: Event = from_record(cls, {**json.loads(path.read_text()), **changed})
    return event


def recorded(event: Event, seq: int = 1, version: int = 1, time: int = 1_700_000_000 * SECOND) -> Recorded:
    """The event as the log holds it."""
    project = "flights" if event.home is Home.PROJECT else None
    return Recorded(
        event=event,
        id=EventId(f"event-{seq}"),
        project=project,
        seq=seq,
        version=version,
        actor="user:ada",
        cause=CommandId("command"),
        time=Micros(time),
        at=Position("topic", 0, seq * 2),
    )
