"""Deleting a project: nothing is left of it but its name, whoever is killed on the way."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psycopg
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from tests.integration.clients import connection, eventually
from tests.integration.platform import Platform
from tests.integration.processors.test_provisioning import can_produce
from tests.integration.served import Served

import headrace
from headrace_broker.admin import Admin
from headrace_broker.artifacts import Artifacts
from headrace_broker.connection import Connection
from headrace_events.project import DeleteProject, ProjectClosing, ProjectDeleted
from headrace_projections.catalogue.definition import TABLES
from headrace_projections.holding import holding
from headrace_projections.monitoring import projector as monitoring


def until_deleted(platform: Platform, project: str) -> None:
    """Return when the log says that nothing is left."""

    def deleted() -> bool | None:
        events = [recorded.event for recorded in platform.events()]
        return True if ProjectDeleted(project=project) in events else None

    eventually(deleted, f"{project} to be deleted", 60)


def kill(platform: Platform, service: str) -> None:
    """End a service without a word; its supervisor starts it again."""
    pid = platform.stack.stack.status().as_json()["services"][service]["pid"]
    if pid:
        os.kill(pid, signal.SIGKILL)


def leave_a_group_behind(as_whom: Connection, group: str, topic: str) -> None:
    """Read the topic in that group and go."""
    consumer = Consumer({**as_whom.librdkafka(), "group.id": group, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    message = eventually(lambda: consumer.poll(0.5), "a record")
    assert message.error() is None, message.error()
    consumer.commit(message=message, asynchronous=False)
    consumer.close()


def test_nothing_is_left_of_a_deleted_project(served: Served, tmp_path: Path) -> None:
    platform = served.platform
    name = served.new_project()
    owner = platform.member_connection(name, "ada", tmp_path)
    with served.project("ada", name) as project:
        project.get_feature_store().get_or_create_feature_group(
            "weather", version=1, primary_key=["airport"], features=[{"airport": "JFK", "wind": 1.5}]
        )
    artifacts = Artifacts.at(platform.stack.site.storage_url)
    artifacts.write(name, b"a model")
    assert can_produce(owner, f"{name}.runs")
    leave_a_group_behind(owner, f"{name}.readers", f"{name}.runs")
    with served.administrator() as administrator:
        administrator.delete_project(name, confirm=name)
        assert name not in {row["project"] for row in administrator.get_projects()}
    admin = Admin(connection(platform.stack, "broker"))
    assert admin.topics_below(f"{name}.") == []
    assert [rule for rule in admin.rules() if rule.name.startswith(f"{name}.") or f"{name}__" in rule.principal] == []
    groups = AdminClient(connection(platform.stack, "broker").librdkafka()).list_consumer_groups().result().valid
    assert [group.group_id for group in groups if group.group_id.startswith(f"{name}.")] == []
    assert not artifacts.files.exists(f"{artifacts.root}/artifacts/{name}")
    with psycopg.connect(platform.stack.postgres_dsn) as database:
        for table in TABLES.of_a_project:
            query = f"SELECT count(*) FROM catalogue.{table} WHERE project = %s"
            assert database.execute(query.encode(), (name,)).fetchone() == (0,), table
        assert holding(platform.stack.postgres_dsn, name) == []
    assert served.ask("GET", f"/api/projects/{name}/members/ada", key=served.key("bob")).status_code == 404
    assert served.ask("GET", f"/api/projects/{name}").json()["closing_by"] == "user:root-admin"


def test_a_deletion_waits_for_what_monitoring_holds(served: Served) -> None:
    platform = served.platform
    name = served.new_project()
    with psycopg.connect(platform.stack.postgres_dsn, autocommit=True) as database:
        monitoring.TABLES.make_live(database)
        database.execute("INSERT INTO monitoring.unmatched VALUES (%s, 1, now(), '')", (name,))
        assert "monitoring" in holding(platform.stack.postgres_dsn, name)
        platform.send(DeleteProject(project=name), "user:ada")
        eventually(lambda: holding(platform.stack.postgres_dsn, name) == ["monitoring"], "the others to let go", 60)
        assert ProjectDeleted(project=name) not in [recorded.event for recorded in platform.events()]
        database.execute("DELETE FROM monitoring.unmatched WHERE project = %s", (name,))
    until_deleted(platform, name)


def test_a_deletion_that_is_not_confirmed_does_not_happen(served: Served) -> None:
    name = served.new_project()
    answer = served.ask("DELETE", f"/api/projects/{name}", params={"confirm": "another"})
    assert (answer.status_code, answer.json()["code"]) == (422, "not-confirmed")
    with served.project("bob", name) as project, pytest.raises(headrace.Forbidden) as refused:
        project.delete(confirm=name)
    assert refused.value.code == "owners-only"


def test_a_deletion_goes_on_whoever_is_killed_on_the_way(served: Served, tmp_path: Path) -> None:
    platform = served.platform
    name = served.new_project()
    owner = platform.member_connection(name, "ada", tmp_path)
    for service in ("provisioning", "projector", "command-processor"):
        kill(platform, service)
    platform.send(DeleteProject(project=name), "user:ada")
    kill(platform, "provisioning")
    until_deleted(platform, name)
    assert not can_be_reached(owner, f"{name}.runs")
    acts = [recorded for recorded in platform.events() if getattr(recorded.event, "project", None) == name]
    assert [type(act.event) for act in acts if act.project is None][-2:] == [ProjectClosing, ProjectDeleted]
    assert [act.actor for act in acts if isinstance(act.event, ProjectClosing)] == ["user:ada"]


def can_be_reached(as_whom: Connection, topic: str) -> bool:
    """Whether the broker tells the certificate anything of the topic."""
    described = Producer(as_whom.librdkafka()).list_topics(topic, timeout=8).topics[topic]
    return described.error is None
