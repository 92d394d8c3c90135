"""What one project lets another one read: a topic, a version of a feature group, or every feature group it has."""

from enum import StrEnum

from headrace_events.aggregates import Known
from headrace_events.errors import Invalid, NotFound
from headrace_events.external_feature_group import must_be_ours
from headrace_events.feature_group import FeatureGroup
from headrace_events.language import value
from headrace_events.topic import Topic


class Shareable(StrEnum):
    """The kinds of things that can be shared."""

    TOPIC = "topic"
    FEATURE_GROUP = "feature_group"
    FEATURE_STORE = "feature_store"


@value
class TopicPattern:
    """The topic of that name; `prefixed`: every topic whose name begins so, those that come later too."""

    name: str
    prefixed: bool = False


@value
class Shared:
    """One thing of a project: a topic by its full name, a group by name and version; a whole store has neither."""

    project: str
    what: Shareable
    name: str = ""
    version: int | None = None

    def __str__(self) -> str:
        match self.what:
            case Shareable.TOPIC:
                return f"{self.what}:{self.name}"
            case Shareable.FEATURE_GROUP:
                return f"{self.what}:{self.project}.{self.name}.{self.version}"
            case Shareable.FEATURE_STORE:
                return f"{self.what}:{self.project}"

    @property
    def topics(self) -> TopicPattern:
        """Where its records are."""
        match self.what:
            case Shareable.TOPIC:
                return TopicPattern(name=self.name)
            case Shareable.FEATURE_GROUP:
                return TopicPattern(name=f"{self.project}.features.{self.name}.{self.version}")
            case Shareable.FEATURE_STORE:
                return TopicPattern(name=f"{self.project}.features.", prefixed=True)


def must_be_whole(shared: Shared) -> None:
    """Raise Invalid unless it names just what things of its kind are named by."""
    named, numbered = bool(shared.name), shared.version is not None
    wanted = (shared.what is not Shareable.FEATURE_STORE, shared.what is Shareable.FEATURE_GROUP)
    if (named, numbered) != wanted:
        raise Invalid(
            "incomplete-share",
            "a topic is shared by its full name, a feature group by name and version, a feature store by neither",
            {"what": shared.what.value},
        )
    if shared.what is Shareable.TOPIC and ".topics." not in shared.name:
        raise Invalid(
            "not-shareable",
            f"{shared.name!r} is no topic that members made: these are shared one by one, rows as feature groups",
            {"topic": shared.name[:200]},
        )


def must_exist(shared: Shared, known: Known) -> None:
    """Raise NotFound where the project has no such thing, or no longer."""
    match shared.what:
        case Shareable.TOPIC:
            topic = known.state(Topic, shared.project, shared.name)
            if topic is None or topic.closed:
                raise NotFound("topic", shared.name)
        case Shareable.FEATURE_GROUP:
            group = known.state(FeatureGroup, shared.project, shared.name)
            if group is None or shared.version is None or group.version(shared.version) is None:
                raise NotFound("feature group", f"{shared.name} version {shared.version}")
            must_be_ours(group, shared.name, shared.version, "nobody shares what opens that; each project asks it")
        case Shareable.FEATURE_STORE:
            pass
