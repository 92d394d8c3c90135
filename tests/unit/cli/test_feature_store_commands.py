"""What the commands about expectations, streaming groups and transformation functions ask for, and what they tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.sdk.answering import Answering, answering
from typer.testing import CliRunner, Result

from headrace_cli.main import app

IN = ["--project", "shop"]
WHO = (200, {"user": "ada", "administrator": False})
PROJECT = (200, {"name": "shop", "sensitive": False})
GROUP = {
    "name": "visits",
    "version": 1,
    "description": "",
    "primary_key": ["id"],
    "event_time": "at",
    "online": True,
    "offline": True,
    "topic": "shop.features.visits.1",
    "topic_phase": "open",
    "deprecated": False,
    "columns": [
        {"name": name, "type": kind, "description": ""}
        for name, kind in {"id": "string", "at": "timestamp", "pages": "bigint"}.items()
    ],
}
STREAMING = {"source": "visits", "source_version": 1, "keys": ["id"], "slide_seconds": 3_600}
COMPUTED = GROUP | {
    "name": "busy",
    "columns": [
        {"name": "id", "type": "string", "description": ""},
        {"name": "count_6h", "type": "bigint", "description": ""},
    ],
    "streaming": STREAMING,
}
SUITE: dict[str, Any] = {
    "expectation_suite_name": "visits",
    "expectations": [
        {
            "expectation_type": "expect_column_values_to_be_between",
            "kwargs": {"column": "pages", "min_value": 1},
            "meta": {},
        }
    ],
    "meta": {},
}
SAVED = {"suite": SUITE, "validation_ingestion_policy": "STRICT", "run_validation": True}
TAKEN = {"command_id": "c", "aggregate": "a", "version": 1, "positions": [], "events": [], "status_url": None}
SIGNED_IN = [WHO, PROJECT]
FOUND = [*SIGNED_IN, (200, [GROUP])]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home where nobody ever signed in, for somebody who has a key."""
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path))
    monkeypatch.setenv("HEADRACE_API_KEY", "key")
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def run(answers: list[tuple[int, Any]], *words: str) -> tuple[Result, Answering]:
    """The finished command, and what it asked."""
    with answering(*answers) as server:
        return CliRunner().invoke(app, [*words, *IN], env={"HEADRACE_API": server.url}), server


def file_in(home: Path, name: str, content: Any) -> str:
    (home / name).write_text(content if isinstance(content, str) else json.dumps(content))
    return str(home / name)


def test_a_suite_is_saved_from_a_file_and_shown(home: Path) -> None:
    file = file_in(home, "suite.json", SUITE)
    done, server = run([*FOUND, (202, TAKEN), (200, SAVED)], "validation", "save", "visits", file, "--strict")
    assert done.exit_code == 0, done.output
    assert "visits: STRICT" in done.stdout
    sent = json.loads(server.asked[3].body)
    assert (server.asked[3].method, sent["suite"], sent["validation_ingestion_policy"]) == ("PUT", SUITE, "STRICT")
    shown, _ = run([*FOUND, (200, SAVED)], "validation", "show", "visits", "--json")
    assert json.loads(shown.stdout) == SUITE | {"validation_ingestion_policy": "STRICT", "run_validation": True}


def test_rows_of_a_file_are_compared_and_the_status_says_how_it_went(home: Path) -> None:
    rows = file_in(home, "rows.csv", "id,at,pages\na,2026-01-01,0\nb,2026-01-01,3\n")
    done, server = run([*FOUND, (200, SAVED)], "validation", "run", "visits", rows)
    assert (done.exit_code, "2 rows: 0 of 1 expectations hold" in done.stdout) == (1, True), done.output
    assert {asked.method for asked in server.asked} == {"GET"}
    wider = SUITE | {"expectations": [SUITE["expectations"][0] | {"kwargs": {"column": "pages", "min_value": 0}}]}
    suite = file_in(home, "wider.json", wider)
    fine, _ = run(FOUND, "validation", "run", "visits", rows, "--suite", suite, "--json")
    assert (fine.exit_code, json.loads(fine.stdout)["success"]) == (0, True)


def test_reports_are_listed_and_a_suite_is_deleted(home: Path) -> None:
    counts = {"evaluated_expectations": 2, "successful_expectations": 1, "unsuccessful_expectations": 1}
    one = {
        "report": {"success": False, "statistics": counts, "results": [], "meta": {}},
        "rows": 3,
        "ingestion_result": "REJECTED",
        "insert_id": None,
        "number": 7,
        "recorded_time": "2026-01-01T00:00:00+00:00",
    }
    done, server = run([*FOUND, (200, [one | {"success": False}])], "validation", "reports", "visits", "--limit", "1")
    assert done.exit_code == 0, done.output
    assert ("REJECTED" in done.stdout, "1 of 2 expectations hold" in done.stdout) == (True, True)
    assert "limit=1" in server.asked[-1].path
    gone, server = run([*FOUND, (202, TAKEN)], "validation", "delete", "visits")
    assert (gone.exit_code, server.asked[-1].method) == (0, "DELETE")
    nothing, _ = run(
        [*FOUND, (404, {"code": "expectation-suite-not-found", "message": "none"})], "validation", "show", "visits"
    )
    assert (nothing.exit_code, "expects nothing of its rows" in nothing.stderr) == (1, True)


def test_statistics_are_of_a_moment_where_one_is_named(home: Path) -> None:
    pages = {"name": "pages", "nulls": 0, "distinct": 2, "nonfinite": 0, "min": 1, "max": 3, "mean": 2.0, "std": 1.0}
    found = {"rows": 2, "features": [pages], "correlations": None}
    statistics = ("feature-group", "statistics", "visits", "--version", "1")
    done, server = run([*SIGNED_IN, (200, GROUP), (200, found)], *statistics, "--as-of", "2026-01-01")
    assert done.exit_code == 0, done.output
    assert "2 rows" in done.stdout
    assert json.loads(server.asked[-1].body)["as_of"].startswith("2026-01-01")
    both, _ = run([WHO], *statistics, "--as-of", "now", "--since", "2026-01-01")
    assert (both.exit_code, "a moment is not part of a span" in both.stderr) == (1, True)


def test_what_is_counted_is_configured(home: Path) -> None:
    wish = {
        "enabled": True,
        "histograms": True,
        "correlations": True,
        "columns": ["pages"],
        "exact_uniqueness": False,
    }
    answers = [*SIGNED_IN, (200, GROUP), (202, TAKEN), (200, GROUP | {"statistics": wish})]
    words = ("feature-group", "configure-statistics", "visits", "--version", "1", "--correlations", "--column", "pages")
    done, server = run(answers, *words)
    assert (done.exit_code, "pages is counted" in done.stdout) == (0, True), done.output
    assert json.loads(server.asked[3].body) == wish


def test_a_suite_is_suggested_of_a_file(home: Path) -> None:
    rows = file_in(home, "rows.jsonl", '{"id": "a", "pages": 2}\n{"id": "b", "pages": 3}\n')
    written = home / "suite.json"
    done, _ = run(FOUND, "validation", "suggest", "visits", "--rows", rows, "--output", str(written))
    assert done.exit_code == 0, done.output
    assert "headrace validation save visits" in done.stdout
    kinds = {one["expectation_type"] for one in json.loads(written.read_text())["expectations"]}
    assert "expect_column_values_to_not_be_null" in kinds


def test_a_streaming_group_is_made_as_a_file_declares_it(home: Path) -> None:
    declared = {
        "name": "busy",
        "source": "visits",
        "keys": ["id"],
        "slide": "1h",
        "aggregations": [{"function": "count", "over": "6h"}],
        "allowed_lateness": "7d",
    }
    file = file_in(home, "busy.json", declared)
    made = [{"type": "feature_group.streaming_declared", "body": {"version": 1}}]
    done, server = run([*FOUND, (202, TAKEN), (200, made), (200, COMPUTED)], "streaming-group", "create", file)
    assert done.exit_code == 0, done.output
    assert "busy version 1 computes id, count_6h" in done.stdout
    sent = json.loads(server.asked[3].body)
    assert (sent["source"], sent["source_version"], sent["allowed_lateness"]) == ("visits", 1, "7d")
    assert sent["aggregations"] == [{"function": "count", "column": None, "over": "6h"}]


def test_streaming_groups_are_listed_with_what_they_compute(home: Path) -> None:
    done, _ = run([*SIGNED_IN, (200, [GROUP, COMPUTED])], "streaming-group", "list", "--json")
    (row,) = json.loads(done.stdout)
    assert (row["name"], row["source"], row["keys"], row["slide"]) == ("busy", "visits 1", "id", "1h")
    progress = {"topic_id": "t", "partitions": [], "refused": 0}
    status, _ = run([*SIGNED_IN, (200, [COMPUTED]), (200, progress)], "streaming-group", "status", "busy", "--json")
    assert json.loads(status.stdout)["progress"] == progress


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no JSON"),
        ([], "is no JSON object"),
        ({"name": "busy"}, "lacks source, keys, aggregations, slide"),
        ({"name": 1, "source": 1, "keys": 1, "aggregations": 1, "slide": 1, "sql": 1}, "says sql"),
        (
            {"name": "b", "source": "visits", "keys": [], "slide": "1h", "aggregations": [{"function": "count"}]},
            "an aggregation has function, over",
        ),
    ],
)
def test_a_declaration_that_is_none_is_told_in_two_lines(content: Any, said: str, home: Path) -> None:
    done, _ = run(FOUND, "streaming-group", "create", file_in(home, "busy.json", content))
    assert done.exit_code == 1
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 2


def test_a_function_is_shown_with_its_source(home: Path) -> None:
    row = {
        "name": "doubled",
        "version": 2,
        "source": "def doubled(feature):\n    return feature * 2\n",
        "arguments": ["feature"],
        "statistics": [],
        "return_types": ["double"],
        "drop": ["feature"],
        "mode": "default",
    }
    done, _ = run([*SIGNED_IN, (200, [row])], "transformation", "show", "doubled")
    assert "return feature * 2" in done.stdout
    listed, _ = run([*SIGNED_IN, (200, [row])], "transformation", "list", "--json")
    versions = {one["name"]: one["version"] for one in json.loads(listed.stdout)}
    assert (versions["doubled"], versions["standard_scaler"]) == (2, None)
    built_in, _ = run(SIGNED_IN, "transformation", "show", "standard_scaler")
    assert built_in.stdout.strip() == "standard_scaler is built in"
