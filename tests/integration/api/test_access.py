"""Who sees what: a project is no more than a wrong name to whoever does not belong to it."""

from __future__ import annotations

import uuid

import pytest
from tests.integration.served import Served

from headrace_events.member import AddMember
from headrace_events.roles import Role

SHA = "0" * 64
IN_PATH = {
    "{version}": "1",
    "{view_version}": "1",
    "{generation}": "1",
    "{sha256}": SHA,
    "{schema_id}": "10000",
    "{command_id}": str(uuid.UUID(int=0)),
}


@pytest.fixture(scope="module")
def project(served: Served) -> str:
    return served.new_project()


def _routes(served: Served) -> list[tuple[str, str]]:
    document = served.ask("GET", "/openapi.json").json()
    found = []
    for path, verbs in document["paths"].items():
        if path.startswith("/api/projects/{project}"):
            found += [(method.upper(), path) for method in verbs]
    return found


def test_who_is_no_member_gets_the_same_404_as_for_no_project(served: Served, project: str) -> None:
    rival = served.key("mallory")
    routes = _routes(served)
    assert len(routes) > 40
    for method, path in routes:
        answers = []
        for name in (project, "no-such-project"):
            where = path.replace("{project}", name)
            for placeholder, value in IN_PATH.items():
                where = where.replace(placeholder, value)
            answer = served.ask(method, where, key=rival, json={} if method in {"POST", "PUT"} else None)
            body = answer.text.replace(name, "P").replace(answer.headers["x-request-id"], "R")
            answers.append((answer.status_code, body))
        assert answers[0] == answers[1], (method, path)
        assert answers[0][0] in {404, 422}, (method, path, answers)


def test_a_read_of_who_is_no_member_is_not_found(served: Served, project: str) -> None:
    for method, path in _routes(served):
        if method != "GET" or path.endswith("/kafka"):
            continue
        where = path.replace("{project}", project)
        for placeholder, value in IN_PATH.items():
            where = where.replace(placeholder, value)
        assert served.ask(method, where, key=served.key("mallory")).status_code in {404, 422}, path


def test_who_is_removed_sees_nothing_any_more(served: Served) -> None:
    project = served.new_project()
    bob = served.key("bob")
    assert served.ask("GET", f"/api/projects/{project}", key=bob).status_code == 200
    removed = served.ask("DELETE", f"/api/projects/{project}/members/bob", key=served.key("ada"))
    after = removed.headers["headrace-position"]
    gone = served.ask("GET", f"/api/projects/{project}?after={after}", key=bob)
    assert (gone.status_code, gone.json()["code"]) == (404, "project-not-found")
    assert project not in served.ask("GET", "/api/projects", key=bob).text


def test_a_first_owner_who_is_removed_sees_nothing_any_more(served: Served) -> None:
    project = served.new_project(owner="carol", scientist=None)
    first, second = served.key("carol"), served.key("dora")
    served.platform.send(AddMember(project=project, user="dora", role=Role.DATA_OWNER), "user:carol")
    removed = served.ask("DELETE", f"/api/projects/{project}/members/carol", key=second)
    assert removed.status_code == 200, removed.text
    after = removed.headers["headrace-position"]
    assert served.ask("GET", f"/api/projects/{project}?after={after}", key=second).status_code == 200
    for method, path in _routes(served):
        if method == "GET":
            where = path.replace("{project}", project)
            for placeholder, value in IN_PATH.items():
                where = where.replace(placeholder, value)
            assert served.ask(method, where, key=first).status_code in {404, 422}, path
    assert project not in served.ask("GET", "/api/projects", key=first).text
    assert project in served.ask("GET", "/api/projects", key=second).text


def test_a_key_limited_to_a_project_opens_it_and_no_other(served: Served, project: str) -> None:
    other = served.new_project()
    key = served.key("ada", project)
    assert served.ask("GET", f"/api/projects/{project}", key=key).status_code == 200
    assert served.ask("GET", f"/api/projects/{other}", key=key).status_code == 403
    assert [row["project"] for row in served.ask("GET", "/api/projects", key=key).json()] == [project]
    assert served.ask("GET", "/api/whoami", key=key).json()["limited_to"] == project


def test_a_scientist_sees_only_their_own_certificates(served: Served, project: str) -> None:
    with served.project("ada", project) as ada, served.project("bob", project) as bob:
        ada.client_files()
        bob.client_files()
    path = f"/api/projects/{project}/certificates"
    assert {row["user"] for row in served.ask("GET", path, key=served.key("bob")).json()} == {"bob"}
    assert {row["user"] for row in served.ask("GET", path, key=served.key("ada")).json()} == {"ada", "bob"}
    assert served.ask("GET", f"{path}/ada/1", key=served.key("bob")).status_code == 404


def test_only_administrators_see_everybody(served: Served) -> None:
    assert served.ask("GET", "/api/users").status_code == 200
    refused = served.ask("GET", "/api/users", key=served.key("bob"))
    assert (refused.status_code, refused.json()["code"]) == (403, "administrators-only")
    assert served.ask("GET", "/api/users/ada", key=served.key("bob")).status_code == 404
    assert served.ask("GET", "/api/users/bob", key=served.key("bob")).status_code == 200
    assert served.ask("GET", "/api/activity", key=served.key("bob")).status_code == 403


def test_an_environment_is_for_members_and_for_a_week_at_most(served: Served, project: str) -> None:
    path = f"/api/projects/{project}/environment"
    for user in ("mallory", "no-such-user"):
        assert served.ask("POST", path, json={"user": user, "expires": 1}).status_code == 404
    late = served.ask("POST", path, json={"user": "bob", "expires": 2**60})
    assert (late.status_code, late.json()["code"]) == (422, "expires-too-late")
    past = served.ask("POST", path, json={"user": "bob", "expires": 1})
    assert (past.status_code, past.json()["code"]) == (422, "already-expired")
