"""The audit trail, from a request to the line that tells of it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tests.integration.clients import connection, eventually
from tests.integration.served import ADMINISTRATOR_KEY, Served, unique
from typer.testing import CliRunner

import headrace
from headrace_broker.audit import Act, Outcome, ProducedAudit, now
from headrace_broker.connection import Connection
from headrace_cli.main import app
from headrace_projections.audit.projector import NAME, Projector
from headrace_projections.audit.rebuild import AuditRebuild

Row = dict[str, Any]


@pytest.fixture(scope="module")
def trail(served: Served) -> Served:
    """The API with the audit projection beside it."""
    served.platform.stack.stack.up(["audit"], report=print)
    return served


def shown(served: Served, path: str, wanted: Callable[[Row], bool], key: str = ADMINISTRATOR_KEY, **query: Any) -> Row:
    """The last line of the trail that is wanted, as soon as there is one."""

    def found() -> Row | None:
        answer = served.ask("GET", path, key=key, params={"limit": 200, **query})
        assert answer.status_code == 200, answer.text
        return next((row for row in answer.json()["acts"] if wanted(row)), None)

    return eventually(found, f"the line at {path}")


def test_what_was_done_and_refused_is_told_with_who_when_where_and_why(trail: Served) -> None:
    project, bob = trail.new_project(), trail.key("bob")
    command = str(uuid.uuid4())
    group = {"name": "weather", "columns": [{"name": "airport", "type": "string"}], "primary_key": ["airport"]}
    began = time.time()
    path = f"/api/projects/{project}/feature-groups"
    assert trail.ask("POST", path, json=group, key=bob, headers={"Idempotency-Key": command}).status_code == 403
    refused = shown(trail, "/api/audit", lambda row: row["command_id"] == command, project=project, outcome="refused")
    assert (refused["actor"], refused["act"], refused["code"]) == ("user:bob", "feature_group.create", "owners-only")
    assert (refused["address"], refused["project"], refused["count"]) == ("127.0.0.1", project, 1)
    assert refused["subject"].startswith("feature_group/weather")
    made = trail.ask("POST", path, json=group, key=trail.key("ada")).json()
    done = shown(trail, "/api/audit", lambda row: row["command_id"] == made["command_id"], user="ada")
    assert (done["outcome"], done["address"], done["code"]) == ("accepted", "127.0.0.1", "")
    for row in (refused, done):
        told = time.mktime(time.strptime(row["time"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
        assert began - 2 <= told <= time.time() + 2


def test_a_foreign_project_that_was_asked_for_is_told_to_its_owner(trail: Served) -> None:
    project, mallory = trail.new_project(), trail.key("mallory")
    assert trail.ask("GET", f"/api/projects/{project}/topics", key=mallory).status_code == 404
    line = shown(trail, f"/api/projects/{project}/audit", lambda row: row["actor"] == "user:mallory", trail.key("ada"))
    assert (line["act"], line["code"], line["subject"]) == (
        "topics.read",
        "project-not-found",
        f"/api/projects/{project}/topics",
    )


def test_the_first_use_of_a_key_is_told(trail: Served) -> None:
    user = unique()
    key = trail.key(user)
    trail.ask("GET", "/api/whoami", key=key)
    line = shown(trail, "/api/audit", lambda row: row["act"] == "api_key.use", user=user)
    assert (line["subject"], line["address"]) == (f"api_key/{key.partition('.')[0]}", "127.0.0.1")
    assert key.partition(".")[2] not in json.dumps(line)


def test_only_administrators_read_all_of_it_and_owners_what_is_theirs(trail: Served) -> None:
    project = trail.new_project()
    answers = {
        (who, path): trail.ask("GET", path, key=trail.key(who)).status_code
        for who in ("ada", "bob", "mallory")
        for path in ("/api/audit", "/api/audit/export", f"/api/projects/{project}/audit")
    }
    of_project = f"/api/projects/{project}/audit"
    assert {who: answers[who, of_project] for who in ("ada", "bob", "mallory")} == {
        "ada": 200,
        "bob": 403,
        "mallory": 404,
    }
    assert {status for (_, path), status in answers.items() if path != of_project} == {403}
    rows = trail.ask("GET", of_project, key=trail.key("ada")).json()["acts"]
    assert {row["project"] for row in rows} <= {project}


def test_pages_and_an_export_show_the_same_lines(trail: Served) -> None:
    project, key = trail.new_project(), trail.key("ada")
    for number in range(7):
        made = trail.ask("POST", f"/api/projects/{project}/topics", json={"name": f"t{number}"}, key=key)
        assert made.status_code == 202, made.text
    path = f"/api/projects/{project}/audit"
    last = made.json()["command_id"]
    shown(trail, path, lambda row: row["command_id"] == last, key, kind="topic")
    paged: list[Row] = []
    cursor: int | None = None
    while True:
        query = {"limit": 3, "kind": "topic", **({} if cursor is None else {"cursor": cursor})}
        page = trail.ask("GET", path, key=key, params=query).json()
        paged += page["acts"]
        if (cursor := page["next"]) is None:
            break
    exported = trail.ask("GET", f"{path}/export", key=key, params={"kind": "topic"})
    assert exported.headers["content-type"].startswith("application/x-ndjson")
    lines = [json.loads(line) for line in exported.text.splitlines()]
    assert len(paged) == 7
    assert [row["command_id"] for row in lines] == [row["command_id"] for row in reversed(paged)]
    middle = {"from": paged[3]["time"], "to": paged[0]["time"], "kind": "topic"}
    between = trail.ask("GET", path, key=key, params=middle).json()["acts"]
    assert [row["cursor"] for row in between] == [row["cursor"] for row in paged[1:4]]


def test_the_sdk_and_the_command_line_show_it(trail: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    project = trail.new_project()
    trail.ask("POST", f"/api/projects/{project}/topics", json={"name": "x"}, key=trail.key("bob"))
    shown(trail, "/api/audit", lambda row: row["code"] == "owners-only", project=project)
    with trail.project("ada", project) as ada:
        (entry,) = ada.audit(user="bob", refused=True)
        assert isinstance(entry, headrace.AuditEntry)
        assert (entry.act, entry.code, entry.address) == ("topic.create", "owners-only", "127.0.0.1")
        exported = b"".join(ada.export_audit(user="bob", refused=True)).splitlines()
        assert [json.loads(line)["code"] for line in exported] == ["owners-only"]
    with trail.administrator() as administrator:
        assert administrator.audit(project=project, user="bob", refused=True, limit=5) == [entry]
    for name, value in {"HEADRACE_API": trail.url, "HEADRACE_API_KEY": trail.key("ada")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HEADRACE_HOME", "/nowhere")
    told = CliRunner().invoke(app, ["audit", "--project", project, "--user", "bob", "--refused", "--json"])
    assert told.exit_code == 0, told.output
    assert [row["actor"] for row in json.loads(told.stdout)] == ["user:bob"]


def test_a_flood_of_refusals_is_a_few_lines_and_its_count(trail: Served) -> None:
    project, bob = trail.new_project(), trail.key("bob")
    statuses = [
        trail.ask("POST", f"/api/projects/{project}/topics", json={"name": f"t{n}"}, key=bob).status_code
        for n in range(40)
    ]
    assert set(statuses) == {403}
    marker = trail.ask("POST", f"/api/projects/{project}/topics", json={"name": "mine"}, key=trail.key("ada")).json()
    path = f"/api/projects/{project}/audit"
    shown(trail, path, lambda row: row["command_id"] == marker["command_id"])
    refused = trail.ask("GET", path, params={"outcome": "refused", "user": "bob"}).json()["acts"]
    assert len(refused) == 10


@contextmanager
def own_database(served: Served) -> Iterator[str]:
    """A database for one test."""
    dsn, name = served.platform.stack.postgres_dsn, f"audit_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(dsn, autocommit=True) as database:
        database.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield make_conninfo(dsn, dbname=name)
        database.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def catch_up(log: Connection, dsn: str) -> None:
    """Project everything that is there."""
    projector = Projector(log, dsn)
    while not projector.caught_up():
        projector.step()
    projector.close()


def test_the_rebuilt_trail_equals_the_live_one_and_what_was_changed_by_hand_is_named(served: Served) -> None:
    stack = served.platform.stack
    log = connection(stack, "audit")
    writer = ProducedAudit(connection(stack, "api"))
    for number in range(300):
        writer.write(Act(at=now(), actor="user:ada", act="test.done", outcome=Outcome.ACCEPTED, subject=str(number)))
    writer.close()
    with own_database(served) as dsn:
        catch_up(log, dsn)
        rebuild = AuditRebuild(log, dsn)
        rebuilt = rebuild.rebuild(verify=True)
        assert (rebuilt.equal, rebuilt.differing) == (True, 0)
        assert rebuilt.events >= 300
        with psycopg.connect(dsn, autocommit=True) as database:
            database.execute("UPDATE audit.acts SET actor = 'user:mallory' WHERE subject = '17' AND act = 'test.done'")
            database.execute("DELETE FROM audit.acts WHERE subject = '18' AND act = 'test.done'")
        damaged = rebuild.rebuild(verify=True)
        assert damaged.equal is False
        assert {(one.column, one.live) for one in damaged.differences} == {("actor", "user:mallory"), ("", None)}
        catch_up(log, dsn)
        assert rebuild.rebuild(verify=True).equal
        assert rebuild.name == NAME
