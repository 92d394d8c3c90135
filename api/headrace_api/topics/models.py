"""What is sent and answered about topics."""

from pydantic import Field

from headrace_api.body import Body, Name
from headrace_api.sending import Accepted
from headrace_events.topic import ChangeTopic
from headrace_events.topic_settings import Limit


class NewTopic(Body):
    """A topic to be."""

    name: Name = Field(description="what follows `<project>.topics.`", examples=["clicks"])
    partitions: int = Field(default=1, description="1 to 64; more can be added later, none taken away")
    retention_ms: int | None = Field(default=None, description="how long records are kept; null is for ever")
    retention_bytes: int | None = Field(default=None, description="how much each partition keeps; null is all")
    compacted: bool = Field(default=False, description="whether the last record of each key is enough")
    subject: Name | None = Field(
        default=None, description="the subject that records are encoded by; without one, `<topic>-value`"
    )


class Changes(Body):
    """Other settings of a topic; what is left out stays as it is."""

    partitions: int | None = Field(default=None, description="more than there are: keys may move to other partitions")
    retention_ms: int | None = Field(default=None, description="null keeps records for ever")
    retention_bytes: int | None = Field(default=None, description="of each partition; null sets no limit")
    compacted: bool | None = None

    def of(self, project: str, topic: str) -> ChangeTopic:
        """The command; a limit that is named as null is to go."""
        limits = {
            name: Limit(most=getattr(self, name))
            for name in ("retention_ms", "retention_bytes")
            if name in self.model_fields_set
        }
        return ChangeTopic(project=project, topic=topic, partitions=self.partitions, compacted=self.compacted, **limits)


class TopicAccepted(Accepted):
    """A topic that will be opened."""

    topic: str = Field(description="its full name", examples=["flights.topics.clicks"])


class NewGrant(Body):
    """A Data Scientist who may write."""

    user: Name
