"""What is sent about projects."""

from pydantic import Field

from headrace_api.body import Body, Name, Text


class NewProject(Body):
    """A project to be."""

    project: Name = Field(description="3 to 30 of a-z, 0-9 and '-', a letter first; never reused", examples=["flights"])
    owner: Name | None = Field(default=None, description="its first Data Owner; the caller if not given")
    description: Text = ""
