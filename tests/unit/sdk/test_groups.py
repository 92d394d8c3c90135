"""Consumer groups: what is left to read, whose they are, and what Kafka's refusals mean."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError, KafkaException

import headrace
from headrace._groups import must_be_own
from headrace._kafka_errors import translated


def place(offset: int | None, begin: int | None, end: int | None) -> headrace.GroupPartition:
    return headrace.GroupPartition(topic="flights.topics.clicks", partition=0, offset=offset, begin=begin, end=end)


def test_lag_is_what_is_left_to_read_and_all_of_it_where_nothing_was_read() -> None:
    assert [place(3, 0, 10).lag, place(10, 0, 10).lag, place(12, 0, 10).lag] == [7, 0, 0]
    assert [place(None, 4, 10).lag, place(1, 4, 10).lag, place(3, None, None).lag] == [6, 6, 0]
    places = (place(3, 0, 10), place(None, 0, 10), place(1, 0, 2))
    assert headrace.ConsumerGroup(name="flights.x", state="empty", members=(), partitions=places).lag == 18


@pytest.mark.parametrize("group", ["bob", "flights.bob", "readers", "flights.readers", "carols"])
def test_a_members_own_group_and_those_of_the_project_are_theirs(group: str) -> None:
    must_be_own(group, "flights.", "bob", ("ada", "bob", "carol"))


@pytest.mark.parametrize("group", ["ada", "flights.ada"])
def test_the_group_named_after_another_member_is_not(group: str) -> None:
    with pytest.raises(headrace.Forbidden, match="'ada'"):
        must_be_own(group, "flights.", "bob", ("ada", "bob", "carol"))


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, headrace.Forbidden, "not-allowed"),
        (KafkaError.GROUP_AUTHORIZATION_FAILED, headrace.Forbidden, "not-your-group"),
        (KafkaError.UNKNOWN_TOPIC_OR_PART, headrace.NotFound, "topic-not-found"),
        (KafkaError.UNKNOWN_MEMBER_ID, headrace.Conflict, "group-in-use"),
        (KafkaError._ALL_BROKERS_DOWN, headrace.Unavailable, "kafka"),
        (KafkaError.INVALID_REQUEST, headrace.Failed, "kafka"),
    ],
)
def test_kafkas_errors_are_told_by_what_one_does_about_them(
    code: int, kind: type[headrace.HeadraceError], told: str
) -> None:
    for error in (KafkaError(code), KafkaException(KafkaError(code))):
        found = translated(error, "topic 'clicks'")
        assert (type(found), found.code) == (kind, told)
        assert "topic 'clicks'" in found.message
