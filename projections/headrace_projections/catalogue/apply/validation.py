"""What feature groups expect of their rows, and the reports of what came."""

from headrace_events.envelope import Recorded
from headrace_events.validation import ExpectationSuiteDeleted, ExpectationSuiteSaved, ValidationRecorded
from headrace_projections.catalogue.apply.handlers import authored, on, project_of
from headrace_projections.changes import Change, Delete, Upsert, Values


def _version(event: ExpectationSuiteSaved | ExpectationSuiteDeleted | ValidationRecorded, at: Recorded) -> Values:
    return {"project": project_of(at), "name": event.name, "version": event.version}


@on(ExpectationSuiteSaved)
def save_suite(event: ExpectationSuiteSaved, at: Recorded) -> list[Change]:
    """Show the newest suite."""
    row = {
        "suite": event.suite,
        "policy": event.policy.value,
        "run_validation": event.run_validation,
        **authored("saved", at),
    }
    return [Upsert("expectation_suites", _version(event, at), row)]


@on(ExpectationSuiteDeleted)
def delete_suite(event: ExpectationSuiteDeleted, at: Recorded) -> list[Change]:
    """Show it no more."""
    return [Delete("expectation_suites", _version(event, at))]


@on(ValidationRecorded)
def record_validation(event: ValidationRecorded, at: Recorded) -> list[Change]:
    """Show the report beside those before it."""
    row = {
        "success": event.success,
        "evaluated": event.evaluated,
        "successful": event.successful,
        "rows": event.rows,
        "ingestion": event.ingestion.value,
        "insert_id": event.insert_id,
        "report": event.report,
        **authored("recorded", at),
    }
    return [Upsert("validation_reports", {**_version(event, at), "number": event.number}, row)]
