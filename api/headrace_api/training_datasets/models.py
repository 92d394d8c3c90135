"""What is sent about training datasets."""

from typing import Literal

from pydantic import Field

from headrace_api.body import Body, Name


class NewSplit(Body):
    """Examples whose event time is in [start, end), microseconds UTC."""

    name: Name = Field(examples=["train"])
    start: int
    end: int


class NewTrainingDataset(Body):
    """A training dataset to be."""

    version: int | None = Field(default=None, description="the next one if not given; never reused")
    splits: list[NewSplit]
    positions: list[Name] = Field(
        default_factory=list, description="those of an earlier dataset, to make the same rows again; none: up to now"
    )
    format: Literal["parquet", "csv"] = "parquet"
