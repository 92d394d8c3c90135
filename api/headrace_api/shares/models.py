"""What is sent and answered about shares."""

from typing import Literal

from pydantic import Field

from headrace_api.body import Body, Name
from headrace_api.sending import Accepted
from headrace_events.share import OfferShare
from headrace_events.shared import Shareable


class NewShare(Body):
    """Something of the project that another one is to read."""

    receiver: Name = Field(description="the other project", examples=["fraud"])
    what: Literal["topic", "feature_group", "feature_store"]
    name: Name = Field(
        default="",
        description="of a topic in full, or of a feature group; a whole store has none",
        examples=["weather"],
    )
    version: int | None = Field(default=None, description="of the feature group")

    def of(self, project: str) -> OfferShare:
        """The command."""
        return OfferShare(
            project=project, receiver=self.receiver, what=Shareable(self.what), name=self.name, version=self.version
        )


class ShareOffered(Accepted):
    """A share that the other project can accept."""

    share: str = Field(description="its id", examples=["topic:flights.topics.clicks:fraud"])
