"""A stack that is restored on an empty machine is the one that was backed up: same positions, same digests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from tests.integration.clients import connection, eventually
from tests.integration.platform import Platform
from tests.integration.processors.test_provisioning import can_produce, can_read
from tests.integration.raw_log import everything
from tests.integration.served import Served
from tests.integration.stack import CACHE, RunningStack, running_stack

from headrace_broker.admin import Admin
from headrace_broker.command_client import CommandClient
from headrace_broker.connection import Connection
from headrace_compose.settings import StackSettings
from headrace_compose.stack import Stack
from headrace_projections.audit.rebuild import AuditRebuild
from headrace_projections.catalogue.definition import TABLES, apply
from headrace_projections.metadata_rebuild import MetadataRebuild
from headrace_projections.rebuilt import Rebuildable

SERVICES = ("command-processor", "provisioning", "projector", "audit", "api", "online", "offline")
BEGIN = datetime(2013, 1, 1, tzinfo=UTC)
MODEL = b"a model, as bytes"
ROWS = 50
SHA = hashlib.sha256(MODEL).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What must be the same after a restoration; `acts` is the trail as far as it was then."""

    topics: Mapping[str, tuple[str, int]]
    records: str
    catalogue: str | None
    acts: tuple[str, ...]
    user: Mapping[str, Any]
    rows: int
    vector: Mapping[str, Any] | None


@contextmanager
def served(home: Path) -> Iterator[Served]:
    """A stack of its own with what stores metadata and rows."""
    with running_stack(home, *SERVICES) as stack:
        client = CommandClient(connection(stack, "api"))
        platform = Platform(stack=stack, client=client)
        platform.found()
        with httpx.Client(base_url=stack.site.api_url, timeout=60) as http:
            yield Served(platform=platform, url=stack.site.api_url, home=home, http=http)
        client.close()


def rebuilt(stack: RunningStack) -> str | None:
    """The digest of the catalogue; it and the trail are held against the log."""
    makers: dict[str, Rebuildable] = {
        "catalogue": MetadataRebuild(connection(stack, "projector"), stack.postgres_dsn, TABLES, apply),
        "audit": AuditRebuild(connection(stack, "audit"), stack.postgres_dsn),
    }
    found = {name: maker.rebuild(verify=True) for name, maker in makers.items()}
    assert all(one.equal and one.events for one in found.values())
    return found["catalogue"].live_digest


def acts(stack: RunningStack, most: int | None) -> tuple[str, ...]:
    """The first `most` lines of the audit trail, or all of them; whoever looks at a stack adds some."""
    with psycopg.connect(stack.postgres_dsn) as database:
        rows = database.execute("SELECT acts::text FROM audit.acts ORDER BY log_offset LIMIT %s", (most,))
        return tuple(text for (text,) in rows)


def records(stack: RunningStack) -> str:
    """One hash over every record that a project has written, in the order of topics and offsets."""
    hashed = hashlib.sha256()
    for line in sorted(f"{topic} ".encode() + content for topic, content in everything(stack) if "p-" in topic):
        hashed.update(line)
    return hashed.hexdigest()


def look(there: Served, project: str, most: int | None = None) -> Seen:
    stack = there.platform.stack
    admin = Admin(connection(stack, "broker"))
    names = [name for name in admin.topics_below("") if not name.startswith("headrace.results")]
    with there.project("ada", project) as signed_in:
        things = signed_in.get_feature_store().get_feature_group("things", 1)
        rows = len(things.read())
        vector = things.get_vector({"id": "k7"})
    return Seen(
        topics=admin.topic_ids(names),
        records=records(stack),
        catalogue=rebuilt(stack),
        acts=acts(stack, most),
        user=there.ask("GET", "/api/users/ada").json(),
        rows=rows,
        vector=vector,
    )


def fill(there: Served) -> str:
    """A project with members, rows, a file and a person of whom something is known."""
    project = there.new_project()
    there.ask("PUT", "/api/users/ada/profile", json={"full_name": "Ada Lovelace"})
    stored = there.ask("PUT", f"/api/projects/{project}/artifacts/{SHA}", content=MODEL, key=there.key("ada"))
    assert stored.status_code in {200, 201}, stored.text
    with there.project("ada", project) as signed_in:
        things = signed_in.get_feature_store().get_or_create_feature_group(
            "things", primary_key=["id"], event_time="at", online_enabled=True
        )
        rows = [{"id": f"k{number}", "at": BEGIN + timedelta(hours=number), "number": number} for number in range(ROWS)]
        receipt = things.insert(rows)
        receipt.wait()
    return project


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_stack_restored_on_an_empty_machine_gives_the_same_digests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path / "client"))
    with served(tmp_path / "home") as there:
        project = fill(there)
        member = there.platform.member_connection(project, "ada", tmp_path / "member")
        assert can_produce(member, f"{project}.runs")
        keys = dict(there.keys)
        before = look(there, project)
    made = Stack(StackSettings(home=tmp_path / "home", cache=CACHE)).backup(tmp_path / "backup")
    assert made.files > 50
    (tmp_path / "home").rename(tmp_path / "gone")
    assert Stack(StackSettings(home=tmp_path / "other", cache=CACHE)).restore(tmp_path / "backup") == made
    with served(tmp_path / "other") as there:
        there.keys.update(keys)
        eventually(lambda: shows(there, project) or None, "the read models to be made anew", 120)
        assert look(there, project, len(before.acts)) == before
        assert there.ask("GET", f"/api/projects/{project}/artifacts/{SHA}", key=there.key("ada")).content == MODEL
        renewed = moved(member, there.platform.stack)
        assert can_read(renewed, f"{project}.events")
        assert can_produce(renewed, f"{project}.runs")
        assert there.ask(
            "POST", f"/api/projects/{project}/topics", json={"name": "after"}, key=there.key("ada")
        ).is_success


def shows(there: Served, project: str) -> bool:
    """Whether the read models have taken in the whole log, and the stores of rows theirs."""
    status = there.platform.stack.stack.status()
    if any(status.services[name].lag != 0 for name in ("projector", "audit")):
        return False
    progress = there.ask(
        "GET", f"/api/projects/{project}/feature-groups/things/versions/1/progress", key=there.key("ada")
    ).json()
    places = progress["partitions"]
    return bool(places) and all(min(place["online"], place["offline"]) >= ROWS for place in places)


def moved(member: Connection, stack: RunningStack) -> Connection:
    """The same certificate, at the stack's new address."""
    return replace(member, bootstrap=stack.bootstrap, ca=stack.credentials("broker").ca)
