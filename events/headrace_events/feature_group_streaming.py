"""Streaming feature groups: their rows are aggregates over windows of event time, computed from another group's rows.

What is to be computed is this declaration; no code is kept. Nobody but the platform writes the group's topic.
"""

from dataclasses import replace

from headrace_events import feature_group
from headrace_events.aggregates import Known
from headrace_events.errors import Conflict, Invalid, NotFound
from headrace_events.external_feature_group import must_be_ours
from headrace_events.feature_group import CreateFeatureGroup, FeatureGroup, FeatureGroupCreated
from headrace_events.language import Command, Event, command, event
from headrace_events.streaming_windows import (
    MOST_LATENESS_SECONDS,
    WINDOW_END,
    Aggregation,
    check_windows,
    columns_of,
    seconds_of,
)
from headrace_events.versions import next_version


@command("feature_group.create_streaming")
class CreateStreamingFeatureGroup(Command):
    """Make a version of a feature group whose rows the platform computes; without `version`, the next one.

    Rows of the source with the same `keys` are one entity. Every `slide` a window of each aggregation ends. A row that
    is more than `allowed_lateness` (None: 30 days) behind the newest event time of the source is counted, not used.
    """

    project: str
    name: str
    version: int | None = None
    description: str = ""
    source: str
    source_version: int
    keys: tuple[str, ...]
    aggregations: tuple[Aggregation, ...]
    slide: str
    allowed_lateness: str | None = None
    online: bool = True
    offline: bool = True
    ttl_seconds: int | None = None
    partitions: int = 1

    @property
    def key(self) -> str:
        return self.name


@event("feature_group.streaming_declared")
class StreamingDeclared(Event):
    """The version, which is made by the event before, is computed so from the rows on `source_topic`."""

    name: str
    version: int
    topic: str
    source: str
    source_version: int
    source_topic: str
    keys: tuple[str, ...]
    aggregations: tuple[Aggregation, ...]
    slide_seconds: int
    allowed_lateness_seconds: int

    @property
    def key(self) -> str:
        return self.name


def declare(state: FeatureGroup | None, wish: CreateStreamingFeatureGroup, known: Known) -> list[Event]:
    """The group, as any other, and what it is computed from; raises a Refusal."""
    version = next_version(state.versions if state else {}, wish.version, "feature group", wish.name)
    found = known.state(FeatureGroup, wish.project, wish.source)
    must_be_ours(found, wish.source, wish.source_version, "no topic has its rows to compute others from")
    source = found.version(wish.source_version) if found else None
    if source is None:
        raise NotFound("feature group", f"{wish.source} version {wish.source_version}")
    if source.event_time is None:
        raise Invalid("no-event-time", f"group {wish.source!r} has no event time, so its rows are in no window")
    for key in wish.keys:
        if key not in source.types:
            raise Invalid("unknown-column", f"the source has no column {key!r}", {"column": key})
    slide = seconds_of(wish.slide)
    check_windows(wish.aggregations, slide, source.types)
    late = MOST_LATENESS_SECONDS if wish.allowed_lateness is None else seconds_of(wish.allowed_lateness)
    if late > MOST_LATENESS_SECONDS:
        raise Invalid("lateness-too-long", f"rows may be at most {MOST_LATENESS_SECONDS // 86_400} days late")
    made = feature_group.decide(
        state,
        CreateFeatureGroup(
            project=wish.project,
            name=wish.name,
            version=version,
            description=wish.description,
            columns=columns_of(wish.keys, source.types, wish.aggregations),
            primary_key=wish.keys,
            event_time=WINDOW_END,
            online=wish.online,
            offline=wish.offline,
            ttl_seconds=wish.ttl_seconds,
            partitions=wish.partitions,
        ),
        known,
    )
    topic = next(fact.topic for fact in made if isinstance(fact, FeatureGroupCreated))
    return [
        *made,
        StreamingDeclared(
            name=wish.name,
            version=version,
            topic=topic,
            source=wish.source,
            source_version=wish.source_version,
            source_topic=f"{wish.project}.features.{wish.source}.{wish.source_version}",
            keys=wish.keys,
            aggregations=wish.aggregations,
            slide_seconds=slide,
            allowed_lateness_seconds=late,
        ),
    ]


def must_not_stream(state: FeatureGroup | None, name: str, version: int) -> None:
    """Raise Conflict where the platform computes the rows of the version: they are what its declaration says."""
    found = state.version(version) if state else None
    if found is not None and found.source is not None:
        raise Conflict(
            "streaming-feature-group",
            f"{name!r} version {version} is computed from {found.source}: make another version instead",
            {"source": found.source},
        )


def evolve(state: FeatureGroup, fact: StreamingDeclared) -> FeatureGroup:
    """Fold one event."""
    streams = replace(state.versions[str(fact.version)], source=f"{fact.source}.{fact.source_version}")
    return replace(state, versions={**state.versions, str(fact.version): streams})
