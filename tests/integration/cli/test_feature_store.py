"""The feature store on the command line: from a file to a training dataset."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.integration.offline_thread import offline
from tests.integration.served import Served

from headrace import Project, udf

CSV = """flight,at,origin,late
0017,2013-07-01T12:00:00,JFK,true
0018,2013-07-01T13:00:00,LGA,false
,2013-07-01T14:00:00,LGA,false
"""


class Shell:
    """Runs `headrace` as a member of a project."""

    def __init__(self, project: str, environment: dict[str, str]) -> None:
        self.project = project
        self.environment = environment

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The finished command."""
        command = [sys.executable, "-m", "headrace_cli.main", *arguments, "--project", self.project]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False, timeout=120)

    def json(self, *arguments: str, status: int = 0) -> Any:
        """What it printed as JSON."""
        done = self.run(*arguments, "--json")
        assert (done.returncode, done.stdout != "") == (status, True), done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def shell(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    stack = served.platform.stack
    stack.stack.up(["online", "training-datasets"], report=print)
    home = str(tmp_path_factory.mktemp("client"))
    with offline(stack, stack.site.storage_url):
        bare = {name: value for name, value in os.environ.items() if not name.startswith("HEADRACE_")}
        environment = bare | {"HEADRACE_HOME": home, "HEADRACE_API": served.url, "HEADRACE_API_KEY": served.key("ada")}
        yield Shell(served.new_project(), environment)


@pytest.fixture
def project(shell: Shell, served: Served) -> Iterator[Project]:
    with served.project("ada", shell.project) as signed_in:
        yield signed_in


def test_rows_go_from_a_file_to_both_stores_and_to_a_training_dataset(
    shell: Shell, project: Project, tmp_path: Path
) -> None:
    flights = tmp_path / "flights.csv"
    flights.write_text(CSV)
    columns = ("flight=string", "at=timestamp", "origin=string", "late=boolean")
    asked = [word for column in columns for word in ("--feature", column)]
    made = shell.json("feature-group", "create", "flights", *asked, "--primary-key", "flight", "--event-time", "at")
    assert (made["version"], made["topic"]) == (1, f"{shell.project}.features.flights.1")
    receipt = shell.json("feature-group", "insert", "flights", str(flights), "--wait", status=1)
    assert receipt["accepted"] == 2
    assert [(one["row"], "key" in one["reason"]) for one in receipt["refused"]] == [(2, True)]

    assert shell.json("feature-group", "vector", "flights", "flight=0017")["values"]["origin"] == "JFK"
    assert shell.run("feature-group", "vector", "flights", "flight=17").returncode == 1
    assert {row["flight"] for row in shell.json("feature-group", "read", "flights")} == {"0017", "0018"}
    (commit,) = shell.json("feature-group", "commits", "flights")
    assert commit["rows_inserted"] == 2

    appended = shell.json("feature-group", "append-feature", "flights", "miles=bigint", "--default", "100")
    assert appended["feature"] == "miles"
    copy = tmp_path / "copy.parquet"
    assert shell.json("feature-group", "read", "flights", "--output", str(copy))["rows"] == 2
    assert pq.read_table(copy).column("miles").to_pylist() == [100, 100]

    group = project.get_feature_store().get_feature_group("flights")
    project.get_feature_store().create_feature_view("delays", group.select(["origin", "late"]), labels=["late"])
    assert [(row["name"], row["labels"]) for row in shell.json("feature-view", "list")] == [("delays", "late")]
    uses = {row["name"]: row["use"] for row in shell.json("feature-view", "show", "delays")["columns"]}
    assert uses == {"origin": "feature", "late": "label"}
    (origin,) = shell.json("feature-view", "vector", "delays", "flight=0018")
    assert (origin["value"], origin["status"]) == ("LGA", "found")

    of_view = ("--view", "delays")
    dataset = shell.json("training-dataset", "create", *of_view, "--format", "csv")
    assert (dataset["version"], dataset["rows"], dataset["state"]) == (1, 2, "recorded")
    (exported,) = shell.json("training-dataset", "export", "1", str(tmp_path / "out"), *of_view)["files"]
    assert exported.endswith("train.csv")
    assert shell.json("training-dataset", "recreate", "1", *of_view)["hash"] == dataset["hash"]
    assert {row["feature"] for row in shell.json("training-dataset", "show", "1", *of_view)} == {"origin", "late"}
    shell.json("training-dataset", "purge", "2", *of_view)
    assert {row["version"]: row["state"] for row in shell.json("training-dataset", "list", *of_view)} == {
        1: "recorded",
        2: "purged",
    }

    compared = ("--feature-group", "flights", "--metric", "count", "--threshold", "1", "--value", "2")
    assert shell.json("feature-monitor", "create", "lates", *compared, "--feature", "origin")["features"] == "origin"
    found = shell.json("feature-monitor", "run", "lates")
    assert (found["run"], found["shift"], found["largest"]) == (1, False, 0)
    shown = shell.run("feature-monitor", "show", "lates").stdout
    assert "count of origin, threshold 1" in shown


def test_what_is_said_of_a_group_is_shown_with_it(shell: Shell) -> None:
    shell.json("feature-group", "create", "said", "--feature", "id=string", "--primary-key", "id")
    shell.json("feature-group", "describe", "said", "what we know")
    assert shell.json("feature-group", "keywords", "said", "--add", "b", "--add", "a")["keywords"] == ["a", "b"]
    shell.json("feature-group", "keywords", "said", "--remove", "b")
    shell.json("feature-group", "deprecate", "said")
    shown = shell.json("feature-group", "show", "said")
    assert (shown["description"], shown["keywords"], shown["deprecated"]) == ("what we know", ["a"], True)
    page = shell.run("feature-group", "show", "said")
    assert "description: what we know" in page.stdout
    assert "deprecated" in page.stderr


def test_on_demand_features_are_shown_and_computed_of_what_a_request_says(shell: Shell, project: Project) -> None:
    @udf(float)
    def dearer(price: float, factor: float) -> Any:
        return price * factor

    store = project.get_feature_store()
    goods = store.create_feature_group(
        "goods",
        primary_key=["good"],
        features={"good": "string", "price": "double"},
        transformation_functions=[dearer],
    )
    goods.insert([{"good": "tea", "price": 2.5, "factor": 2.0}], show_progress=False).wait(offline=False)
    shown = shell.json("feature-group", "show", "goods")
    function = {"function": "dearer", "version": 1, "columns": ["price", "factor"], "outputs": ["dearer"]}
    assert (shown["on_demand"], shown["request_parameters"]) == ([function], ["factor"])
    assert "on demand: dearer = dearer(price, factor), version 1" in shell.run("feature-group", "show", "goods").stdout
    store.create_feature_view("prices", goods.select(["price", "dearer"]))
    asked = shell.json("feature-view", "vector", "prices", "good=tea", "--request", "factor=4")
    assert [(row["feature"], row["value"], row["status"]) for row in asked] == [
        ("price", 2.5, "found"),
        ("dearer", 10.0, "computed"),
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("feature-group", "create", "none", "--primary-key", "id"), "a feature group has columns"),
        (("feature-group", "create", "odd", "--feature", "id", "--primary-key", "id"), "'id' is not of the form"),
        (("feature-group", "show", "nobody"), "nobody"),
        (("feature-group", "insert", "nobody", "rows.csv"), "nobody"),
        (("feature-view", "show", "nobody"), "nobody"),
        (("training-dataset", "create", "--view", "nobody"), "nobody"),
    ],
)
def test_what_cannot_be_done_is_told_in_two_lines(shell: Shell, words: tuple[str, ...], said: str) -> None:
    done = shell.run(*words)
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 2


def test_a_topic_goes_into_a_group_by_a_function_of_a_file(shell: Shell, project: Project, tmp_path: Path) -> None:
    columns = {"flight": "string", "at": "timestamp"}
    landings = project.get_feature_store().create_feature_group(
        "landings", primary_key=["flight"], event_time="at", features=columns
    )
    kafka = project.get_kafka_api()
    kafka.create_topic("landed")
    kafka.produce("landed", ['{"number": 17, "at": "2013-07-01T12:00:00Z"}', '{"at": "2013-07-01T13:00:00Z"}'])
    rows = tmp_path / "rows.py"
    rows.write_text(
        "def as_row(record):\n    return {'flight': f'{record.value[\"number\"]:04}', 'at': record.value['at']}\n"
    )
    done = shell.run(
        "feature-group", "insert-stream", "landings", "landed", "--transform", f"{rows}:as_row", "--until-end", "--json"
    )
    told = json.loads(done.stdout)
    assert (done.returncode, told["records"], told["accepted"], told["ended"]) == (1, 2, 1, "end"), done.stderr
    (refused,) = map(json.loads, done.stderr.splitlines())
    assert (refused["offset"], "KeyError" in refused["reason"]) == (1, True)
    assert [record.value["flight"] for record in kafka.consume(landings.topic)] == ["0017"]
    query = tmp_path / "hours.sql"
    query.write_text(
        "SELECT flight, COUNT(*) FROM TABLE(TUMBLE(TABLE landings, DESCRIPTOR(at), INTERVAL '1' HOUR))\n"
        "GROUP BY flight, window_start, window_end"
    )
    made = shell.json("feature-group", "create-streaming", "landed_hours", str(query))
    assert (made["streaming"]["source"], made["streaming"]["slide_seconds"]) == ("landings", 3_600)
    query.write_text(query.read_text().replace("COUNT(*)", "MEDIAN(flight)"))
    refused_query = shell.run("feature-group", "create-streaming", "landed_hours", str(query))
    assert refused_query.returncode != 0
    assert "line 1, column 16" in refused_query.stderr
