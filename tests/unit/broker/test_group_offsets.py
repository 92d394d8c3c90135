"""Next offsets as a transaction takes them."""

from __future__ import annotations

from headrace_broker.follower import Partition
from headrace_broker.group_offsets import as_offsets


def test_what_is_said_goes_with_the_offset_where_something_is_said() -> None:
    one, other = Partition("t", "id", 0), Partition("t", "id", 1)
    made = as_offsets({one: 5, other: 7}, {one: "12/10"})
    assert [(place.topic, place.partition, place.offset, place.metadata) for place in made] == [
        ("t", 0, 5, "12/10"),
        ("t", 1, 7, ""),
    ]
