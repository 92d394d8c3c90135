"""What is sent and said about expectations and reports."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from headrace_api.body import Body, Name
from headrace_events.validation import Ingestion, IngestionPolicy
from headrace_projections.catalogue.queries.validation import ReportRow, SuiteRow


class NewSuite(Body):
    """What to expect of rows, as Great Expectations writes suites."""

    suite: dict[str, Any] = Field(
        examples=[
            {
                "expectation_suite_name": "weather",
                "expectations": [
                    {
                        "expectation_type": "expect_column_values_to_be_between",
                        "kwargs": {"column": "wind", "min_value": 0},
                        "meta": {},
                    }
                ],
            }
        ]
    )
    validation_ingestion_policy: IngestionPolicy = Field(
        default=IngestionPolicy.ALWAYS,
        strict=False,
        description="STRICT: an insert that is not as expected writes nothing",
    )
    run_validation: bool = Field(default=True, description="whether inserts look at it")


class NewReport(Body):
    """What came of comparing rows with a suite, as Great Expectations writes results."""

    report: dict[str, Any]
    rows: int = Field(ge=0, le=2**62)
    ingestion_result: Ingestion = Field(default=Ingestion.UNKNOWN, strict=False)
    insert_id: Name | None = None


class Suite(BaseModel):
    """What a version expects of its rows."""

    suite: Mapping[str, Any]
    validation_ingestion_policy: IngestionPolicy
    run_validation: bool
    saved_by: str
    saved_time: datetime

    @classmethod
    def of(cls, row: SuiteRow) -> "Suite":
        """The suite of a row."""
        return cls(
            suite=json.loads(row.suite),
            validation_ingestion_policy=IngestionPolicy(row.policy),
            run_validation=row.run_validation,
            saved_by=row.saved_by,
            saved_time=row.saved_time,
        )


class Report(BaseModel):
    """A report; those of a version are numbered from 1."""

    number: int
    success: bool
    evaluated: int
    successful: int
    rows: int
    ingestion_result: Ingestion
    insert_id: str | None
    report: Mapping[str, Any]
    recorded_by: str
    recorded_time: datetime

    @classmethod
    def of(cls, row: ReportRow) -> "Report":
        """The report of a row."""
        return cls(
            number=row.number,
            success=row.success,
            evaluated=row.evaluated,
            successful=row.successful,
            rows=row.rows,
            ingestion_result=Ingestion(row.ingestion),
            insert_id=row.insert_id,
            report=json.loads(row.report),
            recorded_by=row.recorded_by,
            recorded_time=row.recorded_time,
        )


def text_of(given: Mapping[str, Any]) -> str:
    """The object as JSON text."""
    return json.dumps(given, separators=(",", ":"))
