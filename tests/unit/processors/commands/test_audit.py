"""What deciding a command tells the audit trail."""

from __future__ import annotations

from tests.unit.events.scenario import project

from headrace_broker.audit import Act, ActCodec, Outcome
from headrace_broker.envelopes import command_entry
from headrace_broker.flood import WINDOW_US, WRITTEN
from headrace_broker.record import Record
from headrace_broker.sealing import MasterKey
from headrace_broker.topics import AUDIT
from headrace_events.envelope import Request
from headrace_events.ids import CommandId, uuid7
from headrace_events.language import Command
from headrace_events.project import MarkReady
from headrace_events.topic import CreateTopic
from headrace_processors.commands.batch import Batches
from headrace_schemas.codec import MessageCodec


class Deciding:
    """A command processor without its log: what it would write to the trail."""

    def __init__(self) -> None:
        self.batches = Batches(project().world, MasterKey(bytes(32)))
        self.offset = 0

    def trail(self, command: Command, actor: str, *, command_id: str = "", at_us: int = 0) -> list[Act]:
        """The acts that the command leads to; the log takes it that many microseconds after the first."""
        wish = Request(command=command, id=CommandId(command_id or uuid7()), actor=actor, address="192.0.2.7")
        entry = command_entry(wish, MessageCodec())
        record = Record(
            topic=entry.topic,
            topic_id="commands",
            partition=0,
            offset=self.offset,
            key=entry.key,
            value=entry.value,
            headers=entry.headers,
            timestamp=1_700_000_000_000 + at_us // 1_000,
        )
        self.offset += 1
        batch = self.batches.decide([record])
        self.batches.answers(batch, list(range(len(batch.events))), lambda topic: f"id-of-{topic}")
        return [ActCodec().act(one.value or b"") for one in batch.extra if one.topic == AUDIT]


TOPIC = CreateTopic(project="flights", name="weather")


def test_what_a_person_did_is_told_with_who_where_and_why() -> None:
    command = uuid7()
    (act,) = Deciding().trail(TOPIC, "user:ada", command_id=command)
    assert (act.actor, act.act, act.outcome, act.project) == ("user:ada", "topic.create", Outcome.ACCEPTED, "flights")
    assert (act.address, act.command, act.subject.split("/")[0]) == ("192.0.2.7", command, "topic")
    assert act.at == 1_700_000_000_000_000


def test_a_refusal_is_told_with_its_code() -> None:
    (act,) = Deciding().trail(TOPIC, "user:bob")
    assert (act.actor, act.outcome, act.code, act.address) == (
        "user:bob",
        Outcome.REFUSED,
        "owners-only",
        "192.0.2.7",
    )


def test_a_command_that_is_repeated_is_told_once() -> None:
    deciding, command = Deciding(), uuid7()
    assert len(deciding.trail(TOPIC, "user:ada", command_id=command)) == 1
    assert deciding.trail(TOPIC, "user:ada", command_id=command) == []


def test_what_a_processor_did_is_in_the_events_and_what_it_was_refused_in_the_trail() -> None:
    (act,) = Deciding().trail(MarkReady(project="flights", topics=()), "system:provisioning")
    assert (act.actor, act.outcome) == ("system:provisioning", Outcome.REFUSED)


def test_a_flood_is_counted_and_told_with_the_next_command_after_its_minute() -> None:
    deciding = Deciding()
    told = [act for _ in range(3 * WRITTEN) for act in deciding.trail(TOPIC, "user:bob")]
    assert len(told) == WRITTEN
    after = deciding.trail(CreateTopic(project="flights", name="calm"), "user:ada", at_us=WINDOW_US)
    assert [(act.actor, act.outcome, act.count) for act in after] == [
        ("user:ada", Outcome.ACCEPTED, 1),
        ("user:bob", Outcome.REFUSED, 2 * WRITTEN),
    ]
