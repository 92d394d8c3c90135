"""What is sent about projects."""

from pydantic import Field

from headrace_api.body import Body, Name, Text
from headrace_events.readme import MOST_BYTES


class NewProject(Body):
    """A project to be."""

    project: Name = Field(description="3 to 30 of a-z, 0-9 and '-', a letter first; never reused", examples=["flights"])
    owner: Name | None = Field(default=None, description="its first Data Owner; the caller if not given")
    description: Text = ""
    sensitive: bool = Field(default=False, description="whether its data stays inside, from its first moment on")


class Description(Body):
    """What a project is for."""

    description: Text


class NewReadme(Body):
    """A README, in Markdown; readers must treat it as text of a stranger."""

    text: str = Field(max_length=MOST_BYTES, description=f"at most {MOST_BYTES} bytes in UTF-8")
