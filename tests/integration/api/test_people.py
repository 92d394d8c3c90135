"""People on a running platform: what shutting somebody out closes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.clients import eventually
from tests.integration.processors.test_provisioning import can_produce, can_read
from tests.integration.served import Served, unique

import headrace
from headrace_events.user import ActivateUser, DeactivateUser


def test_registration_is_decided_by_an_administrator(served: Served) -> None:
    name = unique()
    headrace.register(name, served.url)
    with served.administrator() as administrator:
        users = administrator.get_users_api()
        eventually(lambda: name in {user.user for user in users.get_users("pending")} or None, "the registration")
        users.approve(name)
        assert users.get_user(name).standing == "active"
        key = administrator.issue_key(name).key
    with headrace.connect(host=served.url, api_key=key) as person:
        assert person.get_users_api().get_user(name).standing_by == "user:root-admin"
        with pytest.raises(headrace.Forbidden):
            person.get_users_api().approve(name)


def test_a_key_shows_its_scopes_and_the_day_of_its_last_use(served: Served) -> None:
    owner = unique()
    with headrace.connect(host=served.url, api_key=served.key(owner)) as person:
        made = person.issue_key(scopes=["read"], name="notebook", hours=1)
        assert made.scopes == ("read",)
        (shown,) = [row for row in person.get_keys() if row["key_id"] == made.key_id]
        assert (shown["name"], shown["scopes"], shown["used"]) == ("notebook", ["read"], None)
        with headrace.connect(host=served.url, api_key=made.key) as reader, pytest.raises(headrace.Forbidden):
            reader.create_project(unique("p"))
        used = eventually(lambda: last_use(person, made.key_id), "the day of the last use")
        assert used % 86_400_000_000 == 0
        person.revoke_key(made.key_id)
        assert served.ask("GET", "/api/whoami", key=made.key).status_code == 401


def last_use(person: headrace.Platform, key_id: str) -> int | None:
    used: int | None = next(row["used"] for row in person.get_keys() if row["key_id"] == key_id)
    return used


def test_shutting_somebody_out_closes_api_and_broker_for_good(served: Served, tmp_path: Path) -> None:
    platform, owner = served.platform, unique()
    project = platform.project(owner, scientist=None)
    key = served.key(owner)
    topic = f"{project}.runs"
    old = platform.member_connection(project, owner, tmp_path)
    assert can_produce(old, topic)
    platform.send(DeactivateUser(user=owner, reason="left"))
    eventually(lambda: served.ask("GET", "/api/whoami", key=key).status_code == 401 or None, "the key to be refused")
    eventually(lambda: not can_produce(old, topic) or None, "the broker to be closed")
    platform.send(ActivateUser(user=owner))
    eventually(lambda: served.ask("GET", "/api/whoami", key=key).status_code == 200 or None, "the key to count again")
    new = platform.member_connection(project, owner, tmp_path)
    assert can_produce(new, topic)
    assert not can_read(old, topic)
    eventually(
        lambda: states(served, project, key) == {1: "revoked", 2: "issued"} or None, "both generations to be shown"
    )


def states(served: Served, project: str, key: str) -> dict[int, str]:
    rows = served.ask("GET", f"/api/projects/{project}/certificates", key=key).json()
    return {row["generation"]: row["state"] for row in rows}
