"""What a version of a feature group expects of its rows, and what came of comparing some with it."""

from dataclasses import replace
from enum import StrEnum

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import NotFound
from headrace_events.expectation import checked_suite
from headrace_events.feature_group import FeatureGroup, FeatureGroupVersion
from headrace_events.language import Command, Event, command, event, value
from headrace_events.project import is_sensitive
from headrace_events.validation_report import checked_report


class IngestionPolicy(StrEnum):
    """What an insert does whose rows are not as expected: goes on and says so, or writes none of them."""

    ALWAYS = "ALWAYS"
    STRICT = "STRICT"


class Ingestion(StrEnum):
    """What became of the rows that a report is about."""

    INGESTED = "INGESTED"
    REJECTED = "REJECTED"
    UNKNOWN = "UNKNOWN"


class _OfVersion:
    """What names the version of a group."""

    __slots__ = ()
    name: str
    version: int

    @property
    def key(self) -> str:
        return f"{self.name}.{self.version}"


@command("validation.save_suite")
class SaveExpectationSuite(_OfVersion, Command):
    """Expect this of rows from now on, in place of what was expected before: an expectation suite, as JSON.

    Without `run_validation` inserts do not look at it.
    """

    project: str
    name: str
    version: int
    suite: str
    policy: IngestionPolicy = IngestionPolicy.ALWAYS
    run_validation: bool = True


@command("validation.delete_suite")
class DeleteExpectationSuite(_OfVersion, Command):
    """Expect nothing of rows any more; reports stay."""

    project: str
    name: str
    version: int


@command("validation.record_report")
class RecordValidation(_OfVersion, Command):
    """Say what came of comparing `rows` rows with a suite: a result in the shape of Great Expectations, as JSON."""

    project: str
    name: str
    version: int
    rows: int
    ingestion: Ingestion
    insert_id: str | None = None
    report: str


@event("validation.suite_saved")
class ExpectationSuiteSaved(_OfVersion, Event):
    """The version expects this of its rows."""

    name: str
    version: int
    suite: str
    policy: IngestionPolicy
    run_validation: bool


@event("validation.suite_deleted")
class ExpectationSuiteDeleted(_OfVersion, Event):
    """The version expects nothing of its rows."""

    name: str
    version: int


@event("validation.recorded")
class ValidationRecorded(_OfVersion, Event):
    """Rows were compared with a suite; reports of a version are numbered. A sensitive project's hold no value."""

    name: str
    version: int
    number: int
    success: bool
    evaluated: int
    successful: int
    rows: int
    ingestion: Ingestion
    insert_id: str | None = None
    report: str


@value
class Expected:
    """Whether the version expects anything, and how many reports it has."""

    suite: bool = False
    reports: int = 0


def decide(state: Expected | None, wish: Command, known: Known) -> list[Event]:
    """Take suites that can be evaluated, and reports that say what they say of themselves."""
    now = state or Expected()
    match wish:
        case SaveExpectationSuite(name=name, version=version):
            columns = frozenset(_group(wish.project, name, version, known).columns)
            return [
                ExpectationSuiteSaved(
                    name=name,
                    version=version,
                    suite=checked_suite(wish.suite, columns),
                    policy=wish.policy,
                    run_validation=wish.run_validation,
                )
            ]
        case DeleteExpectationSuite(name=name, version=version):
            _group(wish.project, name, version, known)
            if not now.suite:
                raise NotFound("expectation suite", f"of {name} version {version}")
            return [ExpectationSuiteDeleted(name=name, version=version)]
        case RecordValidation(name=name, version=version):
            _group(wish.project, name, version, known)
            sensitive = is_sensitive(wish.project, known)
            success, evaluated, successful, report = checked_report(wish.report, values=not sensitive)
            return [
                ValidationRecorded(
                    name=name,
                    version=version,
                    number=now.reports + 1,
                    success=success,
                    evaluated=evaluated,
                    successful=successful,
                    rows=wish.rows,
                    ingestion=wish.ingestion,
                    insert_id=wish.insert_id,
                    report=report,
                )
            ]
        case _:
            raise unknown(wish)


def _group(project: str, name: str, version: int, known: Known) -> FeatureGroupVersion:
    group = known.state(FeatureGroup, project, name)
    found = group.version(version) if group is not None else None
    if found is None:
        raise NotFound("feature group", f"{name} version {version}")
    return found


def evolve(state: Expected | None, fact: Event) -> Expected:
    """Fold one event."""
    now = state or Expected()
    match fact:
        case ExpectationSuiteSaved():
            return replace(now, suite=True)
        case ExpectationSuiteDeleted():
            return replace(now, suite=False)
        case ValidationRecorded(number=number):
            return replace(now, reports=number)
        case _:
            raise unknown(fact)


aggregate("validation", Expected, decide=decide, evolve=evolve)
