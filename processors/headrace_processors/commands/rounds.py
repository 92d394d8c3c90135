"""Writing a batch within its transaction: the events, and what tells of them with their offsets.

The offset of an event is known when the broker has it. But nobody else writes where the command processor writes, and
a commit takes one offset of each topic for its marker: so once a topic was written to, its next offset can be foreseen,
and everything goes in one round. What was foreseen is compared with what came, before anything is committed.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from headrace_broker.errors import Unavailable
from headrace_broker.record import Entry

MARKER = 1
"""What a commit takes of each topic it wrote to."""

Answers = Callable[[Sequence[int]], Sequence[Entry]]
"""What is written besides, now that the events have these offsets."""


class Writes(Protocol):
    """Writes within the open transaction."""

    def write(self, entries: Sequence[Entry]) -> list[int]:
        """Write the entries; return their offsets."""
        ...


class Rounds:
    """The batches of one session, one transaction after the other."""

    def __init__(self, writer: Writes) -> None:
        self._writer = writer
        self._next: dict[str, int] = {}
        self._written: dict[str, int] = {}

    def write(self, events: Sequence[Entry], answers: Answers) -> None:
        """Write both; raises Unavailable, and the session is over, where an event got another offset than foreseen."""
        foreseen = self._foreseen(events)
        if foreseen is None:
            offsets = self._writer.write(events)
            self._writer.write(answers(offsets))
        else:
            offsets = self._writer.write([*events, *answers(foreseen)])[: len(events)]
            if offsets != foreseen:
                raise Unavailable(f"events lie at {offsets}, and were told to lie at {foreseen}: somebody else writes")
        self._written = {event.topic: offset for event, offset in zip(events, offsets, strict=True)}

    def committed(self) -> None:
        """The transaction with what was written last is committed."""
        self._next |= {topic: last + 1 + MARKER for topic, last in self._written.items()}
        self._written = {}

    def _foreseen(self, events: Sequence[Entry]) -> list[int] | None:
        """The offsets that these will get; None where a topic was not written to before."""
        following = dict(self._next)
        offsets = []
        for event in events:
            if event.topic not in following:
                return None
            offsets.append(following[event.topic])
            following[event.topic] += 1
        return offsets
