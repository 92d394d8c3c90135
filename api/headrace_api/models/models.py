"""What is sent about models."""

from pydantic import Field

from headrace_api.body import Body, Name, Text
from headrace_api.studies.models import Origin


class NewModelVersion(Body):
    """A version of a model to be."""

    name: Name
    version: int | None = Field(default=None, description="the next one if not given; never reused")
    description: Text = ""
    framework: Name = Field(examples=["sklearn"])
    artifact: Name = Field(description="SHA-256 of its stored archive")
    metrics: dict[Name, float] = Field(default_factory=dict)
    inputs: list[Name] = Field(default_factory=list, description="the view columns it takes, in order")
    trained_on: Origin | None = None
    study: Name | None = None
    trial: int | None = None
    program: Name | None = Field(default=None, description="SHA-256 of the stored training function")
    environment: list[Name] = Field(default_factory=list, description="installed distributions as `name==version`")
