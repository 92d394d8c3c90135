"""What an answer gives away of the server and its people, and what it tells browsers."""

from __future__ import annotations

import logging
import re
import socket
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import httpx
import pytest
from tests.asking import routes, told
from tests.unit.api.in_memory import ADMINISTRATOR, Service

from headrace_api.app import build
from headrace_api.context import opened
from headrace_api.sessions.tokens import new_token
from headrace_api.settings import Settings
from headrace_broker.listening import HEAD_BYTES

DOCUMENT = build(lambda: opened(Settings.read())).openapi()
KEY = {"Authorization": f"Bearer {ADMINISTRATOR}"}
MISSING: Any = None
"""In the place of what a route needs, it makes the route fail as a bug would."""

SECRETIVE = re.compile(r"token|password|secret|key$|authorization|credential|session", re.IGNORECASE)

OTHERS = re.compile(r"/(registry|openlineage)/")
"""Where clients that are not ours send more than we need, or whatever a facet holds."""


def answers(service: Service) -> Iterator[httpx.Response]:
    """Good ones and bad ones, from everywhere an answer comes from."""
    yield service.http.get("/healthz")
    yield service.http.get("/metrics")
    yield service.http.get("/openapi.json")
    yield service.http.get("/docs")
    yield service.post("/api/users", {"user": "newcomer"})
    yield service.post("/api/keys", {})
    yield service.http.get("/api/whoami")
    yield service.http.get("/nowhere")
    yield service.http.put("/api/whoami")
    yield service.post("/api/users", b" " * (2 << 20))
    yield service.post("/api/users", {"user": "x", "colour": "red"})
    yield service.http.get("/api/users/%00", headers=KEY)
    yield service.http.get("/api/projects", headers=KEY)
    yield service.http.get("/api/registry/subjects/none/versions")
    context = service.http_context()
    service.app.state.context = replace(context, artifacts=MISSING)
    yield service.http.put(f"/api/projects/flights/artifacts/{'0' * 64}", headers=KEY, content=b"")
    service.app.state.context = context


def test_every_answer_tells_browsers_to_keep_guess_and_run_nothing(service: Service) -> None:
    seen = set()
    for answer in answers(service):
        seen.add(answer.status_code)
        assert answer.headers["x-content-type-options"] == "nosniff", answer.request.url
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert policy.endswith("frame-ancestors 'none'")
    assert seen >= {200, 201, 401, 404, 405, 413, 422, 503}


def test_no_answer_names_what_serves_it(service: Service) -> None:
    for answer in answers(service):
        assert {"server", "x-powered-by", "via"}.isdisjoint(answer.headers)
    assert b"server:" not in spoken(service, b"this is no HTTP\r\n\r\n").lower()


def test_where_browsers_come_by_https_they_are_told_to_stay_there(service: Service) -> None:
    assert "strict-transport-security" not in service.http.get("/healthz").headers
    context = service.http_context()
    service.app.state.context = replace(context, settings=replace(context.settings, url="https://api.example"))
    answer = service.http.get("/healthz")
    service.app.state.context = context
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_no_page_of_another_site_is_let_in_on_an_answer(service: Service) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for answer in (
        service.http.options("/api/users", headers=asked),
        service.http.get("/api/whoami", headers={**asked, **KEY}),
        service.http.get("/openapi.json", headers=asked),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_method_that_a_path_lacks_is_not_allowed(service: Service) -> None:
    for path, verbs in DOCUMENT["paths"].items():
        url = re.sub(r"{\w+}", "1", path)
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT"} - {verb.upper() for verb in verbs}:
            answer = service.http.request(method, url, headers=KEY)
            assert answer.status_code in {404, 405}, (method, path)
            if answer.status_code == 405:
                assert answer.headers["allow"]
                assert told(answer) in {"method-not-allowed", ""}


def test_a_bug_tells_the_requests_id_and_keeps_the_rest_to_the_log(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    service.app.state.context = replace(service.http_context(), doors=MISSING)
    answer = service.http.post("/api/registrations", json={"user": "newcomer"})
    assert answer.json() == {
        "code": "internal",
        "message": "the server failed; its log tells more under this request's id",
        "details": {},
        "request_id": answer.headers["x-request-id"],
    }
    assert "AttributeError" in caplog.text
    assert answer.headers["x-request-id"] in caplog.text


@pytest.mark.parametrize("path", ["/api/projects", "/api/projects/flights/registry/subjects", "/api/users/root"])
def test_what_lies_behind_the_api_is_named_to_its_log_alone(
    service: Service, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    caplog.set_level(logging.WARNING)
    answer = service.http.get(path, headers=KEY)
    assert answer.status_code in {500, 503}
    assert "pool" not in answer.text
    assert "pool" in caplog.text
    assert answer.headers["x-request-id"] in caplog.text


def test_a_credential_in_an_address_opens_nothing(service: Service) -> None:
    names = ("access_token", "token", "api_key", "key", "authorization", "password", "session")
    for name in names:
        assert service.http.get("/api/keys", params={name: ADMINISTRATOR}).status_code == 401, name
        assert service.http.get("/api/keys", params={name: f"Bearer {ADMINISTRATOR}"}).status_code == 401, name


def test_no_route_takes_a_secret_in_its_address() -> None:
    for path, verbs in DOCUMENT["paths"].items():
        for operation in verbs.values():
            named = {one["name"] for one in operation.get("parameters", []) if one["in"] in {"path", "query"}}
            assert not [name for name in named if SECRETIVE.search(name) and not name.endswith("_id")], path


def test_no_body_of_ours_takes_a_field_that_it_does_not_name() -> None:
    bodies = 0
    for route in routes(DOCUMENT):
        if not OTHERS.search(route.path):
            operation = DOCUMENT["paths"][route.path][route.method.lower()]
            for content in operation.get("requestBody", {}).get("content", {}).values():
                for name, schema in reached(content["schema"]):
                    assert schema.get("additionalProperties") is False, (route.path, name)
                    bodies += 1
    assert bodies > 40


def reached(schema: Any, seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, Any]]:
    """The objects with fields that a schema leads to, by name."""
    if isinstance(schema, list):
        for one in schema:
            yield from reached(one, seen)
    elif isinstance(schema, dict):
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        if name and name not in seen:
            found = DOCUMENT["components"]["schemas"][name]
            if "properties" in found:
                yield name, found
            yield from reached(found, seen | {name})
        else:
            for inner in schema.values():
                yield from reached(inner, seen)


@pytest.mark.parametrize(
    "body",
    [
        '{"user": "ada", "user": "bob"}',
        '{"user": "ada", "\\u0075ser": "bob"}',
        '{"user": "ada", "x": {"y": [{"z": 1, "z": 1}]}}',
        '{"\\ud800": 1, "\\ud800": 1}',
    ],
)
def test_a_field_that_comes_twice_is_refused(service: Service, body: str) -> None:
    answer = service.post("/api/users", body)
    assert (answer.status_code, told(answer)) == (422, "field-given-twice")


def test_many_fields_are_compared_at_once(service: Service) -> None:
    names = ", ".join(f'"{number}": 1' for number in range(70_000))
    assert told(service.post("/api/users", f'{{{names}, "0": 2}}')) == "field-given-twice"


def test_an_answer_leads_to_where_the_api_is_whatever_host_was_asked(service: Service) -> None:
    service.project("flights", "root")
    answer = service.post("/api/projects/flights/topics", {"name": "clicks"}, Host="evil.example")
    assert answer.json()["status_url"].startswith("http://api.example/")
    assert "evil.example" not in f"{answer.text} {answer.headers}"


def spoken(service: Service, text: bytes) -> bytes:
    """What the server answers to these bytes until it hangs up."""
    where = service.http.base_url
    answer = b""
    with socket.create_connection((where.host, int(where.port or 0)), 30) as connection:
        try:
            connection.sendall(text)
            while piece := connection.recv(1 << 16):
                answer += piece
        except ConnectionError:
            return answer
    return answer


def head(*lines: str) -> bytes:
    return "\r\n".join(("GET /healthz HTTP/1.1", "Host: x", "Connection: close", *lines, "", "")).encode()


def test_a_head_without_an_end_is_given_up(service: Service) -> None:
    assert spoken(service, head(f"X-Large: {'x' * 20_000}")).startswith(b"HTTP/1.1 200 ")
    began = f"GET /{'x' * 100} HTTP/1.1\r\nHost: x\r\n"
    for endless in (began + "X-Large: ", began + "X-Many: 1\r\n", "GET /"):
        with socket.create_connection((service.http.base_url.host, int(service.http.base_url.port or 0)), 30) as given:
            given.sendall(endless.encode())
            assert given_up(given, b"x" * HEAD_BYTES if endless[-1] != "\n" else b"X-Many: 1\r\n" * (HEAD_BYTES // 10))


def given_up(connection: socket.socket, more: bytes) -> bool:
    """Whether the server ends the connection at last, if more of the same comes and comes."""
    try:
        for _ in range(100):
            connection.sendall(more)
    except ConnectionError:
        return True
    return False


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 1", "Transfer-Encoding: chunked"),
        ("Content-Length: 1", "Content-Length: 2"),
        ("Transfer-Encoding: chunked, identity",),
        ("Content-Length : 1",),
        ("X: 1\n Y: 2",),
        ("X: a\0b",),
    ],
)
def test_a_request_that_can_be_cut_in_two_ways_is_refused(service: Service, lines: tuple[str, ...]) -> None:
    answer = spoken(service, head(*lines) + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 "), answer


def test_the_reference_asks_no_other_site_and_runs_nothing(service: Service) -> None:
    answer = service.http.get("/docs")
    style = re.findall(r"<style>(.*?)</style>", answer.text)
    assert b64encode(sha256(style[0].encode()).digest()).decode() in answer.headers["content-security-policy"]
    assert re.findall(r"(?:src|href|action)=\"([^\"]*)", answer.text) == ["/openapi.json"]
    assert "<script" not in answer.text
    for route in routes(DOCUMENT):
        assert f"<code>{route.method} {route.path}</code>" in answer.text


def test_tokens_are_of_256_random_bits() -> None:
    made = [new_token() for _ in range(200)]
    assert len({token.secret for token in made}) == len({token.session_id for token in made}) == len(made)
    assert all(len(bytes.fromhex(token.secret)) == 32 for token in made)
