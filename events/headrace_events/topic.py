"""Topics of a project: asked for by command, opened and changed by provisioning, announced to every reader."""

from dataclasses import replace

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import AlreadyExists, Conflict, NotFound, NotReady
from headrace_events.ids import topic_suffix
from headrace_events.language import Command, Event, command, event, value
from headrace_events.member import Membership
from headrace_events.quota import Quota, must_fit
from headrace_events.subject import Subject
from headrace_events.topic_settings import Limit, TopicSettings, changed, checked


@value
class OpenedTopic:
    """A topic that exists on the broker. `topic_id` is Kafka's; `purpose` says what its records are."""

    name: str
    topic_id: str
    partitions: int
    purpose: str


@command("topic.create")
class CreateTopic(Command):
    """Ask for `<project>.topics.<name>`; its records are encoded by `subject`, without one by `<topic>-value`."""

    project: str
    name: str
    partitions: int = 1
    retention_ms: int | None = None
    retention_bytes: int | None = None
    compacted: bool = False
    subject: str | None = None

    @property
    def key(self) -> str:
        return f"{self.project}.topics.{self.name}"


@command("topic.record_opened")
class RecordTopicOpened(Command):
    """Provisioning says: the topic exists and takes records."""

    project: str
    topic: OpenedTopic

    @property
    def key(self) -> str:
        return self.topic.name


@command("topic.grant")
class GrantTopic(Command):
    """Let a Data Scientist write to the topic."""

    project: str
    topic: str
    user: str

    @property
    def key(self) -> str:
        return self.topic


@command("topic.change")
class ChangeTopic(Command):
    """Ask for other settings of a topic that members made; what is None stays as it is."""

    project: str
    topic: str
    partitions: int | None = None
    retention_ms: Limit | None = None
    retention_bytes: Limit | None = None
    compacted: bool | None = None

    @property
    def key(self) -> str:
        return self.topic


@command("topic.record_changed")
class RecordTopicChanged(Command):
    """Provisioning says: these settings hold on the brokers."""

    project: str
    topic: str
    settings: TopicSettings

    @property
    def key(self) -> str:
        return self.topic


@command("topic.close")
class CloseTopic(Command):
    """Take a topic that members made away, with all that is on it; its name is never used again."""

    project: str
    topic: str

    @property
    def key(self) -> str:
        return self.topic


@event("topic.requested")
class TopicRequested(Event):
    """Provisioning will open the topic."""

    name: str
    partitions: int
    purpose: str
    retention_ms: int | None = None
    retention_bytes: int | None = None
    compacted: bool = False
    subject: str | None = None

    @property
    def key(self) -> str:
        return self.name

    @property
    def settings(self) -> TopicSettings:
        """What the topic will be like."""
        return TopicSettings(
            partitions=self.partitions,
            retention_ms=self.retention_ms,
            retention_bytes=self.retention_bytes,
            compacted=self.compacted,
        )


@event("topic.opened")
class TopicOpened(Event):
    """The topic takes records; readers assign it from its first offset."""

    name: str
    topic_id: str
    partitions: int
    purpose: str

    @property
    def key(self) -> str:
        return self.name

    @classmethod
    def of(cls, topic: OpenedTopic) -> "TopicOpened":
        """The announcement of this topic."""
        return cls(name=topic.name, topic_id=topic.topic_id, partitions=topic.partitions, purpose=topic.purpose)


@event("topic.granted")
class TopicGranted(Event):
    """The member may write to the topic."""

    topic: str
    user: str

    @property
    def key(self) -> str:
        return self.topic


@event("topic.change_requested")
class TopicChangeRequested(Event):
    """Provisioning will bring these settings about."""

    name: str
    settings: TopicSettings

    @property
    def key(self) -> str:
        return self.name


@event("topic.changed")
class TopicChanged(Event):
    """These settings hold on the brokers."""

    name: str
    settings: TopicSettings

    @property
    def key(self) -> str:
        return self.name


@event("topic.closed")
class TopicClosed(Event):
    """The topic is no more: provisioning removes it from the brokers."""

    name: str

    @property
    def key(self) -> str:
        return self.name


@value
class Topic:
    """Where a topic is in its life, what it is to be like, and who besides the owners may write to it.

    `given` are the topics that every project has without asking.
    """

    opened: bool
    settings: TopicSettings
    changing: bool = False
    writers: tuple[str, ...] = ()
    closed: bool = False
    given: bool = False


def decide(state: Topic | None, wish: Command, known: Known) -> list[Event]:
    """Take each name once; change and close only what members made."""
    match wish:
        case CreateTopic():
            return [_requested(state, wish, known)]
        case RecordTopicOpened(topic=topic):
            if state is None:
                raise NotFound("topic", topic.name)
            if state.opened:
                raise Conflict("topic-is-open", f"topic {topic.name!r} is open already")
            return [TopicOpened.of(topic)]
        case GrantTopic(project=project, topic=topic, user=user):
            if state is None or state.closed or ".topics." not in topic:
                raise NotFound("topic", topic)
            members = known.state(Membership, project, "")
            if members is None or user not in members.roles:
                raise NotFound("member", user)
            return [] if user in state.writers else [TopicGranted(topic=topic, user=user)]
        case ChangeTopic(project=project, topic=topic):
            found = _made_by_members(state, project, topic)
            settings = changed(
                found.settings,
                partitions=wish.partitions,
                retention_ms=wish.retention_ms,
                retention_bytes=wish.retention_bytes,
                compacted=wish.compacted,
            )
            if settings.partitions > found.settings.partitions:
                must_fit(known, project, {Quota.PARTITIONS: settings.partitions - found.settings.partitions})
            return [] if settings == found.settings else [TopicChangeRequested(name=topic, settings=settings)]
        case RecordTopicChanged(topic=topic, settings=settings):
            if state is None or state.closed:
                raise NotFound("topic", topic)
            if not state.changing or settings != state.settings:
                raise Conflict("not-awaited", f"nobody waits for topic {topic!r} to have these settings")
            return [TopicChanged(name=topic, settings=settings)]
        case CloseTopic(project=project, topic=topic):
            from headrace_events.feature_use import topic_must_be_unused  # noqa: PLC0415 - groups know topics already

            _made_by_members(state, project, topic)
            topic_must_be_unused(project, topic, known)
            return [TopicClosed(name=topic)]
        case _:
            raise unknown(wish)


def _requested(state: Topic | None, wish: CreateTopic, known: Known) -> TopicRequested:
    topic_suffix(wish.name)
    if state is not None:
        raise AlreadyExists("topic", wish.key)
    requested = TopicRequested(
        name=wish.key,
        partitions=wish.partitions,
        purpose="user",
        retention_ms=wish.retention_ms,
        retention_bytes=wish.retention_bytes,
        compacted=wish.compacted,
        subject=wish.subject or f"{wish.key}-value",
    )
    checked(requested.settings)
    must_fit(known, wish.project, {Quota.TOPICS: 1, Quota.PARTITIONS: wish.partitions})
    if wish.subject is not None:
        subject = known.state(Subject, wish.project, wish.subject)
        if subject is None or not subject.live:
            raise NotFound("subject", wish.subject)
    return requested


def _made_by_members(state: Topic | None, project: str, topic: str) -> Topic:
    """The topic, if members made it and it is open; raises NotFound, Conflict, NotReady."""
    if state is None or state.closed:
        raise NotFound("topic", topic)
    if not topic.startswith(f"{project}.topics."):
        raise Conflict("topic-belongs-elsewhere", f"{topic!r} goes with what it belongs to, not by itself")
    if not state.opened:
        raise NotReady("topic", topic, "requested")
    return state


def evolve(state: Topic | None, fact: Event) -> Topic:
    """Fold one event."""
    match fact:
        case TopicRequested(settings=settings):
            return Topic(opened=False, settings=settings)
        case TopicOpened() if state is not None:
            return replace(state, opened=True)
        case TopicOpened(partitions=partitions):
            return Topic(opened=True, settings=TopicSettings(partitions=partitions), given=True)
        case TopicGranted(user=user) if state is not None:
            return replace(state, writers=(*state.writers, user))
        case TopicChangeRequested(settings=settings) if state is not None:
            return replace(state, settings=settings, changing=True)
        case TopicChanged() if state is not None:
            return replace(state, changing=False)
        case TopicClosed() if state is not None:
            return Topic(opened=False, settings=state.settings, closed=True)
        case _:
            raise unknown(fact)


aggregate("topic", Topic, decide=decide, evolve=evolve)
