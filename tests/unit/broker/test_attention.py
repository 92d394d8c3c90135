"""Which partitions a feed asks for: whatever the order of things, nothing that was told of rests unread."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headrace_broker.attention import Attention
from headrace_broker.follower import Partition
from headrace_events.envelope import Position

PARTITIONS = [Partition(f"p{n}.events", f"id-{n}", 0) for n in range(5)]


def at(where: Partition, offset: int) -> Position:
    return Position(where.topic_id, where.partition, offset)


def attentive(awake: int, *read: Partition) -> Attention:
    attention = Attention(awake)
    attention.follow(PARTITIONS)
    for where in read:
        attention.read(where, 10)
    return attention


def test_those_that_moved_last_stay_awake() -> None:
    attention = attentive(2, *PARTITIONS)
    assert attention.rest(PARTITIONS) == set(PARTITIONS[:3])
    assert attention.resting == set(PARTITIONS[:3])
    assert attention.rest(PARTITIONS) == set(), "none rests twice"


def test_few_partitions_never_rest() -> None:
    assert attentive(len(PARTITIONS), *PARTITIONS).rest(PARTITIONS) == set()


def test_what_is_not_read_to_its_end_does_not_rest() -> None:
    assert attentive(1, *PARTITIONS).rest([PARTITIONS[1]]) == {PARTITIONS[1]}


def test_a_position_beyond_what_was_read_wakes_its_partition_and_keeps_it_awake_until_it_is_read() -> None:
    attention = attentive(1, *PARTITIONS)
    attention.rest(PARTITIONS)
    attention.told(at(PARTITIONS[0], 10))
    assert attention.wake() == {PARTITIONS[0]}
    attention.read(PARTITIONS[0], 10)  # its end as the brokers last knew it: the record is not visible yet
    attention.read(PARTITIONS[1], 10)
    assert PARTITIONS[0] not in attention.rest(PARTITIONS)
    attention.read(PARTITIONS[0], 11)
    attention.read(PARTITIONS[1], 12)
    assert attention.rest(PARTITIONS) == {PARTITIONS[0]}


def test_a_position_that_was_read_wakes_nobody() -> None:
    attention = attentive(1, *PARTITIONS)
    attention.rest(PARTITIONS)
    attention.told(at(PARTITIONS[0], 9))
    assert attention.wake() == set()


def test_what_is_told_before_its_partition_is_followed_is_awaited_then() -> None:
    attention = Attention(1)
    attention.told(at(PARTITIONS[0], 3))
    assert attention.wake() == set()
    attention.follow(PARTITIONS)
    attention.read(PARTITIONS[0], 3)
    attention.read(PARTITIONS[1], 1)
    assert PARTITIONS[0] not in attention.rest(PARTITIONS)


def test_what_was_told_is_awaited_until_it_is_read() -> None:
    attention = attentive(1, *PARTITIONS)
    assert not attention.awaiting()
    attention.told(at(PARTITIONS[0], 10))
    assert attention.awaiting()
    attention.read(PARTITIONS[0], 11)
    assert not attention.awaiting()


def test_all_wake_together() -> None:
    attention = attentive(1, *PARTITIONS)
    rested = attention.rest(PARTITIONS)
    assert attention.wake_all() == rested
    assert attention.resting == set()


def test_attention_is_needed_where_some_may_rest() -> None:
    assert attentive(len(PARTITIONS) - 1).needed
    assert not attentive(len(PARTITIONS)).needed


def test_a_partition_that_is_left_neither_rests_nor_wakes() -> None:
    attention = attentive(1, *PARTITIONS)
    attention.rest(PARTITIONS)
    attention.leave(PARTITIONS[0].topic)
    attention.told(at(PARTITIONS[0], 99))
    assert PARTITIONS[0] not in attention.resting
    assert attention.wake() == set()


_STEPS = st.lists(
    st.tuples(st.sampled_from(["written", "told", "read", "ended"]), st.sampled_from(PARTITIONS)), max_size=60
)


@given(_STEPS, st.integers(1, 5))
def test_nothing_told_rests_unread(steps: list[tuple[str, Partition]], awake: int) -> None:
    attention = Attention(awake)
    attention.follow(PARTITIONS)
    written, told, read = (dict.fromkeys(PARTITIONS, 0) for _ in range(3))
    ended: set[Partition] = set()
    for what, where in steps:
        if what == "written":
            written[where] += 1
        elif what == "told" and written[where]:
            told[where] = written[where]
            attention.told(at(where, written[where] - 1))
        elif what == "read" and where not in attention.resting:
            read[where] = written[where]
            attention.read(where, read[where])
            ended.discard(where)
        elif what == "ended" and where not in attention.resting:
            attention.read(where, read[where])  # the end of what is visible; more may be written already
            ended.add(where)
        ended -= attention.wake()
        attention.rest(ended)
        assert not [where for where in attention.resting if told[where] > read[where]]
        assert len(PARTITIONS) - len(attention.resting) >= awake
