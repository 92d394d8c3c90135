"""Clearing a version of a feature group: what was in its topic when it was asked for counts no more, the group stays.

The line lies in the log itself. Provisioning reads where each partition ends and says so by command; the event names
these offsets. A row before them does not count for anybody, one at them or after counts, whoever sent it when.
"""

from collections.abc import Iterable
from dataclasses import replace

from headrace_events.aggregates import Known
from headrace_events.envelope import Position
from headrace_events.errors import Conflict, Invalid, NotFound, NotReady
from headrace_events.feature_group import Clears, FeatureGroup
from headrace_events.language import Command, Event, command, event
from headrace_events.shared import Shared
from headrace_events.topic import Topic


@command("feature_group.clear")
class ClearFeatureGroup(Command):
    """Let no row count that is in the version's topic now; the version stays, and takes rows as before."""

    project: str
    name: str
    version: int

    @property
    def key(self) -> str:
        return self.name


@command("feature_group.record_cleared")
class RecordFeatureGroupCleared(Command):
    """Provisioning says: when this request was read, the partitions of the topic ended here, exclusive."""

    project: str
    name: str
    version: int
    request: int
    positions: tuple[str, ...]

    @property
    def key(self) -> str:
        return self.name


@event("feature_group.clear_requested")
class FeatureGroupClearRequested(Event):
    """Provisioning will say where the topic ends; requests of a version are numbered from 1."""

    name: str
    version: int
    topic: str
    request: int

    @property
    def key(self) -> str:
        return self.name


@event("feature_group.cleared")
class FeatureGroupCleared(Event):
    """Rows before these positions (`<topic id>:<partition>:<offset>`) do not count; all requests so far are done."""

    name: str
    version: int
    topic: str
    request: int
    positions: tuple[str, ...]

    @property
    def key(self) -> str:
        return self.name


def ask(state: FeatureGroup | None, wish: ClearFeatureGroup, known: Known) -> list[Event]:
    """A request for a version that is there and whose topic takes rows."""
    if state is None or state.version(wish.version) is None:
        raise NotFound("feature group", f"{wish.name} version {wish.version}")
    topic = f"{wish.project}.features.{wish.name}.{wish.version}"
    carried = known.state(Topic, wish.project, topic)
    if carried is None or not carried.opened:
        raise NotReady("topic", topic, "requested")
    request = state.cleared(wish.version).asked + 1
    return [FeatureGroupClearRequested(name=wish.name, version=wish.version, topic=topic, request=request)]


def record(state: FeatureGroup | None, wish: RecordFeatureGroupCleared) -> list[Event]:
    """The line, for a request that is not done yet."""
    if state is None or state.version(wish.version) is None:
        raise NotFound("feature group", f"{wish.name} version {wish.version}")
    clears = state.cleared(wish.version)
    if not clears.done < wish.request <= clears.asked:
        raise Conflict("not-awaited", f"nobody waits for clearing {wish.request} of {wish.name!r} {wish.version}")
    try:
        fence(wish.positions)
    except ValueError as error:
        raise Invalid("invalid-position", str(error)) from None
    return [
        FeatureGroupCleared(
            name=wish.name,
            version=wish.version,
            topic=f"{wish.project}.features.{wish.name}.{wish.version}",
            request=wish.request,
            positions=wish.positions,
        )
    ]


def evolve(state: FeatureGroup, fact: FeatureGroupClearRequested | FeatureGroupCleared) -> FeatureGroup:
    """Fold one event."""
    before = state.cleared(fact.version)
    match fact:
        case FeatureGroupClearRequested(request=request):
            now = replace(before, asked=request)
        case FeatureGroupCleared(request=request):
            now = replace(before, done=request)
    return replace(state, clears={**state.clears, str(fact.version): now})


def fence(positions: Iterable[str]) -> tuple[int, ...]:
    """By partition, the first offset that counts; raises ValueError unless they name each partition of one topic."""
    parsed = sorted(Position.parse(text) for text in positions)
    if [place.partition for place in parsed] != list(range(len(parsed))) or len({one.topic_id for one in parsed}) > 1:
        raise ValueError("positions name each partition of one topic once, from 0")
    return tuple(place.offset for place in parsed)


def must_not_be_clearing(groups: Iterable[Shared], known: Known) -> None:
    """Raise Conflict while one of the groups is being cleared: what is made of it would hold any part of its rows."""
    for group in groups:
        state = known.state(FeatureGroup, group.project, group.name)
        clears = state.cleared(group.version or 0) if state is not None else Clears()
        if clears.asked > clears.done:
            raise Conflict(
                "feature-group-clearing",
                f"feature group {group.name!r} version {group.version} is being cleared: ask again in a moment",
                {"feature group": f"{group.name} version {group.version}"},
            )
