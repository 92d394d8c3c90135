"""Who may ask: a key that counts, of a member; strangers learn nothing."""

from __future__ import annotations

import pytest
from tests.unit.serving.gateway import served

from headrace_events.deployment import DeploymentDeleted
from headrace_events.member import MemberAdded, MemberRemoved
from headrace_events.roles import Role
from headrace_events.scopes import Scope
from headrace_events.user import UserBarred

PATH = "/projects/flights/v2/models/delay"


@pytest.mark.parametrize("key", [None, "nonsense", "k1.wrong", "k2.secret", "k1."])
def test_without_a_key_that_counts_nobody_is_let_in(key: str | None) -> None:
    answer = served().send("GET", PATH, key=key)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["code"] == "invalid-credential"


def test_an_expired_key_does_not_count() -> None:
    gateway = served()
    gateway.give_key("k2.secret", "ada", expires=1)
    answer = gateway.send("GET", PATH, key="k2.secret")
    assert answer.status_code == 401
    assert "expired" in answer.json()["error"]


def test_a_key_of_another_project_is_refused() -> None:
    gateway = served()
    gateway.give_key("k2.secret", "ada", project="rival")
    assert gateway.send("GET", PATH, key="k2.secret").status_code == 403


def test_a_key_for_something_else_is_refused() -> None:
    gateway = served()
    gateway.give_key("k2.secret", "ada", scopes=(Scope.READ,))
    gateway.give_key("k3.secret", "ada", scopes=(Scope.PREDICT,))
    assert gateway.send("GET", PATH, key="k2.secret").status_code == 403
    assert gateway.send("GET", PATH, key="k3.secret").status_code == 200


def test_a_sessions_token_is_as_good_as_a_key() -> None:
    gateway = served()
    gateway.sign_in("s-1.secret", "ada")
    gateway.sign_in("s-2.secret", "ada", idle_until=1)
    gateway.sign_in("s-3.secret", "eve")
    statuses = {
        token: gateway.send("GET", PATH, key=token).status_code
        for token in ("s-1.secret", "s-1.wrong", "s-2.secret", "s-3.secret", "s-4.secret")
    }
    assert statuses == {"s-1.secret": 200, "s-1.wrong": 401, "s-2.secret": 401, "s-3.secret": 404, "s-4.secret": 401}
    gateway.keys.put("barred/ada", UserBarred(user="ada"))
    assert gateway.send("GET", PATH, key="s-1.secret").status_code == 401


def test_who_was_shut_out_has_no_key() -> None:
    gateway = served()
    gateway.give_key("k2.secret", "ada")
    gateway.keys.put("barred/ada", UserBarred(user="ada"))
    assert gateway.send("GET", PATH, key="k2.secret").status_code == 401


def test_a_stranger_learns_only_that_there_is_no_such_project() -> None:
    gateway = served()
    gateway.give_key("k2.secret", "eve")
    there = gateway.send("GET", PATH, key="k2.secret")
    nowhere = gateway.send("GET", PATH.replace("flights", "nowhere"), key="k2.secret")
    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert there.json()["error"] == "there is no project 'flights'"
    assert nowhere.json()["error"] == "there is no project 'nowhere'"


def test_whoever_was_removed_is_a_stranger_at_once() -> None:
    gateway = served()
    gateway.happen(MemberAdded(user="bob", role=Role.DATA_SCIENTIST))
    gateway.give_key("k2.secret", "bob")
    assert gateway.send("GET", PATH, key="k2.secret").status_code == 200
    gateway.happen(MemberRemoved(user="bob"))
    assert gateway.send("GET", PATH, key="k2.secret").status_code == 404


def test_a_deleted_deployment_is_not_found() -> None:
    gateway = served()
    gateway.happen(DeploymentDeleted(name="delay"))
    assert gateway.send("GET", PATH).status_code == 404


@pytest.mark.parametrize(("method", "path"), [("GET", "/nothing"), ("DELETE", PATH), ("POST", PATH)])
def test_what_is_not_there_is_an_error_like_any_other(method: str, path: str) -> None:
    answer = served().send(method, path)
    assert answer.status_code in {404, 405}
    assert set(answer.json()) == {"error", "code", "request_id"}


@pytest.mark.parametrize("key", [None, "k1.secret"])
@pytest.mark.parametrize("path", [PATH, "/nothing"])
def test_every_answer_tells_browsers_to_keep_and_guess_nothing(path: str, key: str | None) -> None:
    answer = served().send("GET", path, key=key)
    assert (answer.headers["x-content-type-options"], answer.headers["cache-control"]) == ("nosniff", "no-store")
