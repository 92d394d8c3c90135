"""Expectation suites of feature groups, and validation reports."""

from typing import Annotated

from fastapi import APIRouter, Query

from headrace_api.errors import Missing
from headrace_api.reading import ProjectPath, Reader, Reading, ReadingData
from headrace_api.sending import Accepted, Sending
from headrace_api.validation.models import NewReport, NewSuite, Report, Suite, text_of
from headrace_api.versions import Version
from headrace_events.validation import DeleteExpectationSuite, RecordValidation, SaveExpectationSuite
from headrace_projections.catalogue.queries import feature_groups
from headrace_projections.catalogue.queries import validation as queries

MOST_REPORTS = 100

router = APIRouter(prefix="/api/projects/{project}/feature-groups/{name}/versions/{version}", tags=["validation"])

Limit = Annotated[int, Query(ge=1, le=MOST_REPORTS, description="how many of the last ones")]
Before = Annotated[int | None, Query(ge=1, le=2**62, description="only those of a lower number")]


@router.put("/expectation-suite", summary="Save an expectation suite")
async def save_suite(project: ProjectPath, name: str, version: Version, body: NewSuite, sending: Sending) -> Accepted:
    """Expect this of rows from now on, in place of what was expected before; for Data Owners.

    Clients compare rows with it before they send them. Refused with `unknown-expectation` where one is not known here.
    """
    return await sending.send(
        SaveExpectationSuite(
            project=project,
            name=name,
            version=version,
            suite=text_of(body.suite),
            policy=body.validation_ingestion_policy,
            run_validation=body.run_validation,
        )
    )


@router.get("/expectation-suite", summary="Show the expectation suite")
async def get_suite(name: str, version: Version, reading: Reading) -> Suite:
    """What the version expects of its rows, as Great Expectations writes suites."""
    found = await queries.suite(reading.context.pool, reading.project, name, version)
    if found is None:
        raise Missing("expectation suite", f"of {name} version {version}")
    return Suite.of(found)


@router.delete("/expectation-suite", summary="Delete the expectation suite")
async def delete_suite(project: ProjectPath, name: str, version: Version, sending: Sending) -> Accepted:
    """Expect nothing of rows any more; reports stay. For Data Owners."""
    return await sending.send(DeleteExpectationSuite(project=project, name=name, version=version))


@router.post("/validation-reports", status_code=201, summary="Record a validation report")
async def record_report(
    project: ProjectPath, name: str, version: Version, body: NewReport, sending: Sending
) -> Accepted:
    """Say what came of comparing rows with a suite; for Data Owners. Of a sensitive project no value is kept."""
    return await sending.send(
        RecordValidation(
            project=project,
            name=name,
            version=version,
            rows=body.rows,
            ingestion=body.ingestion_result,
            insert_id=body.insert_id,
            report=text_of(body.report),
        )
    )


@router.get("/validation-reports", summary="List validation reports")
async def list_reports(
    name: str, version: Version, reading: ReadingData, limit: Limit = 20, before: Before = None
) -> list[Report]:
    """The last reports, the newest first."""
    await _must_be(reading, name, version)
    rows = await queries.reports(reading.context.pool, reading.project, name, version, limit=limit, before=before)
    return [Report.of(row) for row in rows]


async def _must_be(reading: Reader, name: str, version: int) -> None:
    if not await feature_groups.feature_groups(reading.context.pool, reading.project, name, version):
        raise Missing("feature group", f"{name} version {version}")
