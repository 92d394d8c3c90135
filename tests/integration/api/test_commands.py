"""Commands over HTTP, on the real log and the real tables."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
from tests.integration.clients import eventually
from tests.integration.served import Served, unique


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def test_a_write_is_read_at_once_with_its_position(served: Served) -> None:
    for _ in range(20):
        user = unique()
        written = served.ask("POST", "/api/users", json={"user": user})
        assert written.status_code == 201
        read = served.ask("GET", f"/api/users/{user}?after={written.headers['headrace-position']}")
        assert (read.status_code, read.json()["user"]) == (200, user)


def test_a_position_that_never_comes_is_not_answered_with_a_stale_200(served: Served) -> None:
    written = served.ask("POST", "/api/users", json={"user": unique()})
    topic_id, _, offset = written.headers["headrace-position"].rsplit(":", 2)
    read = served.ask("GET", f"/api/users?after={topic_id}:0:{int(offset) + 1_000_000}")
    assert code(read) == (202, "not-yet-visible")
    assert read.headers["retry-after"] == "1"


def test_one_command_sent_by_many_at_once_happens_once(served: Served) -> None:
    user, name = unique(), str(uuid.uuid4())
    gate = threading.Barrier(8)

    def send(_: int) -> httpx.Response:
        gate.wait()
        return served.ask("POST", "/api/users", json={"user": user}, headers={"Idempotency-Key": name})

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(send, range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1


def test_one_id_with_two_requests_is_refused(served: Served) -> None:
    name = str(uuid.uuid4())
    first = served.ask("POST", "/api/users", json={"user": unique()}, headers={"Idempotency-Key": name})
    assert first.status_code == 201
    other = served.ask("POST", "/api/users", json={"user": unique()}, headers={"Idempotency-Key": name})
    assert code(other) == (422, "command-id-reused")


def test_a_stale_version_is_refused_and_the_shown_one_accepted(served: Served) -> None:
    project = served.new_project()
    served.platform.user("cleo")
    path = f"/api/projects/{project}/members"
    shown = served.ask("GET", f"{path}/bob").headers["etag"]
    body = {"user": "cleo", "role": "data-scientist"}
    stale = served.ask("POST", path, json=body, headers={"If-Match": '"1"'})
    assert code(stale) == (409, "wrong-version")
    assert served.ask("POST", path, json=body, headers={"If-Match": shown}).status_code == 202


def test_a_body_of_ten_megabytes_is_refused_and_the_server_goes_on(served: Served) -> None:
    body = b'{"user": "' + b"x" * 10_000_000 + b'"}'
    refused = served.ask("POST", "/api/users", content=body, headers={"Content-Type": "application/json"})
    assert code(refused) == (413, "body-too-large")
    assert served.ask("GET", "/healthz").status_code == 200


def test_a_key_is_gone_when_it_is_revoked(served: Served) -> None:
    user = unique()
    served.platform.user(user)
    issued = served.ask("POST", "/api/keys", json={"user": user}).json()
    assert served.ask("GET", "/api/whoami", key=issued["key"]).json()["user"] == user
    after = {"after": ",".join(issued["positions"])}
    listed = served.ask("GET", "/api/keys", key=issued["key"], params=after).json()
    assert [row["key_id"] for row in listed] == [issued["key_id"]]
    served.ask("DELETE", f"/api/keys/{issued['key_id']}", key=issued["key"])
    eventually(
        lambda: served.ask("GET", "/api/whoami", key=issued["key"]).status_code == 401 or None, "the key to be gone"
    )


def test_what_a_command_did_is_told_by_its_id(served: Served) -> None:
    project = served.new_project()
    group = {
        "name": "weather",
        "columns": [{"name": "airport", "type": "string"}],
        "primary_key": ["airport"],
    }
    for version in (1, 2):
        made = served.ask("POST", f"/api/projects/{project}/feature-groups", json=group, key=served.key("ada"))
        assert made.status_code == 202, made.text
        after = made.headers["headrace-position"]
        rows = served.ask("GET", f"/api/projects/{project}/activity/commands/{made.json()['command_id']}?after={after}")
        created = next(row for row in rows.json() if row["type"] == "feature_group.created")
        assert created["body"]["version"] == version
    shown = served.ask("GET", f"/api/projects/{project}/feature-groups/weather").json()
    assert [row["version"] for row in shown] == [2, 1]
