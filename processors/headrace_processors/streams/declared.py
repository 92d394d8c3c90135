"""Which streaming feature groups there are, folded from the metadata, each with its source once both take rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from headrace_events.envelope import Recorded
from headrace_events.feature_group_streaming import StreamingDeclared
from headrace_events.language import Event
from headrace_events.streaming_windows import Aggregation, seconds_of
from headrace_events.topic import TopicChanged, TopicClosed, TopicOpened
from headrace_projections.rows.groups import Group, Groups

SECOND = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A window of so many slides over the values of a column; over the rows themselves where `number` is empty."""

    number: str
    over_slides: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A streaming feature group: the group that its rows are of, its source, and what is computed.

    A source that is a topic is told as a group whose columns are the fields that are read, and whose key is nothing.
    """

    group: Group
    source: Group
    declared: StreamingDeclared
    schema_id: int

    @property
    def project(self) -> str:
        """Whose it is."""
        return self.group.project

    @property
    def name(self) -> str:
        """Its name among the streaming groups of the project."""
        return f"{self.group.name}.{self.group.version}"

    @property
    def of_topic(self) -> bool:
        """Whether the source is a topic: its records are no rows, and each counts by itself."""
        return self.declared.event_time is not None

    @property
    def slide(self) -> int:
        """How often windows end, in microseconds."""
        return self.declared.slide_seconds * SECOND

    @property
    def lateness(self) -> int:
        """How late a row may be, in microseconds."""
        return self.declared.allowed_lateness_seconds * SECOND

    @property
    def reach(self) -> int:
        """The longest window, in microseconds."""
        return max(frame.over_slides for frame in self.frames.values()) * self.slide

    @property
    def frames(self) -> Mapping[str, Frame]:
        """By feature, what it is a function of."""
        return {one.name: self._frame(one) for one in self.declared.aggregations}

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns of the source whose values are aggregated."""
        return tuple(dict.fromkeys(one.column for one in self.declared.aggregations if one.column is not None))

    def _frame(self, one: Aggregation) -> Frame:
        return Frame(number=one.column or "", over_slides=seconds_of(one.over) // self.declared.slide_seconds)


@dataclass(slots=True)
class Declared:
    """The fold: streams by the topic of their rows, all groups, and the topics that members made."""

    groups: Groups = field(default_factory=Groups)
    streams: dict[str, Stream] = field(default_factory=dict)
    _topics: dict[str, TopicOpened] = field(default_factory=dict)
    _declared: dict[str, StreamingDeclared] = field(default_factory=dict)

    def take(self, recorded: Recorded) -> list[Stream]:
        """Fold one event; the streams that are ready since, or whose source is another one since."""
        if isinstance(recorded.event, StreamingDeclared):
            self._declared[recorded.event.topic] = recorded.event
        changed = self.groups.take(recorded)
        topics = {changed.topic} if changed is not None else set()
        topics |= {recorded.event.topic} if isinstance(recorded.event, StreamingDeclared) else set()
        topics |= self._take_topic(recorded.event)
        found = (self._ready(one) for one in self._declared.values() if topics & {one.topic, one.source_topic})
        ready = [stream for stream in found if stream is not None]
        self.streams |= {stream.group.topic: stream for stream in ready}
        return ready

    def remove(self, topic: str) -> Stream | None:
        """Know nothing of the group of that topic any more; the stream that it was."""
        self.groups.remove(topic)
        self._declared.pop(topic, None)
        return self.streams.pop(topic, None)

    def forget(self, project: str) -> list[Stream]:
        """Know nothing of the project any more; the streams that it had."""
        gone = [stream for stream in self.streams.values() if stream.project == project]
        self._declared = {
            topic: one for topic, one in self._declared.items() if not topic.startswith(f"{project}.features.")
        }
        self._topics = {name: one for name, one in self._topics.items() if not name.startswith(f"{project}.topics.")}
        for stream in gone:
            del self.streams[stream.group.topic]
        self.groups.forget(project)
        return gone

    def _take_topic(self, fact: Event) -> set[str]:
        """Fold what became of a topic that members made; its name, if it is read otherwise since."""
        match fact:
            case TopicOpened(purpose="user"):
                self._topics[fact.name] = fact
            case TopicChanged(name=name, settings=settings) if name in self._topics:
                self._topics[name] = replace(self._topics[name], partitions=settings.partitions)
            case TopicClosed(name=name) if name in self._topics:
                del self._topics[name]
                return set()
            case _:
                return set()
        return {fact.name}

    def _topic(self, declared: StreamingDeclared) -> Group | None:
        opened = self._topics.get(declared.source_topic)
        if opened is None:
            return None
        return Group(
            project=declared.topic.partition(".")[0],
            name=declared.source,
            version=0,
            columns=declared.source_fields,
            primary_key=(),
            event_time=declared.event_time,
            online=False,
            offline=False,
            ttl_seconds=None,
            subject="",
            topic=opened.name,
            topic_id=opened.topic_id,
            partitions=opened.partitions,
        )

    def _ready(self, declared: StreamingDeclared) -> Stream | None:
        group = self.groups.by_topic.get(declared.topic)
        is_group = declared.event_time is None
        source = self.groups.by_topic.get(declared.source_topic) if is_group else self._topic(declared)
        if group is None or source is None:
            return None
        (schema_id,) = self.groups.schemas_of(group)
        return Stream(group=group, source=source, declared=declared, schema_id=schema_id)
