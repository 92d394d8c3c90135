"""What the projector does when the log is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from tests.integration.clients import connection, eventually
from tests.integration.projections.catalogue.conftest import Catalogue, fresh
from tests.integration.stack import RunningStack, running_stack

from headrace_broker.admin import Admin
from headrace_broker.envelopes import event_entry
from headrace_broker.errors import Gap, Missing
from headrace_broker.internal import prepare
from headrace_broker.record import Entry
from headrace_broker.topics import PLATFORM
from headrace_broker.transactions import TransactionalWriter
from headrace_events.envelope import Recorded
from headrace_events.ids import CommandId, EventId
from headrace_events.user import UserCreated
from headrace_schemas.catalogue import schema_id
from headrace_schemas.codec import MessageCodec
from headrace_schemas.errors import UnknownEvent
from headrace_schemas.framing import frame


@dataclass(slots=True)
class Ledger:
    """A platform's log that only the test writes."""

    stack: RunningStack
    seq: int = 0
    codec: MessageCodec = field(default_factory=MessageCodec)

    def entry(self, user: str, seq: int) -> Entry:
        """A user's creation, as the event of that number."""
        recorded = Recorded(
            event=UserCreated(user=user, administrator=False),
            id=EventId(f"event-{seq}"),
            project=None,
            seq=seq,
            version=1,
            actor="user:ada",
            cause=CommandId("command"),
        )
        return event_entry(recorded, self.codec)

    def write(self, *entries: Entry, commit: bool = True) -> None:
        """Write in one transaction."""
        writer = TransactionalWriter(connection(self.stack, "broker"), "test-ledger")
        writer.begin()
        writer.write(entries)
        if commit:
            writer.commit_alone()
        else:
            writer.abort()

    def users(self, *names: str) -> None:
        """Write that these users were created."""
        self.write(*(self.entry(name, seq) for seq, name in enumerate(names, self.seq + 1)))
        self.seq += len(names)


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Servers whose log may be damaged without disturbing other tests."""
    with running_stack(tmp_path_factory.mktemp("faults"), "kafka", "postgres") as running:
        yield running


@pytest.fixture
def ledger(own_stack: RunningStack) -> Ledger:
    """An empty log."""
    make_anew(own_stack)
    return Ledger(own_stack)


def make_anew(stack: RunningStack) -> None:
    """Take the platform's topic away, and make an empty one of its name."""
    as_broker = connection(stack, "broker")
    admin, client = Admin(as_broker), AdminClient(as_broker.librdkafka())
    if admin.topic_ids([PLATFORM]):
        client.delete_topics([PLATFORM])[PLATFORM].result()
        eventually(lambda: None if admin.topic_ids([PLATFORM]) else True, "the topic to be gone")
    prepare(as_broker)


@pytest.fixture
def damaged(own_stack: RunningStack, ledger: Ledger) -> Iterator[Catalogue]:
    """An empty catalogue on that log."""
    with fresh(own_stack) as dsn:
        yield Catalogue(own_stack, dsn)


def listed(catalogue: Catalogue) -> list[str]:
    return [name for (name,) in catalogue.ask("SELECT user_name FROM catalogue.users ORDER BY created_seq")]


def test_a_gap_stops_the_projection_before_it(ledger: Ledger, damaged: Catalogue) -> None:
    ledger.users("ann", "ben")
    damaged.catch_up()
    ledger.write(ledger.entry("dan", 4))
    with pytest.raises(Gap, match="event 4 came where event 3 was due"):
        damaged.catch_up()
    assert listed(damaged) == ["ann", "ben"]
    assert damaged.ask("SELECT seq FROM catalogue.checkpoint") == [(2,)]


def test_an_event_of_a_newer_version_stops_the_projection(ledger: Ledger, damaged: Catalogue) -> None:
    ledger.users("ann")
    damaged.catch_up()
    newer = frame(schema_id("results/result.v1.avsc")) + b"\x00"
    ledger.write(Entry(topic=PLATFORM, key=b"x", value=newer, headers=ledger.entry("ben", 2).headers))
    with pytest.raises(UnknownEvent, match="upgrade the reader first"):
        damaged.catch_up()
    assert listed(damaged) == ["ann"]


def test_a_process_that_meets_a_gap_ends_and_says_why(ledger: Ledger, damaged: Catalogue, tmp_path: Path) -> None:
    ledger.write(ledger.entry("ann", 2))
    with damaged.process(tmp_path / "log") as process:
        assert process.wait(60) != 0
    assert "event 2 came where event 1 was due" in (tmp_path / "log").read_text()


def test_what_was_aborted_is_never_shown(ledger: Ledger, damaged: Catalogue) -> None:
    ledger.users("ann")
    ledger.write(ledger.entry("nobody", 2), commit=False)
    ledger.users("ben")
    damaged.catch_up()
    assert listed(damaged) == ["ann", "ben"]


def test_a_log_that_was_made_anew_is_not_mistaken_for_the_old_one(ledger: Ledger, damaged: Catalogue) -> None:
    ledger.users("ann")
    damaged.catch_up()
    make_anew(ledger.stack)
    with pytest.raises(Missing, match="another topic"):
        damaged.session()
