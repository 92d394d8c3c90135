"""What is sent and answered about studies."""

from typing import Literal

from pydantic import BaseModel, Field

from headrace_api.body import Body, Name, Text
from headrace_projections.catalogue.queries.studies import StudyRow, StudyStepRow, TrialRow


class NewDimension(Body):
    """One hyper-parameter."""

    name: Name
    kind: Literal["double", "integer", "discrete", "categorical"]
    values: list[Name] = Field(description="two bounds, or all values; JSON texts")


class NewHalving(Body):
    """Successive halving."""

    least_steps: int = Field(default=1, description="of the first rung")
    reduction: int = Field(default=2, description="one of so many goes on")
    rungs: int = 3


class Origin(Body):
    """The training dataset to learn from."""

    view: Name
    view_version: int
    version: int


class NewStudy(Body):
    """A study to be."""

    study: Name = Field(description="its id, made by the client")
    name: Name
    description: Text = ""
    program: Name = Field(description="SHA-256 of the stored, pickled training function")
    program_name: Name
    environment: list[Name] = Field(description="installed distributions as `name==version`")
    searchspace: list[NewDimension]
    trials: int
    metric: Name
    direction: Literal["max", "min"] = "max"
    halving: NewHalving = Field(default_factory=NewHalving)
    seed: int = 0
    workers: int = 2
    gpus: int = Field(default=0, description="of one machine, that each trial has to itself while it runs")
    reads_topics: bool = Field(
        default=False, description="each trial is given a certificate, to read topics while it runs"
    )
    trained_on: Origin | None = None


class StudyWithTrials(BaseModel):
    """A study, its trials, and what happened in which order."""

    study: StudyRow
    trials: list[TrialRow]
    timeline: list[StudyStepRow]
