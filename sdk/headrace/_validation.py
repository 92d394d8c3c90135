"""Suites of expectations, and reports of comparing frames with them, as Great Expectations writes both in JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from headrace._errors import Invalid
from headrace._expectations import Columns, evaluate
from headrace._frames import Slice, rows_in, slices

Policy = Literal["ALWAYS", "STRICT"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One expectation: its kind, as `expect_column_values_to_be_between`, what it is told, and what else is said."""

    expectation_type: str
    kwargs: Mapping[str, Any]
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str | None:
        """What it is called in reports, once it is saved."""
        return self.meta.get("expectationId")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectationSuite:
    """What to expect of rows. With policy STRICT, an insert that is not as expected writes nothing; with ALWAYS, all.

    Without `run_validation` inserts do not look at it.
    """

    expectation_suite_name: str
    expectations: Sequence[Expectation] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    validation_ingestion_policy: Policy = "ALWAYS"
    run_validation: bool = True

    @classmethod
    def of(cls, given: Any, **how: Any) -> ExpectationSuite:
        """A suite, its JSON as Great Expectations writes it, or a suite of that library; raises Invalid."""
        if isinstance(given, cls):
            return given
        said = given.to_json_dict() if hasattr(given, "to_json_dict") else given
        try:
            listed = [
                Expectation(
                    expectation_type=one["expectation_type"] if "expectation_type" in one else one["type"],
                    kwargs=one["kwargs"],
                    meta=one.get("meta") or {},
                )
                for one in said["expectations"]
            ]
            name = said["expectation_suite_name"] if "expectation_suite_name" in said else said["name"]
        except (TypeError, KeyError, AttributeError) as error:
            raise Invalid(
                f"this is no expectation suite: {error!r} is missing or wrong", code="invalid-expectation"
            ) from None
        return cls(expectation_suite_name=name, expectations=tuple(listed), meta=said.get("meta") or {}, **how)

    def to_json_dict(self) -> dict[str, Any]:
        """The suite as Great Expectations writes it."""
        return {
            "expectation_suite_name": self.expectation_suite_name,
            "expectations": [
                {"expectation_type": one.expectation_type, "kwargs": dict(one.kwargs), "meta": dict(one.meta)}
                for one in self.expectations
            ],
            "meta": dict(self.meta),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationReport:
    """What came of comparing `rows` rows with a suite; `results` and `statistics` as Great Expectations writes them.

    `ingestion_result` says what became of the rows: INGESTED, REJECTED, or UNKNOWN where nobody inserted them. `number`
    counts the reports of the group; a report that was not saved has none.
    """

    success: bool
    statistics: Mapping[str, Any]
    results: Sequence[Mapping[str, Any]]
    rows: int
    meta: Mapping[str, Any] = field(default_factory=dict)
    ingestion_result: str = "UNKNOWN"
    insert_id: str | None = None
    number: int | None = None
    validation_time: datetime | None = None

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> ValidationReport:
        """The report that the API tells."""
        report = said["report"]
        return cls(
            success=said["success"],
            statistics=report["statistics"],
            results=report["results"],
            rows=said["rows"],
            meta=report.get("meta") or {},
            ingestion_result=said["ingestion_result"],
            insert_id=said["insert_id"],
            number=said["number"],
            validation_time=datetime.fromisoformat(said["recorded_time"]),
        )

    @property
    def failed(self) -> list[Mapping[str, Any]]:
        """The results of the expectations that did not hold."""
        return [one for one in self.results if not one["success"]]

    def to_json_dict(self) -> dict[str, Any]:
        """The report as Great Expectations writes it."""
        return {
            "success": self.success,
            "statistics": dict(self.statistics),
            "results": [dict(one) for one in self.results],
            "evaluation_parameters": {},
            "meta": dict(self.meta),
        }

    def __str__(self) -> str:
        held, all_of = self.statistics["successful_expectations"], self.statistics["evaluated_expectations"]
        said = [_in_words(one) for one in self.failed[:5]]
        return f"{held} of {all_of} expectations hold" + ("" if self.success else ": not " + "; not ".join(said))


def compare(
    suite: ExpectationSuite, frame: Any, completed: Callable[[Slice], Slice] = lambda rows: rows
) -> ValidationReport:
    """Compare a frame, completed, with the suite.

    What cannot be evaluated does not hold, and says why in `exception_info`.
    """
    columns, rows = columns_of(frame, completed), rows_in(frame)
    results = [_result(one, columns, rows) for one in suite.expectations]
    held = sum(one["success"] for one in results)
    return ValidationReport(
        success=held == len(results),
        statistics={
            "evaluated_expectations": len(results),
            "successful_expectations": held,
            "unsuccessful_expectations": len(results) - held,
            "success_percent": 100 * held / len(results) if results else None,
        },
        results=tuple(results),
        rows=rows,
        meta={"expectation_suite_name": suite.expectation_suite_name},
    )


def _result(one: Expectation, columns: Columns, rows: int) -> dict[str, Any]:
    raised: str | None = None
    success, result = False, dict[str, Any]()
    try:
        outcome = evaluate(one.expectation_type, one.kwargs, columns, rows)
        success, result = outcome.success, dict(outcome.result)
    except KeyError as error:
        raised = f"there is no column {error}, or its values are of several types"
    except (ValueError, TypeError, NotImplementedError):
        raised = f"it cannot be asked of columns of these types: {_types(one, columns)}"
    config = {"expectation_type": one.expectation_type, "kwargs": dict(one.kwargs), "meta": dict(one.meta)}
    info = {"raised_exception": raised is not None, "exception_message": raised, "exception_traceback": None}
    return {"success": success, "expectation_config": config, "result": result, "exception_info": info, "meta": {}}


def _types(one: Expectation, columns: Columns) -> str:
    named = {str(value) for value in one.kwargs.values() if isinstance(value, str)}
    return ", ".join(f"{name} is {columns[name].type}" for name in sorted(named & columns.keys()))


def columns_of(frame: Any, completed: Callable[[Slice], Slice] = lambda rows: rows) -> dict[str, Any]:
    """The columns as Arrow arrays; one that Arrow cannot hold, since its values are of several types, is left out."""
    import pyarrow as pa  # noqa: PLC0415 - only validation needs it

    (whole,) = tuple(slices(frame, max(1, rows_in(frame)))) or (None,)
    found = {}
    for name, values in (completed(whole).columns if whole is not None else {}).items():
        try:
            array = pa.array(values) if isinstance(values, list) else values
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            continue
        found[name] = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return found


def _in_words(result: Mapping[str, Any]) -> str:
    config, found = result["expectation_config"], result["result"]
    said = ", ".join(f"{name}={value!r}" for name, value in config["kwargs"].items())
    message = result.get("exception_info", {}).get("exception_message")
    if message is not None:
        return f"{config['expectation_type']}({said}), {message}"
    count = found.get("unexpected_count")
    why = f"{count} values" if count is not None else f"{found.get('observed_value')!r}"
    return f"{config['expectation_type']}({said}), but {why}"
