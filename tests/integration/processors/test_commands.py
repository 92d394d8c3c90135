"""The command processor on a real log."""

from __future__ import annotations

import hashlib

import pytest
from tests.integration.clients import connection, eventually
from tests.integration.platform import ADMINISTRATOR, Platform

from headrace_broker.admin import Admin
from headrace_broker.follower import LEAVING_MS, Follower, Partition
from headrace_broker.record import Entry
from headrace_broker.topics import COMMANDS, CREDENTIALS, DEAD_LETTERS, STATE
from headrace_broker.transactions import TransactionalWriter
from headrace_events.errors import Invalid, WrongVersion
from headrace_events.ids import CommandId, uuid7
from headrace_events.member import AddMember
from headrace_events.roles import Role
from headrace_events.user import CreateUser
from headrace_processors.commands.refold import refold
from headrace_processors.commands.snapshots import restore
from headrace_processors.commands.world import World


def follow_whole(platform: Platform, topic: str) -> Follower:
    as_broker = connection(platform.stack, "broker")
    topic_id, _ = Admin(as_broker).topic_ids([topic])[topic]
    follower = Follower(as_broker, wait_ms=LEAVING_MS)
    follower.follow({Partition(topic, topic_id, 0): 0})
    return follower


def state_of(platform: Platform) -> World:
    """The world as the state topic has it."""
    follower, world = follow_whole(platform, STATE), World()
    while not follower.at_end():
        for record in follower.poll(seconds=1.0).records:
            restore(world, record)
    follower.close()
    return world


def test_a_command_is_answered_with_the_position_of_its_event(platform: Platform) -> None:
    result = platform.send(CreateUser(user=f"u{uuid7()[-10:]}"))
    (position,) = result.positions
    assert position in {str(recorded.at) for recorded in platform.events()}
    assert result.version == 1


def test_the_same_id_again_gives_the_same_result_and_no_second_event(platform: Platform) -> None:
    command, one = CreateUser(user=f"u{uuid7()[-10:]}"), uuid7()
    first = platform.send(command, command_id=one)
    assert platform.send(command, command_id=one) == first
    assert [recorded.cause for recorded in platform.events()].count(CommandId(one)) == 1
    with pytest.raises(Invalid) as caught:
        platform.send(CreateUser(user="another"), command_id=one)
    assert caught.value.code == "command-id-reused"


def test_a_stale_expected_version_is_a_conflict(platform: Platform) -> None:
    project, eve = platform.project(), platform.user("eve")
    add = AddMember(project=project, user=eve.removeprefix("user:"), role=Role.DATA_SCIENTIST)
    with pytest.raises(Exception, match="at version 2, not 9") as caught:
        platform.send(add, "user:ada", expected_version=9)
    assert getattr(caught.value, "code", "") == WrongVersion("", 1, 2).code
    assert platform.send(add, "user:ada", expected_version=2).version == 3


def test_bytes_that_are_no_command_become_a_dead_letter_and_stop_nobody(platform: Platform) -> None:
    writer = TransactionalWriter(connection(platform.stack, "broker"), "test-writer")
    writer.begin()
    writer.write([Entry(topic=COMMANDS, key=b"x", value=b"\x00garbage", headers={"headrace_actor": ADMINISTRATOR})])
    writer.commit_alone()
    assert platform.send(CreateUser(user=f"u{uuid7()[-10:]}")).accepted
    letters = follow_whole(platform, DEAD_LETTERS)
    letter = eventually(
        lambda: next((record for record in letters.poll(seconds=0.5).records if record.value == b"\x00garbage"), None),
        "the dead letter",
    )
    letters.close()
    assert letter.headers["headrace_topic"] == COMMANDS
    assert letter.headers["headrace_error"]


def test_the_state_topic_is_the_fold_of_the_events(platform: Platform) -> None:
    platform.project()
    kept, folded = state_of(platform), World()
    refold(folded, connection(platform.stack, "command-processor"))
    assert kept.aggregates == folded.aggregates
    assert kept.seqs == folded.seqs
    assert kept.schema_id == folded.schema_id


def test_a_keys_hash_lies_sealed_on_the_credentials_topic(platform: Platform) -> None:
    key_hash = hashlib.sha256(b"secret").hexdigest()
    follower = follow_whole(platform, CREDENTIALS)
    stored = []
    while not follower.at_end():
        stored += [record.value or b"" for record in follower.poll(seconds=1.0).records]
    follower.close()
    assert stored
    assert not any(key_hash.encode() in value for value in stored)
