"""Streaming feature groups: their rows are aggregates over windows of event time, computed from rows or records.

The source is another feature group, or a topic that members made, which has a dot in its name. What is to be computed
is this declaration; no code is kept. Nobody but the platform writes the group's topic.
"""

from dataclasses import replace

from headrace_events import feature_group
from headrace_events.aggregates import Known
from headrace_events.errors import Conflict, Invalid
from headrace_events.feature_group import CreateFeatureGroup, FeatureGroup, FeatureGroupCreated
from headrace_events.language import Command, Event, command, event
from headrace_events.row_schema import Column
from headrace_events.streaming_source import source_of
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

    Without `source_version` the source is the newest one there is; `event_time`, where it is said, is that of the
    source. Of a topic it is the field of its records that windows go by, and `subject` (None: `<topic>-value`) has
    their schema. Rows of the source with the same `keys` are one entity. Every `slide` a window of each aggregation
    ends. A row that is more than `allowed_lateness` (None: 30 days) behind the newest event time of the source is
    counted, not used.
    """

    project: str
    name: str
    version: int | None = None
    description: str = ""
    source: str
    source_version: int | None = None
    event_time: str | None = None
    subject: str | None = None
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
    """The version, which is made by the event before, is computed so from the rows on `source_topic`.

    Where that is no group's, `source` is its name, `source_version` 0, `event_time` the field that windows go by, and
    `source_fields` are those of its records that are read.
    """

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
    event_time: str | None = None
    source_fields: tuple[Column, ...] = ()

    @property
    def key(self) -> str:
        return self.name


def declare(state: FeatureGroup | None, wish: CreateStreamingFeatureGroup, known: Known) -> list[Event]:
    """The group, as any other, and what it is computed from; raises a Refusal."""
    version = next_version(state.versions if state else {}, wish.version, "feature group", wish.name)
    source = source_of(
        known,
        wish.project,
        wish.source,
        version=wish.source_version,
        event_time=wish.event_time,
        subject=wish.subject,
    )
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
            source_version=source.version,
            source_topic=source.topic,
            keys=wish.keys,
            aggregations=wish.aggregations,
            slide_seconds=slide,
            allowed_lateness_seconds=late,
            event_time=source.event_time,
            source_fields=source.fields(wish.keys, wish.aggregations),
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
    source = f"{fact.source}.{fact.source_version}" if fact.event_time is None else fact.source
    streams = replace(state.versions[str(fact.version)], source=source)
    return replace(state, versions={**state.versions, str(fact.version): streams})
