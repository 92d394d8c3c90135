"""The `headrace` command against a running stack."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.integration.served import ADMINISTRATOR_KEY, Served, unique

JOB = """
import os
import headrace
with headrace.login() as project:
    assert os.environ["HEADRACE_CERT"] == str(project.client_files().certificate)
    producer = project.producer("clicks")
    producer.send("hello")
    assert producer.flush(20) == 0
    consumer = project.consumer("clicks")
    message = consumer.poll(20)
    print(project.name, project.user, message.value().decode())
    consumer.close()
"""


class Shell:
    """Runs `headrace` in the home of the stack."""

    def __init__(self, served: Served) -> None:
        bare = {name: value for name, value in os.environ.items() if not name.startswith("HEADRACE_")}
        cache = str(served.platform.stack.stack.settings.cache)
        self.environment = {**bare, "HEADRACE_HOME": str(served.home), "HEADRACE_CACHE": cache}

    def run(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """The finished command, given that on its standard input."""
        command = [sys.executable, "-m", "headrace_cli.main", *arguments]
        return subprocess.run(
            command, env=self.environment, input=given, capture_output=True, text=True, check=False, timeout=120
        )

    def json(self, *arguments: str) -> object:
        """What it printed as JSON."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def shell(served: Served) -> Shell:
    (served.home / "secrets" / "administrator.key").write_text(ADMINISTRATOR_KEY)
    return Shell(served)


def test_people_projects_members_and_topics(shell: Shell) -> None:
    owner, scientist, project = unique(), unique(), unique("p")
    assert shell.json("user", "create", owner) == {"user": owner}
    shell.json("user", "create", scientist)
    made = shell.json("project", "create", project, "--owner", owner)
    assert isinstance(made, dict)
    assert (made["project"], made["phase"], made["owner"]) == (project, "ready", owner)
    shell.json("member", "add", project, scientist, "--role", "data-scientist", "--user", owner)
    topic = shell.json("topic", "create", "clicks", "--project", project, "--user", owner)
    assert isinstance(topic, dict)
    assert topic["topic"] == f"{project}.topics.clicks"
    members = shell.json("member", "list", project)
    assert isinstance(members, list)
    roles = {(row["user"], row["role"]) for row in members}
    assert roles == {(owner, "data-owner"), (scientist, "data-scientist")}
    refused = shell.run("topic", "create", "more", "--project", project, "--user", scientist)
    assert refused.returncode == 1
    assert "owners-only" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 2


def test_a_project_is_marked_sensitive_and_only_the_administrator_takes_the_mark_away(shell: Shell) -> None:
    owner, project = unique(), unique("p")
    shell.json("user", "create", owner)
    made = shell.json("project", "create", project, "--owner", owner, "--sensitive")
    assert isinstance(made, dict)
    assert (made["sensitive"], made["sensitive_by"]) == (True, "user:root-admin")
    refused = shell.run("project", "unmark-sensitive", project, "--user", owner)
    assert (refused.returncode, "administrators-only" in refused.stderr) == (1, True)
    assert shell.json("project", "unmark-sensitive", project) == {"project": project, "sensitive": False}
    assert shell.json("project", "mark-sensitive", project, "--user", owner) == {"project": project, "sensitive": True}


def test_a_topic_is_described_and_changed(shell: Shell) -> None:
    owner, project = unique(), unique("p")
    shell.json("user", "create", owner)
    shell.json("project", "create", project, "--owner", owner)
    shell.json("topic", "create", "clicks", "--project", project, "--retention-ms", "60000", "--compacted")
    change = ("topic", "change", "clicks", "--project", project)
    shell.json(*change, "--partitions", "2", "--retention-ms", "forever", "--retention-bytes", "1000")
    told = shell.json("topic", "describe", "clicks", "--project", project)
    assert isinstance(told, dict)
    assert {name: told[name] for name in ("partitions", "retention_ms", "retention_bytes", "compacted", "phase")} == {
        "partitions": 2,
        "retention_ms": None,
        "retention_bytes": 1000,
        "compacted": True,
        "phase": "open",
    }
    assert told["subject"] == f"{project}.topics.clicks-value"
    for wrong, code in (
        ((*change, "--retention-ms", "-5"), "invalid-retention"),
        ((*change, "--partitions", "65"), "invalid-partitions"),
        ((*change, "--partitions", "1"), "fewer-partitions"),
        (("topic", "change", "nowhere", "--project", project, "--compacted"), "topic-not-found"),
        (("topic", "describe", "nowhere", "--project", project), "topic-not-found"),
    ):
        refused = shell.run(*wrong)
        assert refused.returncode == 1
        assert f"({code})" in refused.stderr


def test_records_go_through_pipes_and_groups_are_sent_back(shell: Shell, tmp_path: Path) -> None:
    owner, project = unique(), unique("p")
    shell.json("user", "create", owner)
    shell.json("project", "create", project, "--owner", owner)
    shell.json("topic", "create", "clicks", "--project", project)
    schema = tmp_path / "click.avsc"
    schema.write_text('{"type": "record", "name": "Click", "fields": [{"name": "page", "type": "string"}]}')
    shell.json("schema", "register", f"{project}.topics.clicks-value", str(schema), "--project", project)
    here = ("--project", project)
    lines = '{"page": "/a"}\n{"page": "/b"}\n'
    sent = shell.run("topic", "produce", "clicks", *here, "--key", "page", given=lines)
    assert sent.stdout == "2 records sent to clicks\n", sent.stderr
    consumed = shell.run("topic", "consume", "clicks", *here, "--group", "readers")
    records = [json.loads(line) for line in consumed.stdout.splitlines()]
    assert [(one["offset"], one["key"], one["value"]) for one in records] == [
        (0, "/a", {"page": "/a"}),
        (1, "/b", {"page": "/b"}),
    ]
    groups = shell.json("group", "list", *here)
    assert groups == [{"group": f"{project}.readers", "state": "empty", "members": 0, "lag": 0}]
    reset = shell.json("group", "reset", "readers", *here, "--topic", "clicks", "--to", "1")
    assert isinstance(reset, dict)
    assert (reset["lag"], reset["partitions"][0]["offset"]) == (1, 1)
    again = shell.run("topic", "consume", "clicks", *here, "--group", "readers", "--limit", "1")
    assert json.loads(again.stdout)["value"] == {"page": "/b"}
    (newest,) = json.loads(shell.run("topic", "browse", "clicks", *here, "--limit", "1", "--json").stdout)
    assert newest["value"] == {"page": "/b"}
    printed = shell.run("kafka", "config", *here, "--format", "properties").stdout
    assert "ssl.endpoint.identification.algorithm=https\n" in printed
    for wrong, given, code in (
        (("topic", "produce", "clicks"), '{"page": "/c"}\n{oops\n', "invalid-json"),
        (("group", "reset", "headrace.projector", "--topic", "clicks", "--to", "0"), "", "not-your-group"),
    ):
        refused = shell.run(*wrong, *here, given=given)
        assert refused.returncode == 1
        assert f"({code})" in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 2


def test_an_environment_runs_a_job(shell: Shell, tmp_path: Path) -> None:
    owner, project = unique(), unique("p")
    shell.run("user", "create", owner)
    shell.run("project", "create", project, "--owner", owner)
    shell.run("topic", "create", "clicks", "--project", project)
    exports = shell.run("env", "--project", project)
    assert exports.returncode == 0, exports.stderr
    job = tmp_path / "job.py"
    job.write_text(JOB)
    bare = {name: value for name, value in os.environ.items() if not name.startswith("HEADRACE_")}
    done = subprocess.run(
        ["bash", "-c", f'{exports.stdout}\nexec "{sys.executable}" "{job}"'],
        env=bare,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stdout.strip() == f"{project} {owner} hello", done.stderr
    names = [line.partition("=")[0] for line in exports.stdout.splitlines()]
    assert names == [
        "export HEADRACE_API",
        "export HEADRACE_PROJECT",
        "export HEADRACE_API_KEY",
        "export HEADRACE_BOOTSTRAP",
        "export HEADRACE_CA",
        "export HEADRACE_CERT",
        "export HEADRACE_KEY",
        "export HEADRACE_GROUP_PREFIX",
        "export HEADRACE_REGISTRY",
        "export HEADRACE_SERVING",
    ]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("user", "create", "a.b"), "invalid-name"),
        (("user", "create", "a/b"), "invalid-name"),
        (("project", "create", "headrace"), "reserved-name"),
        (("member", "add", "no-such-project", "ada", "--role", "data-owner"), "project-not-found"),
        (("env", "--project", "no-such-project"), "project-not-found"),
        (("topic", "list", "--project", "no-such-project"), "project-not-found"),
        (("user", "list", "--user", "no-such-user"), "user-not-found"),
    ],
)
def test_an_error_is_two_lines(shell: Shell, arguments: tuple[str, ...], code: str) -> None:
    done = shell.run(*arguments)
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"({code})" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 2


def test_status_is_read_by_programs(shell: Shell) -> None:
    done = shell.run("status", "--json")
    told = json.loads(done.stdout)
    assert told["services"]["api"]["state"] == "ready"
    assert done.returncode == (0 if all(one["state"] == "ready" for one in told["services"].values()) else 1)


def test_a_rebuild_compares_and_the_api_goes_on(shell: Shell) -> None:
    told = shell.json("rebuild", "catalogue", "--verify")
    assert isinstance(told, dict)
    assert told["equal"] is True
    assert told["live_digest"] == told["rebuilt_digest"]
    assert shell.json("user", "list")


def test_a_stack_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("HEADRACE_")}
    done = subprocess.run(
        [sys.executable, "-m", "headrace_cli.main", "project", "list"],
        env={**bare, "HEADRACE_HOME": str(tmp_path / "nowhere")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 2


def test_a_readme_is_written_from_a_file_and_shown_again(shell: Shell, tmp_path: Path) -> None:
    owner, project = unique(), unique("p")
    shell.run("user", "create", owner)
    shell.run("project", "create", project, "--owner", owner)
    assert shell.run("project", "describe", project, "Clicks", "--user", owner).returncode == 0
    (tmp_path / "README.md").write_text("# Clicks\n")
    written = shell.run("project", "readme", project, "--write", str(tmp_path / "README.md"), "--user", owner)
    assert written.stdout == f"the README of {project} is written: 9 bytes\n"
    assert shell.run("project", "readme", project).stdout == "# Clicks\n\n"
    missing = shell.run("project", "readme", project, "--write", str(tmp_path / "nothing.md"))
    assert (missing.returncode, len(missing.stderr.strip().splitlines())) == (1, 2)


def test_an_administrator_sets_a_quota_and_everybody_sees_it(shell: Shell) -> None:
    owner, project = unique(), unique("p")
    shell.run("user", "create", owner)
    shell.run("project", "create", project, "--owner", owner)
    assert shell.run("project", "quota", project, "topics", "0").stdout == f"{project}: 0 of 0 topics in use\n"
    assert "0 of 0 topics in use\n" in shell.run("project", "usage", project, "--user", owner).stdout
    refused = shell.run("topic", "create", "clicks", "--project", project, "--user", owner)
    assert refused.returncode == 1
    assert "(quota-exceeded)" in refused.stderr
    assert shell.run("project", "quota", project, "topics").stdout == f"{project}: 0 of 100 topics in use\n"
    assert shell.run("project", "quota", project, "topics", "9", "--user", owner).returncode == 1


def test_a_topic_is_shared_read_and_taken_back(shell: Shell) -> None:
    owner, other = unique(), unique()
    flights, fraud = unique("p"), unique("p")
    for person, project in ((owner, flights), (other, fraud)):
        shell.json("user", "create", person)
        shell.json("project", "create", project, "--owner", person)
    shell.json("topic", "create", "clicks", "--project", flights, "--user", owner)
    given = ("topic", "produce", "clicks", "--project", flights, "--text", "--user", owner)
    assert shell.run(*given, given="hello\n").returncode == 0
    several = shell.run("share", "offer", fraud, "--project", flights, "--topic", "clicks", "--feature-store")
    assert (several.returncode, len(several.stderr.strip().splitlines())) == (1, 2)
    as_owner, as_other = ("--project", flights, "--user", owner), ("--project", fraud, "--user", other)
    offered = shell.run("share", "offer", fraud, "--topic", "clicks", *as_owner)
    share = f"topic:{flights}.topics.clicks:{fraud}"
    assert offered.stdout.strip() == share, offered.stderr
    wrong = shell.run("share", "accept", share, *as_owner)
    assert "other-side-only" in wrong.stderr
    assert shell.run("share", "accept", share, *as_other).stdout.strip() == f"{share} is accepted"
    read = shell.run("topic", "consume", f"{flights}.topics.clicks", *as_other)
    assert json.loads(read.stdout)["value"] == "hello"
    assert shell.run("share", "revoke", share, *as_owner).stdout.strip() == f"{share} is revoked"
    listed = shell.json("share", "list", *as_other)
    assert isinstance(listed, list)
    (row,) = listed
    assert (row["id"], row["phase"], row["open"]) == (share, "revoked", False)


def test_an_administrator_lists_certificates_and_revokes_one(shell: Shell) -> None:
    owner, project = unique(), unique("p")
    shell.run("user", "create", owner)
    shell.run("project", "create", project, "--owner", owner)
    assert shell.run("kafka", "config", "--project", project).returncode == 0
    (one,) = listed(shell, project)
    assert (one["user"], one["role"], one["state"]) == (owner, "data-owner", "valid")
    assert shell.run("certificates", "revoke", owner, "1", "--project", project).returncode == 0
    (one,) = listed(shell, project)
    assert (one["state"], one["reason"]) == ("revoked", "revoked")
    assert "BEGIN X509 CRL" in shell.run("certificates", "revoked").stdout
    assert shell.json("ca", "list") == [{"number": 1, "state": "signing", "overlaps_until": None}]
    assert shell.run("ca", "retire", "1").stderr.splitlines()[0].endswith("(authority-signs)")
    again = shell.run("certificates", "revoke", owner, "1", "--project", project)
    assert (again.returncode, len(again.stderr.strip().splitlines())) == (1, 2)


def listed(shell: Shell, project: str) -> list[dict[str, object]]:
    """The certificates for the project."""
    rows = shell.json("certificates", "list", "--project", project)
    assert isinstance(rows, list)
    return rows
