"""The schema registry by the SDK and by the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.integration.served import ADMINISTRATOR_KEY, Served

import headrace


def record(*types: str) -> dict[str, object]:
    fields = [{"name": f"f{number}", "type": kind} for number, kind in enumerate(types)]
    return {"type": "record", "name": "n.R", "fields": fields}


def test_a_member_registers_checks_and_deletes(served: Served) -> None:
    name = served.new_project()
    with served.project("ada", name) as ada:
        registry = ada.get_schema_registry()
        first = registry.register("clicks", record("int"))
        assert registry.register("clicks", json.dumps(record("int"))) == first
        assert registry.check("clicks", record("long")) == []
        (reason,) = registry.check("clicks", record("string"))
        assert "version 1" in reason
        with pytest.raises(headrace.Conflict) as caught:
            registry.register("clicks", record("string"))
        assert caught.value.code == "40901"
        registry.set_compatibility("NONE", "clicks")
        assert registry.get_compatibility("clicks") == "NONE"
        assert registry.get_compatibility() == "BACKWARD"
        second = registry.register("clicks", record("string"))
        assert registry.get_schema("clicks").id == second
        assert registry.get_schema("clicks", 1).id == first
        assert registry.get_versions("clicks") == [1, 2]
        assert registry.delete("clicks", 1) == [1]
        assert registry.delete("clicks", permanent=True) == [1, 2]
        assert registry.get_subjects() == []


def test_records_whose_schema_refers_to_another_are_encoded_and_decoded(served: Served) -> None:
    with served.project("ada", served.new_project()) as ada:
        registry = ada.get_schema_registry()
        registry.register("inner", record("int"))
        outer = {"type": "record", "name": "o.O", "fields": [{"name": "inner", "type": "n.R"}]}
        to_inner = headrace.SchemaReference(name="n.R", subject="inner", version=1)
        made = registry.register("outer", outer, [to_inner])
        value = {"inner": {"f0": 5}}
        assert ada.schemas.decode(ada.schemas.encode(made, value)) == value


def test_the_command_line_says_whether_a_schema_may_follow(served: Served, tmp_path: Path) -> None:
    project = served.new_project()
    (served.home / "secrets" / "administrator.key").write_text(ADMINISTRATOR_KEY)
    bare = {name: value for name, value in os.environ.items() if not name.startswith("HEADRACE_")}
    cache = str(served.platform.stack.stack.settings.cache)

    def schema(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "headrace_cli.main", "schema", *arguments, "--project", project, "--user", "ada"],
            env={**bare, "HEADRACE_HOME": str(served.home), "HEADRACE_CACHE": cache},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return done.returncode, done.stdout + done.stderr

    for name, kind in {"int": "int", "text": "string"}.items():
        (tmp_path / name).write_text(json.dumps(record(kind)))
    status, shown = schema("register", "clicks", str(tmp_path / "int"), "--json")
    assert (status, json.loads(shown)["subject"]) == (0, "clicks")
    assert schema("check", "clicks", str(tmp_path / "int")) == (0, "compatible\n")
    status, shown = schema("check", "clicks", str(tmp_path / "text"))
    assert (status, "version 1" in shown) == (1, True)
    status, shown = schema("register", "clicks", str(tmp_path / "text"))
    assert (status, "40901" in shown) == (1, True)
    assert json.loads(schema("get", "clicks")[1]) == record("int")
    assert json.loads(schema("list", "--json")[1]) == [{"subject": "clicks", "versions": [1]}]
    assert schema("delete", "clicks", "--permanent") == (0, "clicks: 1 gone\n")
