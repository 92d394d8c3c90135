"""Events of OpenLineage, as far as we say them.

Source: the OpenLineage specification, core 2-0-2 (RunEvent, Run, Job, Dataset).
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"


class Named(BaseModel):
    """A job or a dataset: a name within a namespace."""

    namespace: str = Field(examples=["headrace://flights"])
    name: str = Field(examples=["training_dataset:late_flights.1.1"])


class Run(BaseModel):
    """One run of a job."""

    run_id: UUID = Field(serialization_alias="runId")


class RunEvent(BaseModel):
    """That a run has read its inputs and made its outputs."""

    event_time: datetime = Field(serialization_alias="eventTime")
    event_type: Literal["RUNNING", "COMPLETE"] = Field(
        serialization_alias="eventType", description="RUNNING where it goes on writing, as a deployment does"
    )
    run: Run
    job: Named
    inputs: list[Named]
    outputs: list[Named]
    producer: str
    schema_url: str = Field(default=SCHEMA, serialization_alias="schemaURL")
