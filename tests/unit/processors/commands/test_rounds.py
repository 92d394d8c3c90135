"""One round where offsets can be foreseen, two where not, and nothing committed that was foreseen wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace_broker.errors import Unavailable
from headrace_broker.memory import MemoryLog, MemoryWriter
from headrace_broker.record import Entry
from headrace_processors.commands.rounds import Rounds

TOPICS = ("a", "b", "c")


@dataclass(slots=True)
class Counting:
    """Writes to the log in memory, and counts in how many rounds."""

    writer: MemoryWriter
    rounds: int = 0

    def write(self, entries: Sequence[Entry]) -> list[int]:
        """Write and count."""
        self.rounds += 1
        return self.writer.write(entries)


class Session:
    """A log, and who writes to it; what answers were told is kept."""

    def __init__(self) -> None:
        """Open the topics."""
        self.log = MemoryLog()
        self.log.create(*TOPICS, "results")
        self.writer = self.log.writer("processor")
        self.counting = Counting(self.writer)
        self.rounds = Rounds(self.counting)
        self.told: list[tuple[str, int]] = []

    def write(self, *topics: str) -> int:
        """Write one event to each of these topics, and commit; in how many rounds that went."""
        events = [Entry(topic=topic, key=b"", value=b"") for topic in topics]

        def answers(offsets: Sequence[int]) -> list[Entry]:
            self.told += list(zip(topics, offsets, strict=True))
            return [Entry(topic="results", key=b"", value=b"")]

        before = self.counting.rounds
        self.writer.begin()
        self.rounds.write(events, answers)
        self.writer.commit_alone()
        self.rounds.committed()
        return self.counting.rounds - before

    def lie(self) -> list[tuple[str, int]]:
        """Where events lie."""
        return [(topic, offset) for topic in TOPICS for offset, slot in enumerate(self.log.slots(topic)) if slot.entry]


def test_the_first_write_to_a_topic_takes_two_rounds_and_the_next_one_takes_one() -> None:
    session = Session()
    assert [session.write("a"), session.write("a", "a"), session.write("a", "b"), session.write("b", "a")] == [
        2,
        1,
        2,
        1,
    ]
    assert sorted(session.told) == session.lie()


def test_where_nothing_happened_one_round_tells_so() -> None:
    assert Session().write() == 1


@given(st.lists(st.lists(st.sampled_from(TOPICS), max_size=4), max_size=12))
def test_events_lie_where_answers_say(batches: list[list[str]]) -> None:
    session = Session()
    for topics in batches:
        session.write(*topics)
    assert sorted(session.told) == session.lie()


def test_what_was_foreseen_wrong_is_not_committed() -> None:
    session = Session()
    session.write("a")
    other = session.log.writer("somebody else")
    other.begin()
    other.write([Entry(topic="a", key=b"", value=b"")])
    other.commit_alone()
    with pytest.raises(Unavailable, match="somebody else writes"):
        session.write("a")
    reader = session.log.reader()
    reader.follow({session.log.partition("results"): 0})
    assert len(reader.poll().records) == 1, "of the first batch"
