"""What a streaming feature group is computed of: the rows of a group, or the records of a topic that members made."""

from collections.abc import Iterable, Mapping, Sequence

from headrace_events.aggregates import Known
from headrace_events.errors import Invalid, NotFound
from headrace_events.external_feature_group import must_be_ours
from headrace_events.feature_group import FeatureGroup
from headrace_events.language import value
from headrace_events.record_fields import flat_fields
from headrace_events.row_schema import Column
from headrace_events.streaming_windows import Aggregation
from headrace_events.subject import Subject
from headrace_events.topic import Topic


@value
class StreamingSource:
    """The version of a group (0 of a topic), the topic that is read, and what it has; `event_time` is a topic's."""

    version: int
    topic: str
    types: Mapping[str, str]
    event_time: str | None = None

    def fields(self, keys: Iterable[str], aggregations: Iterable[Aggregation]) -> tuple[Column, ...]:
        """Those of a topic's records that are read."""
        if self.event_time is None:
            return ()
        columns = (one.column for one in aggregations if one.column is not None)
        names = dict.fromkeys((self.event_time, *keys, *columns))
        return tuple(Column(name=name, type=self.types[name]) for name in names)


def source_of(
    known: Known,
    project: str,
    name: str,
    *,
    version: int | None,
    event_time: str | None,
    subject: str | None,
) -> StreamingSource:
    """The source of that name, which is a topic's where it has a dot; raises a Refusal."""
    if "." in name:
        return _topic(project, name, event_time, subject or f"{name}-value", known)
    return _group(project, name, version, event_time, known)


def _group(project: str, name: str, version: int | None, event_time: str | None, known: Known) -> StreamingSource:
    found = known.state(FeatureGroup, project, name)
    number = _newest(found) if version is None else version
    must_be_ours(found, name, number, "no topic has its rows to compute others from")
    source = found.version(number) if found else None
    if source is None:
        raise NotFound("feature group", f"{name} version {number}" if number else name)
    if source.event_time is None:
        raise Invalid("no-event-time", f"group {name!r} has no event time, so its rows are in no window")
    if event_time not in {None, source.event_time}:
        raise Invalid(
            "not-the-event-time",
            f"windows of {name!r} go by its event time {source.event_time!r}, not by {event_time!r}",
            {"event_time": source.event_time},
        )
    return StreamingSource(version=number, topic=f"{project}.features.{name}.{number}", types=source.types)


def _newest(state: FeatureGroup | None) -> int:
    """The number of the newest version that is there; 0 where none is."""
    numbers: Sequence[int] = [] if state is None else [int(one) for one in state.versions if state.version(int(one))]
    return max(numbers, default=0)


def _topic(project: str, name: str, event_time: str | None, subject: str, known: Known) -> StreamingSource:
    topic = known.state(Topic, project, name)
    if topic is None or not topic.opened or not name.startswith(f"{project}.topics."):
        raise NotFound("topic", name)
    versions = known.state(Subject, project, subject)
    if versions is None or not versions.live:
        raise NotFound("subject", subject)
    schema = known.schema(versions.live[-1].schema_id)
    types = flat_fields(schema.text) if schema is not None else {}
    if event_time is None or types.get(event_time) != "timestamp":
        times = (
            ", ".join(field for field, kind in types.items() if kind == "timestamp") or "none of them is a timestamp"
        )
        raise Invalid("no-event-time", f"name the field that is the time of {name!r} records as event_time: {times}")
    return StreamingSource(version=0, topic=name, types=types, event_time=event_time)
