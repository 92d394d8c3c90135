"""What is sent and answered about topics."""

from pydantic import Field

from headrace_api.body import Body, Name
from headrace_api.sending import Accepted


class NewTopic(Body):
    """A topic to be."""

    name: Name = Field(description="what follows `<project>.topics.`", examples=["clicks"])
    partitions: int = Field(default=1, description="never changes")


class TopicAccepted(Accepted):
    """A topic that will be opened."""

    topic: str = Field(description="its full name", examples=["flights.topics.clicks"])


class NewGrant(Body):
    """A Data Scientist who may write."""

    user: Name
