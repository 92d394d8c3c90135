"""What is sent about transformation functions."""

from typing import Annotated, Literal

from pydantic import Field

from headrace_api.body import Body, Name
from headrace_events.transformation_function import MOST_ARGUMENTS, MOST_RETURNED, MOST_SOURCE

FeatureType = Literal["boolean", "int", "bigint", "float", "double", "string", "binary", "date", "timestamp"]


class NewTransformationFunction(Body):
    """A version of a function to be."""

    name: Name
    version: int | None = Field(default=None, description="the next one if not given; never reused")
    source: Annotated[str, Field(max_length=MOST_SOURCE)] = Field(
        description="Python that defines the function; no server runs it",
        examples=["def doubled(delay):\n    return delay * 2\n"],
    )
    arguments: list[Name] = Field(max_length=MOST_ARGUMENTS, description="its features, in order")
    statistics: list[Name] = Field(default_factory=list, description="the arguments whose statistics it reads")
    return_types: list[FeatureType] = Field(max_length=MOST_RETURNED, description="one for each column it returns")
    drop: list[Name] = Field(default_factory=list, description="the arguments that its outputs replace")
    mode: Literal["default", "python", "pandas"] = Field(
        default="default", description="whether it takes values (python), columns (pandas), or whichever there are"
    )
