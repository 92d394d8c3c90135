"""Commands that are tried again are one command; reads hold what was written; errors have kinds."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from tests.unit.sdk.answering import answering

import headrace
from headrace._http import Api

DONE = {"command_id": "c", "aggregate": "user/ada", "version": 1, "events": ["e"], "positions": ["t:0:5"]}
AWAY = {"code": "unavailable", "message": "try again", "details": {}, "request_id": "r"}
UNKNOWN = {"code": "outcome-unknown", "message": "ask again", "details": {}, "request_id": "r"}
NOT_YET = {"code": "not-yet-visible", "message": "read again", "details": {}, "request_id": "r"}


def test_a_command_is_tried_again_under_the_same_id() -> None:
    with answering((503, AWAY), (0, None), (504, UNKNOWN), (201, DONE)) as server, Api(server.url, "key") as api:
        accepted = api.post("/api/users", {"user": "ada"})
    ids = {asked.headers["Idempotency-Key"] for asked in server.asked}
    assert len(server.asked) == 4
    assert len(ids) == 1
    assert uuid.UUID(ids.pop()).version == 7
    assert {asked.body for asked in server.asked} == {b'{"user":"ada"}'}
    assert accepted.version == 1


def test_two_commands_have_two_ids() -> None:
    with answering((201, DONE)) as server, Api(server.url, "key") as api:
        api.post("/x", {})
        api.post("/x", {})
    assert len({asked.headers["Idempotency-Key"] for asked in server.asked}) == 2


def test_a_refusal_is_not_tried_again() -> None:
    refused = {"code": "user-exists", "message": "exists", "details": {"user": "ada"}, "request_id": "r"}
    with answering((409, refused)) as server, Api(server.url, "key") as api, pytest.raises(headrace.Conflict) as error:
        api.post("/api/users", {"user": "ada"})
    assert len(server.asked) == 1
    assert (error.value.code, error.value.details, error.value.request_id) == ("user-exists", {"user": "ada"}, "r")


def test_a_read_names_the_furthest_position_of_each_partition() -> None:
    written = [{**DONE, "positions": positions} for positions in (["t:0:5", "u:0:1"], ["t:0:3"], ["u:0:9"])]
    with answering(*((201, body) for body in written), (200, [])) as server, Api(server.url, "key") as api:
        for _ in written:
            api.post("/x", {})
        api.get("/y", user="ada", nothing=None)
    assert server.asked[-1].path == "/y?user=ada&after=t%3A0%3A5%2Cu%3A0%3A9"


def test_a_read_is_repeated_until_it_shows() -> None:
    with answering((202, NOT_YET), (202, NOT_YET), (200, {"x": 1})) as server, Api(server.url, "key") as api:
        assert api.get("/y") == {"x": 1}
    assert len(server.asked) == 3


def test_patience_ends() -> None:
    for body, kind in ((NOT_YET, headrace.NotYetVisible), (AWAY, headrace.Unavailable)):
        status = 202 if body is NOT_YET else 503
        with answering((status, body)) as server, Api(server.url, "key", patience=0.2) as api, pytest.raises(kind):
            api.get("/y")
    with Api(server.url, "key", patience=0.2) as api, pytest.raises(headrace.Unreachable):
        api.get("/y")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, headrace.NotSignedIn),
        (403, headrace.Forbidden),
        (404, headrace.NotFound),
        (409, headrace.Conflict),
        (413, headrace.Invalid),
        (422, headrace.Invalid),
        (500, headrace.Unreachable),
    ],
)
def test_errors_have_kinds(status: int, kind: type[headrace.HeadraceError]) -> None:
    bodies: list[Any] = [{"code": "c", "message": "m"}, {"error_code": 40401, "message": "m"}, [], "text"]
    for body in bodies:
        with answering((status, body)) as server, Api(server.url, "key", patience=0) as api, pytest.raises(kind):
            api.get("/y")


def test_the_expected_version_is_sent() -> None:
    with answering((201, DONE)) as server, Api(server.url, "key") as api:
        api.put("/x", {}, expected_version=3)
    assert server.asked[0].headers["If-Match"] == '"3"'


def test_an_upload_begins_anew_when_it_is_tried_again() -> None:
    with answering((503, AWAY), (201, {"sha256": "s"})) as server, Api(server.url, "key") as api:
        api.upload("/a", lambda: [b"abc"])
    assert [asked.headers.get("Transfer-Encoding") for asked in server.asked] == ["chunked", "chunked"]


def test_what_a_command_did_is_found_by_its_event() -> None:
    rows = [{"type": "topic.requested", "body": {}}, {"type": "feature_group.created", "body": {"version": 4}}]
    with answering((202, DONE), (200, rows)) as server, Api(server.url, "key") as api:
        accepted = api.post("/x", {})
        assert api.happened("flights", accepted, "feature_group.created") == {"version": 4}
    assert server.asked[1].path.startswith("/api/projects/flights/activity/commands/c?after=")
    assert json.loads(server.asked[0].body) == {}
