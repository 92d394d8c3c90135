"""Erasing a person on a running platform: what identified them is nowhere, before and after."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from tests.integration import raw_tables
from tests.integration.clients import connection, eventually
from tests.integration.raw_log import everything
from tests.integration.served import Served, unique
from typer.testing import CliRunner

import headrace
from headrace_broker.credentials import FollowedCredentials
from headrace_broker.personal import key_of
from headrace_broker.sealing import MasterKey
from headrace_cli.main import app
from headrace_events.member import AddMember
from headrace_events.roles import Role
from headrace_projections.audit.rebuild import AuditRebuild
from headrace_projections.catalogue.definition import TABLES, apply
from headrace_projections.metadata_rebuild import MetadataRebuild
from headrace_projections.rebuilt import Rebuildable

ADDRESS = "127.0.0.77"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A person, and everything that was ever said of them."""

    user: str
    key: str
    project: str
    full_name: str
    email: str
    laptop: str
    reason: str

    @property
    def texts(self) -> tuple[str, ...]:
        """What must be in no byte of the log and of the tables."""
        return (self.full_name, self.email, self.laptop, self.reason, ADDRESS)


@pytest.fixture(scope="module")
def person(served: Served) -> Known:
    """Somebody of whom everything is known that can be, who came from an address of their own, and was shut out."""
    served.platform.stack.stack.up(["audit"], report=print)
    mark, user = uuid.uuid4().hex[:8], unique()
    known = Known(
        user=user,
        key=served.key(user),
        project=served.new_project(),
        full_name=f"Ada {mark} Lovelace",
        email=f"ada-{mark}@example.org",
        laptop=f"the laptop of Ada {mark}",
        reason=f"Ada {mark} has left",
    )
    served.platform.send(AddMember(project=known.project, user=user, role=Role.DATA_SCIENTIST), "user:ada")
    with httpx.Client(
        base_url=served.url,
        transport=httpx.HTTPTransport(local_address=ADDRESS),
        headers={"Authorization": f"Bearer {known.key}"},
    ) as own:
        profile = {"full_name": known.full_name, "email": known.email}
        assert own.put(f"/api/users/{user}/profile", json=profile).status_code == 200
        hour = time.time_ns() // 1000 + 3_600_000_000
        assert own.post("/api/keys", json={"name": known.laptop, "expires": hour}).status_code == 201
    with served.administrator() as administrator:
        administrator.get_users_api().deactivate(user, known.reason)
        assert administrator.get_users_api().get_user(user).standing == "deactivated"
    eventually(lambda: called(served, known), "the member to be shown")
    return known


def called(served: Served, person: Known) -> str | None:
    """What the project calls the person."""
    with served.project("ada", person.project) as project:
        return {member.user: member.full_name for member in project.get_members()}.get(person.user)


def lines(served: Served, person: Known) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = served.ask("GET", "/api/audit", params={"user": person.user}).json()["acts"]
    return rows


def happened(served: Served) -> str:
    return served.ask("GET", "/api/activity", params={"limit": 1000}).text


def test_what_identifies_a_person_is_shown_to_whom_it_concerns(served: Served, person: Known) -> None:
    with served.administrator() as administrator:
        shown = administrator.get_users_api().get_user(person.user)
        (key,) = [row for row in administrator.api.get("/api/keys", user=person.user) if row["name"]]
    assert (shown.full_name, shown.email, shown.reason) == (person.full_name, person.email, person.reason)
    assert key["name"] == person.laptop
    assert called(served, person) == person.full_name
    told = eventually(lambda: lines(served, person) or None, "the acts of the person")
    assert {row["address"] for row in told} >= {ADDRESS}
    for text in (person.full_name, person.email, person.laptop, person.reason):
        assert json.dumps(text) in happened(served)


def test_no_byte_of_the_log_and_no_row_holds_it_in_plain_words(served: Served, person: Known) -> None:
    wanted = {text: text.encode() for text in person.texts}
    seen, found = 0, set()
    for topic, content in everything(served.platform.stack):
        seen += person.user.encode() in content
        found |= {(topic, text) for text, plain in wanted.items() if plain in content}
    assert seen > 10, "the person is not in what was read"
    assert found == set()
    rows = list(raw_tables.rows(served.platform.stack.postgres_dsn))
    assert {where for where, row in rows if person.user in row} >= {
        "catalogue.users",
        "catalogue.activity",
        "audit.acts",
    }
    assert {(where, text) for where, row in rows for text in person.texts if text in row} == set()


def test_after_erasure_nobody_can_tell_who_it_was(served: Served, person: Known, as_root: None) -> None:
    told = CliRunner().invoke(app, ["people", "erase", person.user, "--confirm", "somebody-else"])
    assert (told.exit_code, "nothing is erased" in told.stderr) == (1, True)
    told = CliRunner().invoke(app, ["people", "erase", person.user, "--confirm", person.user, "--json"])
    assert (told.exit_code, json.loads(told.stdout)["standing"]) == (0, "erased")
    with served.administrator() as administrator:
        users = administrator.get_users_api()
        users.erase(person.user)
        shown = users.get_user(person.user)
        assert (shown.standing, shown.full_name, shown.email, shown.reason) == ("erased", None, None, "")
        assert person.user in {user.user for user in users.get_users("erased")}
        with pytest.raises(headrace.Conflict) as taken:
            users.create_user(person.user)
        assert taken.value.code == "user-exists"
        with pytest.raises(headrace.Conflict) as out:
            users.activate(person.user)
        assert out.value.code == "user-not-deactivated"
    assert served.ask("GET", "/api/whoami", key=person.key).status_code == 401
    assert called(served, person) == "erased"
    rows = lines(served, person)
    assert {(row["address"], row["erased"]) for row in rows} == {("erased", True)}
    told = CliRunner().invoke(app, ["audit", "--user", person.user], env={"COLUMNS": "400"})
    assert f"{person.user} (erased)" in told.stdout
    for text in person.texts[:4]:
        assert text not in happened(served)
    stack = served.platform.stack
    master = MasterKey.read(stack.site.vault.folder / "master.key")
    credentials = FollowedCredentials(connection(stack, "api"), master)
    assert key_of(person.user, credentials) is None
    assert key_of("ada", credentials) is not None
    credentials.close()


@pytest.mark.parametrize("name", ["catalogue", "audit"])
def test_a_rebuild_gives_the_same_without_the_person(served: Served, person: Known, name: str) -> None:
    stack = served.platform.stack
    dsn = stack.postgres_dsn
    made: dict[str, Callable[[], Rebuildable]] = {
        "catalogue": lambda: MetadataRebuild(connection(stack, "projector"), dsn, TABLES, apply),
        "audit": lambda: AuditRebuild(connection(stack, "audit"), dsn),
    }
    rebuilt = made[name]().rebuild(verify=True)
    assert (rebuilt.equal, rebuilt.differing) == (True, 0)
    assert {text for _, row in raw_tables.rows(dsn) for text in person.texts if text in row} == set()


@pytest.fixture
def as_root(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line acts as the administrator."""
    for name, value in {
        "HEADRACE_API": served.url,
        "HEADRACE_API_KEY": "first.secret",
        "HEADRACE_HOME": "/nowhere",
    }.items():
        monkeypatch.setenv(name, value)
