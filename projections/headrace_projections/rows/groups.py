"""Which topics carry the rows of which feature group, folded from metadata events."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from headrace_broker.follower import Partition
from headrace_events.envelope import Recorded
from headrace_events.feature_default import Default, default_of
from headrace_events.feature_group import FeatureGroupCreated
from headrace_events.feature_group_clearing import FeatureGroupCleared, fence
from headrace_events.feature_group_growth import FeatureGroupFeaturesAppended
from headrace_events.feature_statistics import FeatureGroupStatisticsConfigured, StatisticsConfig
from headrace_events.row_schema import Appended, Column, is_of
from headrace_events.schema import SchemaRegistered
from headrace_events.topic import TopicOpened
from headrace_schemas.catalogue import FIRST_FREE_ID


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Columns that came later, and the first schema that has them."""

    schema_id: int
    features: tuple[Appended, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One version of a feature group, with the topic that is open for its rows.

    `begins` says, by partition, from which offset on rows count; it is empty while the group was never cleared.
    `columns` are all that it has now; `growth` says which of them came later, in order.
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
    growth: tuple[Growth, ...] = ()
    statistics: StatisticsConfig = field(default_factory=StatisticsConfig)

    @property
    def counted(self) -> Mapping[str, str]:
        """The columns (name → type) of which there are statistics."""
        return self.statistics.counted({column.name: column.type for column in self.columns})

    @property
    def defaults(self) -> Mapping[str, Default]:
        """What rows written without a column have there, of the columns where that is not null."""
        later = [feature for growth in self.growth for feature in growth.features]
        values = {feature.name: default_of(feature.type, feature.default) for feature in later}
        return {name: value for name, value in values.items() if value is not None}

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
    _grown: dict[str, list[Growth]] = field(default_factory=dict)
    _counted: dict[str, StatisticsConfig] = field(default_factory=dict)
    _opened: dict[str, TopicOpened] = field(default_factory=dict)
    _begins: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def take(self, recorded: Recorded) -> Group | None:
        """Fold one event; returns the group that it makes ready to be read, or that is another one since."""
        project = recorded.project or ""
        match recorded.event:
            case SchemaRegistered(schema_id=schema_id, schema=text):
                self.schemas[schema_id] = text
            case FeatureGroupCreated() as created:
                self._created[created.topic] = (project, created)
                self._subjects.setdefault((project, created.subject), set()).add(created.schema_id)
                return self._ready(created.topic)
            case FeatureGroupFeaturesAppended(topic=topic) as grown:
                subject = self._created[topic][1].subject
                self._subjects.setdefault((project, subject), set()).add(grown.schema_id)
                self._grown.setdefault(topic, []).append(Growth(schema_id=grown.schema_id, features=grown.features))
                return self._ready(topic)
            case FeatureGroupStatisticsConfigured(topic=topic, statistics=statistics):
                self._counted[topic] = statistics
                return self._ready(topic)
            case TopicOpened(purpose="features") as opened:
                self._opened[opened.name] = opened
                return self._ready(opened.name)
            case FeatureGroupCleared(topic=topic, positions=positions):
                self._begins[topic] = fence(positions)
                return self._ready(topic)
            case _:
                pass
        return None

    def forget(self, project: str) -> list[Group]:
        """Know nothing of the project any more; returns the groups that were ready to be read."""
        gone = [group for group in self.by_topic.values() if group.project == project]
        self._created = {topic: made for topic, made in self._created.items() if made[0] != project}
        self._grown = {topic: grown for topic, grown in self._grown.items() if topic in self._created}
        self._begins = {topic: begins for topic, begins in self._begins.items() if topic in self._created}
        self._counted = {topic: counted for topic, counted in self._counted.items() if topic in self._created}
        self._subjects = {key: ids for key, ids in self._subjects.items() if key[0] != project}
        for group in gone:
            del self.by_topic[group.topic], self._opened[group.topic]
        return gone

    def remove(self, topic: str) -> Group | None:
        """Know nothing of the group of that topic any more; returns it if it was ready to be read."""
        made = self._created.pop(topic, None)
        if made is not None:
            self._subjects.pop((made[0], made[1].subject), None)
        for kept in (self._opened, self._grown, self._begins, self._counted):
            kept.pop(topic, None)
        return self.by_topic.pop(topic, None)

    def _ready(self, topic: str) -> Group | None:
        if topic not in self._created or topic not in self._opened:
            return None
        project, created = self._created[topic]
        opened = self._opened[topic]
        growth = tuple(self._grown.get(topic, ()))
        self.by_topic[topic] = group = Group(
            project=project,
            name=created.name,
            version=created.version,
            columns=(*created.columns, *(feature.column for one in growth for feature in one.features)),
            primary_key=created.primary_key,
            event_time=created.event_time,
            online=created.online,
            offline=created.offline,
            ttl_seconds=created.ttl_seconds,
            subject=created.subject,
            topic=topic,
            topic_id=opened.topic_id,
            partitions=opened.partitions,
            begins=self._begins.get(topic, ()),
            growth=growth,
            statistics=self._counted.get(topic) or created.statistics or StatisticsConfig(),
        )
        return group

    def schemas_of(self, group: Group) -> Mapping[int, str]:
        """The schemas that rows of the group may be written with, by id, as far as they are known.

        They are those that the group was made and has grown with. What its subject had before the group was made counts
        for no row: a column that comes later may be another one there.
        """
        ids = self._subjects.get((group.project, group.subject), set())
        return {schema_id: self.schemas[schema_id] for schema_id in ids if schema_id in self.schemas}

    def awaits(self, group: Group, schema_id: int) -> bool:
        """Whether rows of a schema that is none of the group's may yet be its rows.

        Either nobody has announced the schema, or it is called as the group's are, which its next one will be too.
        Schemas that we ship are never those of rows.
        """
        if schema_id < FIRST_FREE_ID or schema_id in self.schemas_of(group):
            return False
        text = self.schemas.get(schema_id)
        return text is None or is_of(text, group.project, group.name, group.version)
