"""What is sent about training datasets."""

from typing import Annotated, Literal

from pydantic import Field

from headrace_api.body import Body, Name


class NewSplit(Body):
    """Examples whose event time is in [start, end), microseconds UTC; with a `share`, a random part of them."""

    name: Name = Field(examples=["train"])
    start: int
    end: int
    share: float | None = Field(default=None, description="all splits have one or none has; they make 1")


class NewReading(Body):
    """The rows of an external group, as the artifact of that SHA-256: a Parquet file of the columns the view needs."""

    group: Name = Field(examples=["customers"])
    version: int
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    read_at: int = Field(description="when they were read, microseconds UTC; claimed")


class NewTrainingDataset(Body):
    """A training dataset to be."""

    version: int | None = Field(default=None, description="the next one if not given; never reused")
    splits: list[NewSplit]
    positions: list[Name] = Field(
        default_factory=list, description="those of an earlier dataset, to make the same rows again; none: up to now"
    )
    format: Literal["parquet", "csv", "tsv", "tfrecord", "npy", "hdf5", "petastorm"] = "parquet"
    seed: int | None = Field(default=None, ge=-(1 << 63), lt=1 << 63, description="of random splits; 0 if not given")
    readings: list[NewReading] = Field(
        default_factory=list, description="one for each external group of the view: no server opens other databases"
    )
