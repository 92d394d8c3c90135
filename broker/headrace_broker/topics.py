"""The topics of the log: what they are called and how long they keep what."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from headrace_events.topic_settings import TopicSettings

COMMANDS = "headrace.commands"
RESULTS = "headrace.results"
STATE = "headrace.state"
PLATFORM = "headrace.platform"
CREDENTIALS = "headrace.credentials"
AUDIT = "headrace.audit"
DEAD_LETTERS = "headrace.deadletters"
USAGE = "headrace.usage"
OBSERVATIONS = "headrace.derived.observations"
REFERENCES = "headrace.derived.references"
WINDOWS = "headrace.derived.windows"
READINGS = "headrace.derived.readings"
STREAMS = "headrace.derived.streams"
TICKS = "headrace.derived.ticks"
AGGREGATES = "headrace.derived.aggregates"
LINEAGE = "headrace.derived.lineage"
LINEAGE_REBUILDS = f"{LINEAGE}.rebuild-"
"""What the fresh topic of a rebuild is called, before its number."""

_DAY = 24 * 3600 * 1000
_FOR_EVER = {"retention.ms": "-1", "retention.bytes": "-1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """A topic to be: name, partitions, purpose and Kafka settings."""

    name: str
    partitions: int = 1
    purpose: str
    config: Mapping[str, str] = field(default_factory=dict)


def _kept(milliseconds: int) -> dict[str, str]:
    return {"retention.ms": str(milliseconds)}


_COMPACTED = {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.3", "segment.ms": str(_DAY)}

_FORGETTING = {**_COMPACTED, "max.compaction.lag.ms": str(_DAY), "delete.retention.ms": str(_DAY)}
"""What a tombstone covers is compacted away within a day of its segment's end, however little else changes."""

INTERNAL: tuple[TopicSpec, ...] = (
    TopicSpec(name=COMMANDS, purpose="commands", config=_kept(14 * _DAY)),
    TopicSpec(name=RESULTS, purpose="results", config=_kept(6 * 3600 * 1000)),
    TopicSpec(name=STATE, purpose="state", config=_COMPACTED),
    TopicSpec(name=PLATFORM, purpose="events", config=_FOR_EVER),
    TopicSpec(name=CREDENTIALS, purpose="credentials", config=_FORGETTING),
    TopicSpec(name=AUDIT, purpose="audit", config=_kept(400 * _DAY)),
    TopicSpec(name=DEAD_LETTERS, purpose="deadletters", config=_FOR_EVER),
    TopicSpec(name=USAGE, purpose="usage", config=_COMPACTED),
    TopicSpec(name=OBSERVATIONS, purpose="derived", config=_COMPACTED),
    TopicSpec(name=REFERENCES, purpose="derived", config=_COMPACTED),
    TopicSpec(name=WINDOWS, purpose="derived", config=_COMPACTED),
    TopicSpec(name=READINGS, purpose="derived", config=_COMPACTED),
    TopicSpec(name=STREAMS, purpose="derived", config=_COMPACTED),
    TopicSpec(name=TICKS, purpose="derived", config=_COMPACTED),
    TopicSpec(name=AGGREGATES, purpose="derived", config=_COMPACTED),
    TopicSpec(name=LINEAGE, purpose="derived", config=_COMPACTED),
)


def events_of(project: str) -> str:
    """The topic of everything that happened in a project's metadata."""
    return f"{project}.events"


def project_topics(project: str) -> tuple[TopicSpec, ...]:
    """The topics every project has."""
    return (
        TopicSpec(name=events_of(project), purpose="events", config=_FOR_EVER),
        TopicSpec(name=f"{project}.runs", purpose="runs", config=_FOR_EVER),
        TopicSpec(name=f"{project}.predictions", purpose="predictions", config=_FOR_EVER),
        TopicSpec(name=f"{project}.outcomes", purpose="outcomes", config=_FOR_EVER),
        TopicSpec(name=f"{project}.deadletters", purpose="deadletters", config=_FOR_EVER),
    )


def requested_topic(name: str, purpose: str, settings: TopicSettings) -> TopicSpec:
    """A topic that somebody asked for by command."""
    limited = settings.retention_ms is not None or settings.retention_bytes is not None
    policies = {(False, False): "delete", (False, True): "delete", (True, False): "compact"}
    config = {
        "cleanup.policy": policies.get((settings.compacted, limited), "compact,delete"),
        "retention.ms": _limit(settings.retention_ms),
        "retention.bytes": _limit(settings.retention_bytes),
    }
    return TopicSpec(name=name, partitions=settings.partitions, purpose=purpose, config=config)


def _limit(most: int | None) -> str:
    return "-1" if most is None else str(most)
