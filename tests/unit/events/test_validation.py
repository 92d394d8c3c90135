"""Suites and reports: what is taken, what is refused, and what is kept of a sensitive project."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.events.scenario import Scenario, project
from tests.unit.events.test_feature_groups import WEATHER

from headrace_events.expectation import EXPECTATIONS, MOST_EXPECTATIONS, expectation_id
from headrace_events.project import MarkSensitive
from headrace_events.validation import (
    DeleteExpectationSuite,
    ExpectationSuiteDeleted,
    ExpectationSuiteSaved,
    Ingestion,
    IngestionPolicy,
    RecordValidation,
    SaveExpectationSuite,
    ValidationRecorded,
)
from headrace_events.validation_report import LONGEST_VALUE, MOST_UNEXPECTED

WARM: dict[str, Any] = {
    "expectation_type": "expect_column_values_to_be_between",
    "kwargs": {"column": "temp", "min_value": -60},
}


@pytest.fixture
def scenario() -> Scenario:
    made = project()
    made.events(WEATHER)
    return made


def save(*expectations: object, **more: Any) -> SaveExpectationSuite:
    suite = json.dumps({"expectation_suite_name": "weather", "expectations": expectations})
    return SaveExpectationSuite(**{"project": "flights", "name": "weather", "version": 1, "suite": suite, **more})


def report(*results: dict[str, Any], **more: Any) -> RecordValidation:
    held = [one["success"] for one in results]
    statistics = {
        "evaluated_expectations": len(held),
        "successful_expectations": held.count(True),
        "unsuccessful_expectations": held.count(False),
    }
    said = {"success": all(held), "statistics": statistics, "results": results, **more}
    return RecordValidation(
        project="flights", name="weather", version=1, rows=3, ingestion=Ingestion.INGESTED, report=json.dumps(said)
    )


COLD = {
    "success": False,
    "result": {"observed_value": -70.5, "partial_unexpected_list": ["x" * 500] * 30, "element_count": 3},
}


def test_a_suite_is_kept_with_an_id_for_each_expectation(scenario: Scenario) -> None:
    newer = {"type": "expect_column_to_exist", "kwargs": {"column": "temp", "mostly": None}, "meta": {"why": "asked"}}
    (saved,) = scenario.events(save(WARM, newer, policy=IngestionPolicy.STRICT))
    assert isinstance(saved, ExpectationSuiteSaved)
    assert (saved.policy, saved.run_validation) == (IngestionPolicy.STRICT, True)
    first, second = json.loads(saved.suite)["expectations"]
    assert first == {**WARM, "meta": {"expectationId": expectation_id(WARM["expectation_type"], WARM["kwargs"])}}
    assert second["expectation_type"] == "expect_column_to_exist"
    assert second["kwargs"] == {"column": "temp"}
    assert second["meta"]["why"] == "asked"
    delete = DeleteExpectationSuite(project="flights", name="weather", version=1)
    assert scenario.events(delete) == [ExpectationSuiteDeleted(name="weather", version=1)]
    assert scenario.refusal(delete) == "expectation-suite-not-found"


@pytest.mark.parametrize(
    ("kind", "kwargs", "code"),
    [
        ("expect_column_kl_divergence_to_be_less_than", {"column": "temp"}, "unknown-expectation"),
        (["expect_column_to_exist"], {"column": "temp"}, "unknown-expectation"),
        ("expect_column_to_exist", {"column": "gusts"}, "unknown-column"),
        ("expect_compound_columns_to_be_unique", {"column_list": ["origin", "gusts"]}, "unknown-column"),
        ("expect_column_to_exist", {}, "invalid-expectation"),
        ("expect_column_to_exist", {"column": "temp", "colour": "red"}, "invalid-expectation"),
        ("expect_column_values_to_be_between", {"column": "temp"}, "invalid-expectation"),
        ("expect_column_values_to_be_between", {"column": "temp", "min_value": True}, "invalid-expectation"),
        ("expect_column_values_to_be_unique", {"column": "temp", "mostly": 1.5}, "invalid-expectation"),
        ("expect_column_values_to_match_regex", {"column": "origin", "regex": "("}, "invalid-expectation"),
        ("expect_column_values_to_be_in_set", {"column": "origin", "value_set": [[]]}, "invalid-expectation"),
        ("expect_column_values_to_be_in_set", {"column": "origin"}, "invalid-expectation"),
        ("expect_table_row_count_to_equal", {"value": -1}, "invalid-expectation"),
        ("expect_table_row_count_to_equal", [], "invalid-expectation"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_by_name(scenario: Scenario, kind: Any, kwargs: Any, code: str) -> None:
    assert scenario.refusal(save({"expectation_type": kind, "kwargs": kwargs})) == code


@pytest.mark.parametrize(
    ("suite", "code"),
    [
        ("[]", "invalid-expectation"),
        ("{", "invalid-expectation"),
        ('{"expectations": []}', "invalid-expectation"),
        ('{"name": "n", "expectations": {}}', "invalid-expectation"),
        ('{"name": "n", "expectations": [1]}', "invalid-expectation"),
        ('{"name": "n", "expectations": [], "meta": NaN}', "invalid-expectation"),
        ("[" * 50_000, "invalid-expectation"),
        ('{"name": "\\ud800", "expectations": []}', "invalid-expectation"),
        ('{"name": "n", "expectations": [], "meta": {"most": 1e400}}', "invalid-expectation"),
        (json.dumps({"name": "n", "expectations": [0] * (MOST_EXPECTATIONS + 1)}), "invalid-expectation"),
        (json.dumps({"name": "n" * 100_001}), "too-long"),
    ],
)
def test_what_is_no_suite_is_refused(scenario: Scenario, suite: str, code: str) -> None:
    assert scenario.refusal(save(suite=suite)) == code


def test_there_is_no_suite_without_a_group(scenario: Scenario) -> None:
    assert scenario.refusal(save(WARM, version=2)) == "feature-group-not-found"
    assert scenario.refusal(save(WARM, name="nothing")) == "feature-group-not-found"
    assert len(EXPECTATIONS) == 25


def test_reports_are_numbered_and_hold_few_short_values(scenario: Scenario) -> None:
    good = {"success": True, "result": {}}
    (first,), (second,) = scenario.events(report(good)), scenario.events(report(good, COLD))
    assert isinstance(first, ValidationRecorded)
    assert isinstance(second, ValidationRecorded)
    assert [(one.number, one.success, one.evaluated, one.successful) for one in (first, second)] == [
        (1, True, 1, 1),
        (2, False, 2, 1),
    ]
    kept = json.loads(second.report)["results"][1]["result"]
    assert kept == {
        "observed_value": -70.5,
        "partial_unexpected_list": ["x" * LONGEST_VALUE] * MOST_UNEXPECTED,
        "element_count": 3,
    }


def test_nothing_hides_below_what_is_kept(scenario: Scenario) -> None:
    deep = json.loads("[" * 900 + "]" * 900)
    found = {"observed_value": {"all": ["values"]}, "partial_unexpected_list": [[1, "x" * 500], deep]}
    (recorded,) = scenario.events(report({"success": False, "result": found}))
    assert isinstance(recorded, ValidationRecorded)
    kept = json.loads(recorded.report)["results"][0]["result"]
    assert kept == {"observed_value": None, "partial_unexpected_list": [[1, "x" * LONGEST_VALUE], [None]]}


def test_a_report_of_a_sensitive_project_holds_no_value(scenario: Scenario) -> None:
    scenario.events(MarkSensitive(project="flights"))
    (recorded,) = scenario.events(report(COLD))
    assert isinstance(recorded, ValidationRecorded)
    assert json.loads(recorded.report)["results"] == [{"success": False, "result": {"element_count": 3}}]


@pytest.mark.parametrize(
    "wrong", [{"success": False}, {"results": [1]}, {"results": None}, {"statistics": {}}, {"results": [COLD]}]
)
def test_a_report_says_of_itself_what_its_results_say(scenario: Scenario, wrong: dict[str, Any]) -> None:
    assert scenario.refusal(report({"success": True, "result": {}}, **wrong)) == "invalid-report"
