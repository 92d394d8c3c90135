"""Every route, with every credential that does not do."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tests.asking import Route, Who, routes, told
from tests.unit.api.in_memory import ADMINISTRATOR, Service

from headrace_api.app import build
from headrace_api.context import opened
from headrace_api.permissions.routes import ROUTES
from headrace_api.settings import Settings
from headrace_events.access import ACCESS, Access
from headrace_events.member import AddMember, RemoveMember
from headrace_events.permissions import PERMISSIONS
from headrace_events.project import CreateProject, DeleteProject
from headrace_events.roles import Right, Role

DOCUMENT = build(lambda: opened(Settings.read())).openapi()
EVERY = routes(DOCUMENT)
CLOSED = [route for route in EVERY if not route.open]
PROVING = {
    "sessions-end",
    "one-time_codes-confirm",
    "one-time_codes-remove",
    "identities-link",
    "directory-link",
    "identities-unlink",
}
"""These look at what is shown as proof before they send anything."""
SENDING = [route for route in CLOSED if not isinstance(route.asked[0], Access) and route.operation not in PROVING]
ALL_PROJECTS = {
    "users-whoami",
    "users-get_user",
    "projects-list_projects",
    "search-search_everywhere",
    "certificates-list_all_certificates",
}
"""Outside of projects, yet open to a key for one of them: of what they show, it sees that project."""

CALLERS = (
    Who(user="eve"),
    Who(user="bob", role=Role.DATA_SCIENTIST),
    Who(user="root", administrator=True),
    Who(user="ada", role=Role.DATA_OWNER),
)


def named(route: Route) -> str:
    return route.operation


@pytest.fixture
def populated(service: Service) -> Service:
    """Ada's project, in which bob is a scientist; eve has another one."""
    for user in ("ada", "bob", "carol", "eve"):
        service.key(user)
    service.project("flights", "ada")
    service.project("rival", "eve")
    service.do(AddMember(project="flights", user="bob", role=Role.DATA_SCIENTIST))
    return service


def ask(service: Service, route: Route, authorization: str | None) -> Any:
    request = route.request("flights")
    headers = request.pop("headers", {})
    if authorization is not None:
        headers["Authorization"] = authorization.encode()
    return service.http.request(**request, headers=headers)


def standing(service: Service) -> dict[object, object]:
    """Everything that has happened, but for the first use of a key on a day."""
    return {key: held for key, held in service.commands.world.aggregates.items() if key.kind != "api_key"}


def test_every_route_has_its_place_in_the_table_and_the_table_names_no_other() -> None:
    assert sorted(route.operation for route in EVERY) == sorted(ROUTES)


def test_every_command_that_people_may_send_has_a_route() -> None:
    reached = {asked for asked_for in ROUTES.values() for asked in asked_for}
    theirs = {command for command, (right, _) in PERMISSIONS.items() if right is not Right.SYSTEM}
    assert theirs == {asked for asked in reached if not isinstance(asked, Access)}
    assert set(ACCESS) == {asked for asked in reached if isinstance(asked, Access)}


@pytest.mark.parametrize("route", CLOSED, ids=named)
def test_without_a_credential_that_counts_no_route_answers(service: Service, route: Route) -> None:
    expired = service.key("ada", expires=time.time_ns() // 1000 - 1)
    revoked = service.key("ada")
    service.http.delete(f"/api/keys/{revoked.partition('.')[0]}", headers={"Authorization": f"Bearer {revoked}"})
    before = standing(service)
    for authorization in (
        None,
        "",
        "Bearer",
        "Bearer .",
        "Digest root.secret",
        "Basic !!!",
        "Bearer nobody.secret",
        "Bearer root.wrong",
        "Bearer root.sécret",
        f"Bearer {expired}",
        f"Bearer {revoked}",
    ):
        answer = ask(service, route, authorization)
        assert answer.status_code == 401, (authorization, answer.text)
        told(answer)
    assert standing(service) == before


@pytest.mark.parametrize("route", CLOSED, ids=named)
def test_a_key_for_another_project_opens_no_route_of_this_one(populated: Service, route: Route) -> None:
    keys = {user: populated.key(user, project="rival") for user in ("ada", "eve", "root")}
    before = standing(populated)
    for limited in keys.values():
        answer = ask(populated, route, f"Bearer {limited}")
        if route.operation in ALL_PROJECTS:
            assert answer.status_code == 503, "its tables are asked for what belongs to its own project"
        else:
            assert (answer.status_code, told(answer)) in {(403, "key-limited-to-project"), (403, "")}, answer.text
    assert standing(populated) == before


@pytest.mark.parametrize("route", SENDING, ids=named)
def test_each_command_is_taken_from_whom_the_table_names_and_from_nobody_else(populated: Service, route: Route) -> None:
    keys = {who.user: ADMINISTRATOR if who.administrator else populated.key(who.user) for who in CALLERS}
    refused = [who for who in CALLERS if route.refusal(who) is not None]
    before = standing(populated)
    for who in refused:
        answer = ask(populated, route, f"Bearer {keys[who.user]}")
        assert answer.status_code == route.refusal(who), (who, answer.text)
        told(answer)
    assert standing(populated) == before
    for who in CALLERS:
        if who not in refused:
            answer = ask(populated, route, f"Bearer {keys[who.user]}")
            assert answer.status_code not in {401, 403, 500}, (who, answer.text)
            assert answer.status_code < 400 or told(answer) != "project-not-found", (who, answer.text)
    sent = {type(request.command) for request in populated.commands.taken}
    assert sent & set(route.asked), "the route sends another command than the table says"


@pytest.mark.parametrize("operation", sorted(PROVING))
def test_without_proof_nothing_is_sent(populated: Service, operation: str) -> None:
    (route,) = (route for route in EVERY if route.operation == operation)
    for user in ("ada", "bob", "eve"):
        answer = ask(populated, route, f"Bearer {populated.key(user)}")
        assert answer.status_code in {401, 404}, answer.text
    assert {type(request.command) for request in populated.commands.taken}.isdisjoint(route.asked)


@pytest.mark.parametrize("administrator", [False, True])
def test_whoever_holds_a_key_or_a_session_of_somebody_cannot_take_their_password_or_codes_away(
    populated: Service, administrator: bool
) -> None:
    user, key = ("root", ADMINISTRATOR) if administrator else ("bob", populated.key("bob"))
    populated.post("/api/totp", {}, key)
    before = standing(populated)
    reset = populated.post(f"/api/users/{user}/password-reset", {}, key)
    assert (reset.status_code, told(reset)) == (403, "not-a-lasting-password")
    removed = populated.http.delete(f"/api/users/{user}/totp", headers={"Authorization": f"Bearer {key}"})
    assert (removed.status_code, told(removed)) == (403, "proof-missing")
    assert standing(populated) == before


def test_a_first_owner_who_was_removed_is_not_told_that_the_project_closes(populated: Service) -> None:
    populated.do(AddMember(project="flights", user="carol", role=Role.DATA_OWNER))
    populated.do(RemoveMember(project="flights", user="ada"), "user:carol")
    populated.do(DeleteProject(project="flights"), "user:carol")
    answer = populated.post("/api/projects/flights/topics", {"name": "clicks"}, populated.key("ada"))
    assert (answer.status_code, told(answer)) == (404, "project-not-found")


def test_who_has_nothing_to_do_with_a_project_is_not_told_how_far_it_is(populated: Service) -> None:
    outsider = populated.key("eve")
    populated.do(CreateProject(project="coming", owner="ada"))
    populated.do(DeleteProject(project="flights"))
    for project in ("coming", "flights"):
        told_to_owner = populated.post(f"/api/projects/{project}/topics", {"name": "clicks"}, populated.key("ada"))
        assert (told_to_owner.status_code, told(told_to_owner)) == (409, "project-not-ready")
        answer = populated.post(f"/api/projects/{project}/topics", {"name": "clicks"}, outsider)
        assert (answer.status_code, told(answer)) == (404, "project-not-found")
