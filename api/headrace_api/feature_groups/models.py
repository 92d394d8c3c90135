"""What is sent about feature groups."""

from typing import Literal

from pydantic import Field

from headrace_api.body import Body, Name, Text

ColumnType = Literal["boolean", "int", "bigint", "float", "double", "string", "binary", "date", "timestamp"]


class NewColumn(Body):
    """A feature."""

    name: Name = Field(examples=["temperature"])
    type: ColumnType = Field(examples=["double"])
    description: Text = ""


class NewFeatureGroup(Body):
    """A version of a feature group to be."""

    name: Name = Field(examples=["weather"])
    version: int | None = Field(default=None, description="the next one if not given; never reused")
    description: Text = ""
    columns: list[NewColumn]
    primary_key: list[Name] = Field(examples=[["airport"]])
    event_time: Name | None = Field(default=None, description="a column of type timestamp", examples=["hour"])
    online: bool = True
    offline: bool = True
    ttl_seconds: int | None = Field(default=None, description="how long a value counts after its event time")
    partitions: int = 1
