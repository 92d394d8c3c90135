"""What is sent about training datasets."""

from typing import Literal

from pydantic import Field

from headrace_api.body import Body, Name


class NewSplit(Body):
    """Examples whose event time is in [start, end), microseconds UTC; with a `share`, a random part of them."""

    name: Name = Field(examples=["train"])
    start: int
    end: int
    share: float | None = Field(default=None, description="all splits have one or none has; they make 1")


class NewTrainingDataset(Body):
    """A training dataset to be."""

    version: int | None = Field(default=None, description="the next one if not given; never reused")
    splits: list[NewSplit]
    positions: list[Name] = Field(
        default_factory=list, description="those of an earlier dataset, to make the same rows again; none: up to now"
    )
    format: Literal["parquet", "csv", "tsv", "tfrecord", "npy", "hdf5", "petastorm"] = "parquet"
    seed: int | None = Field(default=None, ge=-(1 << 63), lt=1 << 63, description="of random splits; 0 if not given")
