"""What the API tells the audit trail."""

from __future__ import annotations

import uuid

from tests.unit.api.in_memory import Service

from headrace_api.audit.trail import AGAIN_US, Trail
from headrace_broker.audit import Act, Outcome, RememberedAudit
from headrace_broker.flood import WRITTEN
from headrace_events.ids import Micros
from headrace_events.personal import sealed_for


def refusals(service: Service) -> list[Act]:
    return [act for act in service.audit.acts if act.outcome is Outcome.REFUSED]


def test_a_key_that_signs_in_is_told_once_with_where_it_came_from(service: Service) -> None:
    for _ in range(3):
        assert service.post("/api/users", {"user": f"u{uuid.uuid4().hex[:8]}"}).status_code == 201
    (act,) = service.audit.acts
    assert (act.act, act.actor, act.subject) == ("api_key.use", "user:root", "api_key/root")
    assert service.addresses() == {"127.0.0.1"}


def test_a_refused_key_is_told_without_the_key(service: Service) -> None:
    service.http.get("/api/projects", headers={"Authorization": "Bearer root.a-wrong-secret"})
    (act,) = refusals(service)
    assert (act.actor, act.act, act.code) == ("anonymous", "projects.read", "invalid-credential")
    assert (act.subject, act.address, act.details["method"]) == ("/api/projects", "127.0.0.1", "GET")
    assert "a-wrong-secret" not in repr(act)


def test_a_secret_in_a_query_is_not_told(service: Service) -> None:
    service.http.get("/api/projects?api_key=a-secret")
    assert "a-secret" not in repr(service.audit.acts)


def test_a_request_id_finds_the_refusal(service: Service) -> None:
    answer = service.http.get("/api/projects")
    (act,) = refusals(service)
    assert act.details["request_id"] == answer.headers["x-request-id"]


def test_a_key_of_another_project_is_told_under_the_project_it_tried(service: Service) -> None:
    key = service.key("ada", project="flights")
    service.http.get("/api/projects/rival/topics", headers={"Authorization": f"Bearer {key}"})
    (act,) = refusals(service)
    assert (act.actor, act.project, act.code) == ("user:ada", "rival", "key-limited-to-project")


def test_the_registry_tells_its_refusals_too(service: Service) -> None:
    service.http.get("/api/projects/flights/registry/subjects")
    assert [act.code for act in refusals(service)] == ["no-credential"]


def test_what_is_wrong_but_not_forbidden_is_not_told(service: Service) -> None:
    for answer in (
        service.http.get("/api/no-such-route"),
        service.post("/api/users", {}),
        service.post("/api/users", "{"),
    ):
        assert answer.status_code in {404, 422}
    assert refusals(service) == []


def test_a_flood_of_refused_requests_is_a_few_lines(service: Service) -> None:
    for _ in range(4 * WRITTEN):
        service.http.get("/api/projects")
    assert len(refusals(service)) == WRITTEN


def test_the_address_travels_with_the_command(service: Service) -> None:
    service.post("/api/users", {"user": "ada"})
    sealed = service.commands.taken[-1].address
    assert sealed is not None
    assert sealed_for(sealed) == "root"
    assert service.http_context().personal.shown(sealed) == "127.0.0.1"


def test_a_forwarded_address_is_not_believed_from_just_anybody(service: Service) -> None:
    service.http.get("/api/projects", headers={"X-Forwarded-For": "203.0.113.9"})
    assert [act.address for act in refusals(service)] == ["127.0.0.1"]


class Connected:
    """A request, as far as the trail looks at it."""

    client = None
    scope = {"method": "GET", "path": "/", "state": {}}  # noqa: RUF012 - never changed


def test_a_key_is_told_again_after_an_hour(service: Service) -> None:
    trail = Trail(RememberedAudit(), service.http_context().personal)
    for at in (0, AGAIN_US - 1, AGAIN_US, AGAIN_US + 1):
        trail.key_used(Connected(), "user:ada", "k1", Micros(at))  # type: ignore[arg-type] # as much as it needs
    assert isinstance(trail.log, RememberedAudit)
    assert [act.at for act in trail.log.acts] == [0, AGAIN_US]
