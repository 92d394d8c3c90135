"""What is said of vectors that are kept ready."""

from pydantic import BaseModel, Field


class Precomputed(BaseModel):
    """Whether the vectors of a version of a view are kept ready, and are there already."""

    precomputed: bool = Field(description="whether it was asked for")
    ready: bool = Field(
        description="whether all rows that were there before are in them, so that they are what is read"
    )
