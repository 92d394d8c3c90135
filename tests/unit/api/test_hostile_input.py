"""What people send who mean harm, to every route that takes such a thing."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from tests.asking import HOSTILE, Route, routes, told
from tests.unit.api.in_memory import ADMINISTRATOR, Service

from headrace_api.app import build
from headrace_api.context import opened
from headrace_api.limits import JSON_BYTES
from headrace_api.settings import Settings
from headrace_events.access import Access
from headrace_events.ids import RESERVED

EVERY = routes(build(lambda: opened(Settings.read())).openapi())
NAMED = [route for route in EVERY if route.path.count("{") > route.in_project]
SENDING = [route for route in EVERY if not isinstance(route.asked[0], Access)]
WITH_BODY = [
    route for route in EVERY if route.method in {"POST", "PUT"} and route.operation != "artifacts-put_artifact"
]
LOOK_ALIKES = {
    "\N{CYRILLIC SMALL LETTER A}da": "CYRILLIC SMALL LETTER A",
    "ad\N{CYRILLIC SMALL LETTER A}": "CYRILLIC SMALL LETTER A",
    "\N{FULLWIDTH LATIN SMALL LETTER A}da": "FULLWIDTH LATIN SMALL LETTER A",
    "ada\N{ZERO WIDTH SPACE}": "ZERO WIDTH SPACE",
    "\N{RIGHT-TO-LEFT OVERRIDE}ada": "RIGHT-TO-LEFT OVERRIDE",
    "ada\N{COMBINING ACUTE ACCENT}": "COMBINING ACUTE ACCENT",
    "fl\N{LATIN SMALL LETTER DOTLESS I}ghts": "LATIN SMALL LETTER DOTLESS I",
    "ada\N{FULLWIDTH DIGIT ONE}": "FULLWIDTH DIGIT ONE",
}


def named(route: Route) -> str:
    return route.operation


@pytest.fixture
def flights(service: Service) -> Service:
    """A project of ada's."""
    for user in ("ada", "bob", "carol"):
        service.key(user)
    service.project("flights", "ada")
    return service


def ask(service: Service, request: dict[str, Any], key: str, **headers: str) -> Any:
    given = {**request.get("headers", {}), "Authorization": f"Bearer {key}", **headers}
    return service.http.request(**{**request, "headers": given})


def is_an_answer(answer: Any) -> bool:
    """No bug: what stands behind the reads is away here, and says so."""
    away = (503, "") if answer.request.method == "HEAD" else (503, "unavailable")
    registrys = (500, "") if "/registry/" in answer.request.url.path else away
    return answer.status_code < 500 or (answer.status_code, told(answer)) in {away, registrys}


@pytest.mark.parametrize(("name", "stranger"), LOOK_ALIKES.items())
def test_people_and_projects_have_ascii_names_and_the_stranger_is_named(
    flights: Service, name: str, stranger: str
) -> None:
    for path, body in (
        ("/api/users", {"user": name}),
        ("/api/registrations", {"user": name}),
        ("/api/projects", {"project": name}),
        ("/api/projects/flights/topics", {"name": name}),
        ("/api/projects/flights/feature-groups", {"name": name, "columns": [], "primary_key": []}),
    ):
        answer = flights.post(path, body, flights.key("ada") if "flights" in path else ADMINISTRATOR)
        assert (answer.status_code, told(answer)) == (422, "invalid-name"), answer.text
        assert stranger in answer.json()["message"]


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_reserved_names_are_nobodys(service: Service, name: str) -> None:
    for path, body in (
        ("/api/users", {"user": name}),
        ("/api/registrations", {"user": name}),
        ("/api/projects", {"project": name}),
    ):
        answer = service.post(path, body)
        assert (answer.status_code, told(answer)) == (422, "reserved-name"), answer.text


@pytest.mark.parametrize("route", NAMED, ids=named)
def test_no_name_in_a_path_leads_anywhere_else(flights: Service, route: Route) -> None:
    key = flights.key("ada")
    for text in HOSTILE:
        request = {**route.request("flights", quote(text, safe="")), "follow_redirects": False}
        answer = ask(flights, request, key)
        assert is_an_answer(answer), (text, answer.text)
        assert not (answer.status_code < 300 and route.asked[0] is Access.PROJECT), (text, answer.text)
        assert "x-injected" not in answer.headers


@pytest.mark.parametrize("route", EVERY, ids=named)
def test_a_nul_character_names_nothing(flights: Service, route: Route) -> None:
    key = flights.key("ada")
    urls = [f"{route.request('flights')['url']}{'&' if '?' in route.request('flights')['url'] else '?'}after=%00"]
    if route in NAMED:
        urls.append(route.request("flights", "a%00b")["url"])
    for url in urls:
        answer = ask(flights, {**route.request("flights"), "url": url}, key)
        assert answer.status_code == 422, answer.text
        told(answer)


@pytest.mark.parametrize("route", WITH_BODY, ids=named)
def test_a_body_that_is_too_large_is_refused_whoever_sends_it(service: Service, route: Route) -> None:
    for key in (ADMINISTRATOR, "nobody.secret"):
        answer = ask(service, {**route.request("flights"), "content": b" " * (JSON_BYTES + 1)}, key)
        assert answer.status_code == 413
        told(answer)


@pytest.mark.parametrize("route", WITH_BODY, ids=named)
def test_a_body_that_cannot_be_read_is_malformed(flights: Service, route: Route) -> None:
    key = flights.key("ada")
    for text in ("[" * 20_000, '{"a":' * 20_000, "\xff\xfe", '{"a": 1e999999}', '"\\ud800"'):
        content = {"content": text.encode("latin-1"), "headers": {"Content-Type": "application/json"}}
        answer = ask(flights, {**route.request("flights"), **content}, key)
        assert is_an_answer(answer), (text[:20], answer.text)
        if route.has_body:
            assert answer.status_code in {401, 403, 422} or answer.status_code >= 500, (text[:20], answer.text)


@pytest.mark.parametrize("route", SENDING, ids=named)
def test_a_replayed_request_happens_once(flights: Service, route: Route) -> None:
    key = ADMINISTRATOR if route.path.startswith("/api/users") else flights.key("ada")
    thief = flights.key("carol")
    request, name = route.request("flights"), str(uuid.uuid4())
    first = ask(flights, request, key, **{"Idempotency-Key": name})
    before = dict(flights.commands.world.seqs)
    again = ask(flights, request, key, **{"Idempotency-Key": name})
    assert (again.status_code, without_id(again)) == (first.status_code, without_id(first))
    assert flights.commands.world.seqs == before
    if first.status_code < 300 and not route.open:
        stolen = ask(flights, request, thief, **{"Idempotency-Key": name})
        assert stolen.status_code >= 400, stolen.text
        assert flights.commands.world.seqs.keys() == before.keys()


def without_id(answer: Any) -> dict[str, Any]:
    """What an answer says, but for what it is called."""
    return {name: value for name, value in answer.json().items() if name != "request_id"}


def test_a_one_time_code_of_other_letters_is_a_wrong_one(flights: Service) -> None:
    key = flights.key("ada")
    assert flights.post("/api/totp", {}, key).status_code == 201
    for code in ("\N{FULLWIDTH DIGIT ONE}23456", "\N{ARABIC-INDIC DIGIT ONE}23456", "\xc3"):
        answer = flights.post("/api/totp/confirmation", {"code": code}, key)
        assert (answer.status_code, told(answer)) == (401, "wrong-code")


def bombs() -> Iterator[tuple[str, str]]:
    """Schemas that are small to send and large to read."""
    deep: Any = "int"
    for _ in range(200):
        deep = {"type": "array", "items": deep}
    yield "deep", json.dumps(deep)
    yield "deeper", '{"type":"array","items":' * 20_000 + '"int"' + "}" * 20_000
    yield "wide", json.dumps([{"type": "fixed", "name": f"F{n}", "size": n + 1} for n in range(20_000)])
    fields = [{"name": f"f{n}", "type": ["null", "int"], "default": None} for n in range(18_000)]
    yield "many fields", json.dumps({"type": "record", "name": "R", "fields": fields})
    doubling: list[dict[str, Any]] = [{"type": "record", "name": "R0", "fields": []}]
    for n in range(1, 60):
        both: list[dict[str, Any]] = [{"name": side, "type": f"R{n - 1}", "default": {}} for side in ("a", "b")]
        doubling.append({"type": "record", "name": f"R{n}", "fields": both})
    yield "doubling defaults", json.dumps(doubling)
    recursive = {"name": "self", "type": "R", "default": {}}
    yield "recursive default", json.dumps({"type": "record", "name": "R", "fields": [recursive]})
    yield "huge fixed", json.dumps({"type": "fixed", "name": "F", "size": 2**62})
    yield "long name", json.dumps({"type": "record", "name": "R" * 500_000, "fields": []})
    yield "number", json.dumps({"type": "fixed", "name": "F", "size": 1}).replace(": 1", ": 1" + "0" * 5_000)


BOMBS = dict(bombs())


@pytest.mark.parametrize("kind", BOMBS)
def test_a_schema_bomb_does_not_go_off(service: Service, kind: str) -> None:
    began = time.monotonic()
    for path in ("subjects/weather", "compatibility/subjects/weather/versions", "subjects/weather/versions"):
        answer = service.http.post(f"/api/registry/{path}", json={"schema": BOMBS[kind]})
        assert answer.status_code in {200, 404, 413, 422}, (kind, answer.text[:500])
    assert time.monotonic() - began < 60, "it is refused before it is expensive"
