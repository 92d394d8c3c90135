"""What is sent about feature views."""

from typing import Literal

from pydantic import Field

from headrace_api.body import Body, Name, Text


class Selection(Body):
    """Features of one version of a group."""

    group: Name
    version: int
    features: list[Name]
    prefix: Name = Field(default="", description="goes before their names in the view")
    project: Name | None = Field(default=None, description="the other project that shares the group; null: this one")


class KeyColumns(Body):
    """Equal columns of a join."""

    left: Name = Field(description="of the root group")
    right: Name = Field(description="of the joined group")


class NewJoin(Body):
    """A group joined to the root as of the root's event time."""

    selection: Selection
    on: list[KeyColumns]
    kind: Literal["left", "inner"] = "left"


class NewFeatureView(Body):
    """A version of a view to be."""

    name: Name
    version: int | None = Field(default=None, description="the next one if not given; never reused")
    description: Text = ""
    root: Selection = Field(description="its rows are the examples")
    joins: list[NewJoin] = Field(default_factory=list)
    labels: list[Name] = Field(default_factory=list, description="columns of the view to predict")
