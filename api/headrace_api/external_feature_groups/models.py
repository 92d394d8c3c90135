"""What is sent about external feature groups."""

from typing import Annotated

from pydantic import Field

from headrace_api.body import Body, Name, Text
from headrace_api.feature_groups.models import NewColumn
from headrace_events.select_statement import LONGEST


class NewExternalFeatureGroup(Body):
    """A version of an external feature group to be."""

    name: Name = Field(examples=["customers"])
    version: int | None = Field(default=None, description="the next one if not given; never reused")
    description: Text = ""
    columns: list[NewColumn]
    primary_key: list[Name] = Field(examples=[["customer"]])
    event_time: Name | None = Field(default=None, description="a column of type timestamp", examples=["since"])
    known_at: Name | None = Field(
        default=None,
        description="a column of type timestamp that says when a row became known, for views of what was known",
    )
    storage_connector: Name = Field(examples=["warehouse"])
    query: Annotated[str, Field(max_length=LONGEST)] = Field(
        description="one SELECT", examples=["SELECT customer, tier, since FROM customers"]
    )
