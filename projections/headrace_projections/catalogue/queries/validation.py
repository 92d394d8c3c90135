"""Expectation suites and validation reports."""

from datetime import datetime

from headrace_events.language import value
from headrace_projections.catalogue.queries.rows import Pool, all_of, one_of


@value
class SuiteRow:
    """What a version expects; `suite` is JSON, as Great Expectations writes suites."""

    suite: str
    policy: str
    run_validation: bool
    saved_by: str
    saved_time: datetime


@value
class ReportRow:
    """A report of a version, by number; `report` is JSON, as Great Expectations writes results."""

    number: int
    success: bool
    evaluated: int
    successful: int
    rows: int
    ingestion: str
    insert_id: str | None = None
    report: str
    recorded_by: str
    recorded_time: datetime


async def suite(pool: Pool, project: str, name: str, version: int) -> SuiteRow | None:
    """What the version expects of its rows, or None."""
    query = """SELECT * FROM catalogue.expectation_suites
               WHERE project = %(project)s AND name = %(name)s AND version = %(version)s"""
    return await one_of(pool, SuiteRow, query, project=project, name=name, version=version)


async def reports(
    pool: Pool, project: str, name: str, version: int, *, limit: int, before: int | None = None
) -> list[ReportRow]:
    """The last reports (before that number, where one is given), the newest first."""
    query = """SELECT * FROM catalogue.validation_reports
               WHERE project = %(project)s AND name = %(name)s AND version = %(version)s
                 AND (%(before)s::bigint IS NULL OR number < %(before)s)
               ORDER BY number DESC LIMIT %(limit)s"""
    asked = {"project": project, "name": name, "version": version, "limit": limit, "before": before}
    return await all_of(pool, ReportRow, query, **asked)
