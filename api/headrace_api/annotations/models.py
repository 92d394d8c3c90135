"""What is said about feature groups and views."""

from typing import Any

from pydantic import Field

from headrace_api.body import Body, Name, Text


class NewDescription(Body):
    """What a thing is."""

    description: Text


class Deprecation(Body):
    """Whether a thing is to be used no more."""

    deprecated: bool


class Keywords(Body):
    """Words under which a thing is found."""

    keywords: list[Name] = Field(max_length=1_000, examples=[["weather", "hourly"]])


class TagValue(Body):
    """What a tag says; JSON that fits its schema."""

    value: Any = Field(examples=[{"team": "meteorology"}])
