"""External databases on the command line: named, read, looked at and deleted."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.integration.served import Served
from typer.testing import CliRunner, Result

from headrace_cli.main import app


class Shell:
    """Runs `headrace` in this process, as a member of a project."""

    def __init__(self, served: Served, project: str, home: Path) -> None:
        self.project = project
        self.environment = {"HEADRACE_HOME": str(home), "HEADRACE_API": served.url}
        self.environment["HEADRACE_API_KEY"] = served.key("ada")

    def run(self, *words: str, given: str = "") -> Result:
        """The finished command."""
        return CliRunner().invoke(app, [*words, "--project", self.project], input=given, env=self.environment)

    def json(self, *words: str, given: str = "") -> Any:
        """What it printed as JSON."""
        done = self.run(*words, "--json", given=given)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)


@pytest.fixture
def shell(served: Served, tmp_path: Path) -> Shell:
    return Shell(served, served.new_project(), tmp_path)


def test_a_query_on_a_file_is_a_group_on_the_command_line(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "sales.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE carriers (carrier TEXT, since TEXT, rating REAL)")
        database.execute("INSERT INTO carriers VALUES ('UA', '2012-12-01', 4.5), ('AA', '2012-12-01', 3.5)")
    made = shell.json("storage-connector", "create", "sales", f"sqlite:///{path}")
    assert (made["name"], made["secret"]) == ("sales", False)
    shell.json("storage-connector", "set-secret", "sales", "--secret-stdin", given="hunter2\n")
    shown = shell.run("storage-connector", "show", "sales")
    assert "a secret opens it, since" in shown.stdout
    assert "hunter2" not in shown.output
    assert [one["secret"] for one in shell.json("storage-connector", "list")] == [True]
    assert shell.json("storage-connector", "set-secret", "sales", "--none")["secret"] is False

    query = tmp_path / "carriers.sql"
    query.write_text("SELECT * FROM carriers;\n")
    of = ("--connector", "sales", "--query-file", str(query), "--primary-key", "carrier", "--event-time", "since")
    assert shell.json("external-feature-group", "create", "carriers", *of)["version"] == 1
    (listed,) = shell.json("external-feature-group", "list")
    assert (listed["connector"], listed["features"], listed["event_time"]) == ("sales", 3, "since")
    told = shell.json("external-feature-group", "show", "carriers")
    assert (told["query"], told["features"][1]["type"]) == ("SELECT * FROM carriers", "timestamp")
    (first,) = shell.json("external-feature-group", "preview", "carriers", "--limit", "1")
    assert (first["carrier"], first["rating"]) == ("UA", 4.5)
    read = shell.json("external-feature-group", "read", "carriers", "--output", str(tmp_path / "carriers.parquet"))
    assert read["rows"] == 2

    used = shell.run("storage-connector", "delete", "sales", "--confirm", "sales")
    assert "storage-connector-in-use" in used.stderr
    gone = ("--version", "1", "--confirm", "carriers")
    assert (
        "nothing was deleted"
        in shell.run("external-feature-group", "delete", "carriers", *gone[:2], "--confirm", "x").stderr
    )
    assert shell.json("external-feature-group", "delete", "carriers", *gone)["phase"] == "deleted"
    assert shell.json("storage-connector", "delete", "sales", "--confirm", "sales")["phase"] == "deleted"
    lost = shell.run("external-feature-group", "preview", "carriers")
    assert lost.exit_code == 1
    assert "external-feature-group-not-found" in lost.stderr
