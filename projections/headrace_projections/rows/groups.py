"""Which topics carry the rows of which feature group, folded from metadata events."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from headrace_broker.follower import Partition
from headrace_events.envelope import Recorded
from headrace_events.feature_group import FeatureGroupCreated
from headrace_events.feature_group_clearing import FeatureGroupCleared, fence
from headrace_events.row_schema import Column
from headrace_events.schema import SchemaRegistered
from headrace_events.subject import SubjectVersionRegistered
from headrace_events.topic import TopicOpened
from headrace_schemas.catalogue import FIRST_FREE_ID


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One version of a feature group, with the topic that is open for its rows.

    `begins` says, by partition, from which offset on rows count; it is empty while the group was never cleared.
    """

    project: str
    name: str
    version: int
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    event_time: str | None
    online: bool
    offline: bool
    ttl_seconds: int | None
    subject: str
    topic: str
    topic_id: str
    partitions: int
    begins: tuple[int, ...] = ()

    @property
    def key_types(self) -> tuple[str, ...]:
        """The types of the primary key, in its order."""
        types = {column.name: column.type for column in self.columns}
        return tuple(types[name] for name in self.primary_key)

    @property
    def places(self) -> tuple[Partition, ...]:
        """Every partition of its topic."""
        return tuple(Partition(self.topic, self.topic_id, number) for number in range(self.partitions))

    @property
    def starts(self) -> dict[Partition, int]:
        """From which offset on rows count, of every partition of its topic."""
        return dict(zip(self.places, self.begins or (0,) * self.partitions, strict=True))


@dataclass(slots=True)
class Groups:
    """What the metadata read so far says: groups by topic name, and schemas by id."""

    by_topic: dict[str, Group] = field(default_factory=dict)
    schemas: dict[int, str] = field(default_factory=dict)
    _subjects: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    _created: dict[str, tuple[str, FeatureGroupCreated]] = field(default_factory=dict)
    _opened: dict[str, TopicOpened] = field(default_factory=dict)

    def take(self, recorded: Recorded) -> Group | None:
        """Fold one event; returns the group that it makes ready to be read, or that is cleared."""
        project = recorded.project or ""
        match recorded.event:
            case SchemaRegistered(schema_id=schema_id, schema=text):
                self.schemas[schema_id] = text
            case SubjectVersionRegistered(subject=subject, schema_id=schema_id):
                self._subjects.setdefault((project, subject), set()).add(schema_id)
            case FeatureGroupCreated() as created:
                self._created[created.topic] = (project, created)
                self._subjects.setdefault((project, created.subject), set()).add(created.schema_id)
                return self._ready(created.topic)
            case TopicOpened(purpose="features") as opened:
                self._opened[opened.name] = opened
                return self._ready(opened.name)
            case FeatureGroupCleared(topic=topic, positions=positions) if topic in self.by_topic:
                self.by_topic[topic] = cleared = replace(self.by_topic[topic], begins=fence(positions))
                return cleared
            case _:
                pass
        return None

    def forget(self, project: str) -> list[Group]:
        """Know nothing of the project any more; returns the groups that were ready to be read."""
        gone = [group for group in self.by_topic.values() if group.project == project]
        self._created = {topic: made for topic, made in self._created.items() if made[0] != project}
        self._subjects = {key: ids for key, ids in self._subjects.items() if key[0] != project}
        for group in gone:
            del self.by_topic[group.topic], self._opened[group.topic]
        return gone

    def remove(self, topic: str) -> Group | None:
        """Know nothing of the group of that topic any more; returns it if it was ready to be read."""
        made = self._created.pop(topic, None)
        if made is not None:
            self._subjects.pop((made[0], made[1].subject), None)
        self._opened.pop(topic, None)
        return self.by_topic.pop(topic, None)

    def _ready(self, topic: str) -> Group | None:
        if topic not in self._created or topic not in self._opened:
            return None
        project, created = self._created[topic]
        opened = self._opened[topic]
        self.by_topic[topic] = group = Group(
            project=project,
            name=created.name,
            version=created.version,
            columns=created.columns,
            primary_key=created.primary_key,
            event_time=created.event_time,
            online=created.online,
            offline=created.offline,
            ttl_seconds=created.ttl_seconds,
            subject=created.subject,
            topic=topic,
            topic_id=opened.topic_id,
            partitions=opened.partitions,
        )
        return group

    def schemas_of(self, group: Group) -> Mapping[int, str]:
        """The schemas that rows of the group may be written with, by id, as far as they are known."""
        ids = self._subjects.get((group.project, group.subject), set())
        return {schema_id: self.schemas[schema_id] for schema_id in ids if schema_id in self.schemas}

    def knows(self, schema_id: int) -> bool:
        """Whether the schema has been announced, or is one that we ship, which no row is ever written with."""
        return schema_id < FIRST_FREE_ID or schema_id in self.schemas
