"""Run events as OpenLineage's clients send them, and what they are answered.

Source: the OpenLineage specification, core 2-0-2 (RunEvent), and its HTTP API. Facets and whatever else an event has
are kept as they came.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from headrace_api.body import Kept
from headrace_events.errors import Invalid
from headrace_events.ids import ProjectName
from headrace_events.lineage_run import LONGEST_NAME, LONGEST_NAMESPACE, MOST_DATASETS, Named, RecordRunEvent

MOST_EVENTS = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


Namespace = Annotated[Kept, StringConstraints(min_length=1, max_length=LONGEST_NAMESPACE, pattern=r"^[^|]*$")]
Name = Annotated[Kept, StringConstraints(min_length=1, max_length=LONGEST_NAME)]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, ser_json_inf_nan="constants")


class SentNamed(_Sent):
    """A job or a dataset."""

    namespace: Namespace = Field(examples=["s3://raw"])
    name: Name = Field(examples=["flights/2013.csv"])

    @property
    def named(self) -> Named:
        """As the log has it."""
        return Named(namespace=self.namespace, name=self.name)


class SentRun(_Sent):
    """A run."""

    run_id: UUID = Field(alias="runId")


class SentRunEvent(_Sent):
    """That a run has begun, goes on or has ended; what it reads and writes may be told with any of its events."""

    event_time: AwareDatetime = Field(alias="eventTime")
    event_type: Literal["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"] = Field("OTHER", alias="eventType")
    run: SentRun
    job: SentNamed
    inputs: list[SentNamed] = Field(default=[], max_length=MOST_DATASETS)
    outputs: list[SentNamed] = Field(default=[], max_length=MOST_DATASETS)
    producer: Name
    schema_url: Name = Field(alias="schemaURL")

    def command(self, project: ProjectName) -> RecordRunEvent:
        """The wish to have it recorded; raises Invalid."""
        return RecordRunEvent(
            project=project,
            run=str(self.run.run_id),
            event_type=self.event_type,
            event_time=(self.event_time - _EPOCH) // timedelta(microseconds=1),
            job=self.job.named,
            inputs=tuple(one.named for one in self.inputs),
            outputs=tuple(one.named for one in self.outputs),
            producer=self.producer,
            document=self._document(),
        )

    def _document(self) -> str:
        """The event as JSON, whatever its facets hold."""
        try:
            return json.dumps(self.model_dump(mode="json", by_alias=True), allow_nan=False, separators=(",", ":"))
        except (ValueError, RecursionError) as error:
            raise Invalid("invalid-run-event", f"a facet cannot be kept as JSON: {error}") from error


class FailedEvent(BaseModel):
    """An event of a batch that was not recorded."""

    index: int = Field(description="its place in the batch, from 0")
    code: str
    reason: str
    retriable: bool = Field(description="send it again as it is; else mend it first")


class Summary(BaseModel):
    """How many events of a batch came to what."""

    received: int
    successful: int
    failed: int
    retriable: int
    non_retriable: int


class BatchAnswer(BaseModel):
    """What came of a batch: each event is recorded or named."""

    status: Literal["success", "partial_success", "failure"]
    summary: Summary
    failed_events: list[FailedEvent]

    @classmethod
    def of(cls, received: int, failed: list[FailedEvent]) -> "BatchAnswer":
        """The answer to a batch of that many events, of which these failed."""
        again = sum(one.retriable for one in failed)
        return cls(
            status="success" if not failed else "failure" if len(failed) == received else "partial_success",
            summary=Summary(
                received=received,
                successful=received - len(failed),
                failed=len(failed),
                retriable=again,
                non_retriable=len(failed) - again,
            ),
            failed_events=failed,
        )


Events = Annotated[list[Any], Field(max_length=MOST_EVENTS)]
"""A batch; each event is looked at by itself."""
