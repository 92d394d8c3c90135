"""A moment in the life of a group: a time, up to which rows were known, or positions, where its log ended.

At a time a row is there whose known-at is not after it; at positions, one whose offset is before that of its partition.
Positions never show anything else. A time shows also what is claimed later to have been known by then.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from headrace_events.errors import Invalid
from headrace_events.ids import Micros
from headrace_projections.history.errors import Impossible, NotReached
from headrace_projections.history.positions import Ends, ends_of
from headrace_projections.online.entities import key_value
from headrace_projections.rows.groups import Group

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Rows known by `known_by` (µs UTC, inclusive), or rows before `ends`: one of the two."""

    known_by: Micros | None = None
    ends: Ends | None = None

    @property
    def condition(self) -> str:
        """SQL: whether a stored row was there."""
        if self.ends is not None:
            return before(self.ends)
        return f'epoch_us("_known_at") <= {self.known_by}'


def before(ends: Ends) -> str:
    """SQL: whether a stored row lies before the ends."""
    if not ends:
        return "false"
    each = (f'("_partition" = {partition} AND "_offset" < {end})' for partition, end in sorted(ends.items()))
    return f"({' OR '.join(each)})"


def moment_of(group: Group, text: str) -> Moment:
    """A time in ISO 8601 (without a zone it is UTC), or positions separated by commas.

    Raises Impossible where it is neither, and for positions of another topic.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) == 1:
        try:
            return Moment(known_by=Micros(int(key_value("timestamp", parts[0]))))
        except Invalid:
            pass
    if not parts or not all(part.count(":") == 2 for part in parts):
        raise Impossible(
            f"{text[:80]!r} is no moment: give a time (ISO 8601), or positions <topic id>:<partition>:<next offset>"
            " separated by commas",
            code="invalid-moment",
        )
    return Moment(ends=ends_of([group], parts)[group.topic_id])


def check(group: Group, moments: Iterable[Moment], *, now: datetime, reached: Ends) -> None:
    """Raise Impossible for a time to come, NotReached for positions that the offline store does not have yet."""
    for moment in moments:
        if moment.known_by is not None and moment.known_by > _micros(now):
            raise Impossible(f"{_iso(moment.known_by)} is still to come", code="in-the-future")
        for partition, end in (moment.ends or {}).items():
            if end > reached.get(partition, 0):
                raise NotReached(
                    f"the offline store has the rows of partition {partition} of {group.name!r} up to offset"
                    f" {reached.get(partition, 0)}, not {end}: wait for the receipt of the insert, or give a position"
                    " that the log has"
                )


def check_order(start: Moment, end: Moment) -> None:
    """Raise Impossible unless both are of one kind, and all that was there at the start was there at the end."""
    if start.ends is not None and end.ends is not None:
        late = [partition for partition, offset in start.ends.items() if offset > end.ends[partition]]
        if late:
            raise Impossible(f"in partition {late[0]} the start lies after the end", code="moments-reversed")
    elif start.known_by is not None and end.known_by is not None:
        if start.known_by > end.known_by:
            raise Impossible("the start lies after the end", code="moments-reversed")
    else:
        raise Impossible("start and end are both times or both positions", code="moments-differ")


def check_not_before(group: Group, moment: Moment, created: datetime, first: Callable[[], Micros | None]) -> None:
    """Raise Impossible for a time before the group was made, unless some of its rows were known by then.

    `first` tells when the first of its rows was known, if there is one.
    """
    if moment.known_by is None or moment.known_by >= _micros(created):
        return
    first_known = first()
    if first_known is None or moment.known_by < first_known:
        raise Impossible(
            f"feature group {group.name!r} version {group.version} was made at {created.astimezone(UTC).isoformat()},"
            f" and nothing in it was known by {_iso(moment.known_by)}",
            code="before-the-group",
        )


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _iso(time: Micros) -> str:
    return (_EPOCH + timedelta(microseconds=time)).isoformat()
