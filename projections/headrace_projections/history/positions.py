"""Where rows end: positions in the log that pin what a join may see."""

from collections.abc import Iterable, Mapping

from headrace_events.envelope import Position
from headrace_projections.history.errors import Impossible
from headrace_projections.rows.groups import Group

Ends = Mapping[int, int]
"""Partition → the next offset: rows at it and after it are not there."""


def written(ends: Mapping[str, Ends]) -> tuple[str, ...]:
    """Topic id → ends as sorted positions `<topic id>:<partition>:<next offset>`."""
    positions = [
        Position(topic_id, partition, offset)
        for topic_id, partitions in ends.items()
        for partition, offset in partitions.items()
    ]
    return tuple(str(position) for position in sorted(positions))


def ends_of(groups: Iterable[Group], positions: Iterable[str]) -> dict[str, Ends]:
    """Topic id → ends, for every partition of the groups' topics.

    Raises Impossible where a position is malformed, is missing, is given twice, or is of another topic.
    """
    given: dict[tuple[str, int], int] = {}
    for text in positions:
        position = _parsed(text)
        place = (position.topic_id, position.partition)
        if place in given:
            raise Impossible(f"positions name partition {position.partition} of topic {position.topic_id} twice")
        given[place] = position.offset
    ends: dict[str, Ends] = {}
    for group in groups:
        of_group = {number: given.get((group.topic_id, number)) for number in range(group.partitions)}
        missing = [str(number) for number, offset in of_group.items() if offset is None]
        if missing:
            raise Impossible(
                f"positions say nothing of partition {', '.join(missing)} of {group.name!r} version {group.version}"
                f" (topic id {group.topic_id}): give one position for each partition of each group that is read"
            )
        ends[group.topic_id] = {number: offset for number, offset in of_group.items() if offset is not None}
    strange = sorted({f"{topic_id}:{number}" for topic_id, number in given if number not in ends.get(topic_id, {})})
    if strange:
        raise Impossible(f"positions name {', '.join(strange)}, which feeds no group that is read")
    return ends


def _parsed(text: str) -> Position:
    try:
        position = Position.parse(text)
    except ValueError:
        raise Impossible(f"{text[:80]!r} is no position: write <topic id>:<partition>:<next offset>") from None
    if position.partition < 0 or position.offset < 0:
        raise Impossible(f"{text[:80]!r} is no position: partition and offset count from 0")
    return position
