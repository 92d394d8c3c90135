"""What a feature group expects of its rows, and the reports of what came."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from headrace._errors import Invalid, NotFound
from headrace._frames import Slice, rows_in
from headrace._http import Api
from headrace._suggestions import suggested
from headrace._validation import ExpectationSuite, Policy, ValidationReport, compare

_VALUES = ("observed_value", "partial_unexpected_list")


class GroupValidation(ABC):
    """The expectation suite and the validation reports of one version of a feature group."""

    _api: Api
    _project: str
    _known_suite: tuple[int, ExpectationSuite | None] | None = None

    @property
    @abstractmethod
    def _path(self) -> str:
        """Where the API has the version."""

    def save_expectation_suite(
        self,
        expectation_suite: Any,
        *,
        run_validation: bool | None = None,
        validation_ingestion_policy: Policy | None = None,
    ) -> ExpectationSuite:
        """Expect this of rows from now on, in place of what was expected before; for Data Owners.

        Args:
            expectation_suite: an ExpectationSuite, one in Great Expectations' JSON, or one of that library.
            run_validation: whether inserts look at it; without it, as the suite says, which is yes unless it says no.
            validation_ingestion_policy: with STRICT, an insert that is not as expected writes nothing; without it, as
                the suite says, which is ALWAYS unless it says STRICT.

        Raises:
            Invalid: `unknown-expectation` names one that is not known here, `unknown-column` a column.
            Forbidden: you are no Data Owner.
        """
        wished = {"run_validation": run_validation, "validation_ingestion_policy": validation_ingestion_policy}
        asked: dict[str, Any] = {name: value for name, value in wished.items() if value is not None}
        suite = replace(ExpectationSuite.of(expectation_suite), **asked)
        self._api.put(
            f"{self._path}/expectation-suite",
            {
                "suite": suite.to_json_dict(),
                "validation_ingestion_policy": suite.validation_ingestion_policy,
                "run_validation": suite.run_validation,
            },
        )
        saved = self.get_expectation_suite()
        assert saved is not None  # noqa: S101 - reads show what this program did
        return saved

    def get_expectation_suite(self) -> ExpectationSuite | None:
        """What is expected of rows, or None."""
        try:
            said = self._api.get(f"{self._path}/expectation-suite")
        except NotFound as error:
            if error.code != "expectation-suite-not-found":
                raise
            return None
        return ExpectationSuite.of(
            said["suite"],
            validation_ingestion_policy=said["validation_ingestion_policy"],
            run_validation=said["run_validation"],
        )

    def delete_expectation_suite(self) -> None:
        """Expect nothing of rows any more; reports stay. For Data Owners. Raises NotFound."""
        self._api.delete(f"{self._path}/expectation-suite")

    def validate(
        self, frame: Any, expectation_suite: Any = None, *, save_report: bool = False
    ) -> ValidationReport | None:
        """Compare a frame with a suite, or with the group's own (None where it has none), and insert nothing."""
        suite = self.get_expectation_suite() if expectation_suite is None else ExpectationSuite.of(expectation_suite)
        if suite is None:
            return None
        report = compare(suite, frame, lambda rows: self._completed(rows)[0])
        return self._save_report(report) if save_report else report

    def get_latest_validation_report(self) -> ValidationReport | None:
        """The last report that was saved, or None."""
        return next(iter(self.get_all_validation_reports(limit=1)), None)

    def get_all_validation_reports(self, limit: int = 20, before: int | None = None) -> list[ValidationReport]:
        """The last reports, at most 100 (of lower numbers than `before`), the newest first."""
        rows = self._api.get(f"{self._path}/validation-reports", limit=limit, before=before)
        return [ValidationReport.read(row) for row in rows]

    def get_validation_history(self, expectation_id: str, limit: int = 20) -> list[Mapping[str, Any]]:
        """What came of one expectation in the last reports, the newest first: each result, with its report's number."""
        return [
            {**one, "number": report.number, "validation_time": report.validation_time}
            for report in self.get_all_validation_reports(limit)
            for one in report.results
            if one["expectation_config"]["meta"].get("expectationId") == expectation_id
        ]

    def suggest_expectations(self, frame: Any = None, name: str = "suggested") -> ExpectationSuite:
        """A suite that a frame meets, or all rows counted so far do, to be read and saved; see `get_statistics`."""
        return suggested(self.get_statistics() if frame is None else frame, name)

    @abstractmethod
    def get_statistics(self) -> Any:
        """What was counted of all rows so far."""

    @abstractmethod
    def _completed(self, part: Slice, *, transform: bool = True) -> tuple[Slice, dict[int, str]]:
        """The rows as they are stored, with what is computed of them."""

    def _admitted(self, frame: Any, saved: int | None, *, transform: bool = True) -> ValidationReport | None:
        """The report of a frame to be inserted, where inserts are compared; raises Invalid where it may not be.

        `saved` is the number of the event that says what is expected now, None where nothing is.
        """
        suite = self._suite_of(saved) if saved is not None and rows_in(frame) else None
        if suite is None or not suite.run_validation:
            return None
        report = compare(suite, frame, lambda rows: self._completed(rows, transform=transform)[0])
        if report.success or suite.validation_ingestion_policy == "ALWAYS":
            return report
        self._save_report(replace(report, ingestion_result="REJECTED"))
        raise Invalid(
            f"nothing is inserted: {report}", code="not-as-expected", details={"report": report.to_json_dict()}
        )

    def _suite_of(self, saved: int) -> ExpectationSuite | None:
        """The suite that this event saved, or a later one; asked for once."""
        if self._known_suite is None or self._known_suite[0] != saved:
            self._known_suite = saved, self.get_expectation_suite()
        return self._known_suite[1]

    def _save_report(self, report: ValidationReport) -> ValidationReport:
        sensitive = self._api.get(f"/api/projects/{self._project}")["sensitive"]
        body = {
            "report": _without_values(report.to_json_dict()) if sensitive else report.to_json_dict(),
            "rows": report.rows,
            "ingestion_result": report.ingestion_result,
            "insert_id": report.insert_id,
        }
        accepted = self._api.post(f"{self._path}/validation-reports", body)
        recorded = self._api.happened(self._project, accepted, "validation.recorded")
        return replace(report, number=recorded["number"])


def _without_values(report: dict[str, Any]) -> dict[str, Any]:
    results = [
        {**one, "result": {name: value for name, value in one["result"].items() if name not in _VALUES}}
        for one in report["results"]
    ]
    return {**report, "results": results}
