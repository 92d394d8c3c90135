"""Topics of a project: asked for by command, opened by provisioning, announced to every reader."""

from dataclasses import replace

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import AlreadyExists, Conflict, Invalid, NotFound, NotReady
from headrace_events.ids import topic_suffix
from headrace_events.language import Command, Event, command, event, value
from headrace_events.member import Membership
from headrace_events.quota import Quota, must_fit


@value
class OpenedTopic:
    """A topic that exists on the broker. `topic_id` is Kafka's; `purpose` says what its records are."""

    name: str
    topic_id: str
    partitions: int
    purpose: str


@command("topic.create")
class CreateTopic(Command):
    """Ask for `<project>.topics.<name>`."""

    project: str
    name: str
    partitions: int = 1

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

    @property
    def key(self) -> str:
        return self.name


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


@event("topic.closed")
class TopicClosed(Event):
    """The topic is no more: provisioning removes it from the brokers."""

    name: str

    @property
    def key(self) -> str:
        return self.name


@value
class Topic:
    """Where a topic is in its life, and who besides the owners may write to it.

    `partitions` are those it was asked for with: 0 for the topics that every project has.
    """

    opened: bool
    writers: tuple[str, ...] = ()
    closed: bool = False
    partitions: int = 0


def decide(state: Topic | None, wish: Command, known: Known) -> list[Event]:
    """Take each name once; close only what members made."""
    match wish:
        case CreateTopic(name=name, partitions=partitions):
            topic_suffix(name)
            if state is not None:
                raise AlreadyExists("topic", wish.key)
            if not 1 <= partitions <= 64:
                raise Invalid("invalid-partitions", "a topic has 1 to 64 partitions")
            must_fit(known, wish.project, {Quota.TOPICS: 1, Quota.PARTITIONS: partitions})
            return [TopicRequested(name=wish.key, partitions=partitions, purpose="user")]
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
        case CloseTopic(project=project, topic=topic):
            if state is None or state.closed:
                raise NotFound("topic", topic)
            if not topic.startswith(f"{project}.topics."):
                raise Conflict("topic-belongs-elsewhere", f"{topic!r} goes with what it belongs to, not by itself")
            if not state.opened:
                raise NotReady("topic", topic, "requested")
            return [TopicClosed(name=topic)]
        case _:
            raise unknown(wish)


def evolve(state: Topic | None, fact: Event) -> Topic:
    """Fold one event."""
    match fact:
        case TopicRequested(partitions=partitions):
            return Topic(opened=False, partitions=partitions)
        case TopicOpened():
            return replace(state, opened=True) if state else Topic(opened=True)
        case TopicGranted(user=user) if state is not None:
            return replace(state, writers=(*state.writers, user))
        case TopicClosed():
            return Topic(opened=False, closed=True)
        case _:
            raise unknown(fact)


aggregate("topic", Topic, decide=decide, evolve=evolve)
