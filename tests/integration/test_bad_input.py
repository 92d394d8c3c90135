"""The page of bad input, line by line, against the running servers."""

from __future__ import annotations

import math
import socket
import ssl
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
from confluent_kafka import KafkaError
from tests.integration.clients import eventually
from tests.integration.platform import signing_request
from tests.integration.served import Served, unique
from tests.named import ROOT, source

from headrace import FeatureGroup, Project
from headrace_broker.authority import CertificateAuthority

AT = datetime(2013, 1, 1, tzinfo=UTC)
COLUMNS = {"id": "string", "at": "timestamp", "number": "bigint", "share": "double"}

ELSEWHERE = {
    "an outcome without a prediction": "tests/integration/processors/test_monitoring.py"
    "::test_a_member_sees_windows_and_drift_and_a_stranger_sees_nothing",
    "an outcome that is not finite": "tests/integration/serving/test_deployments.py"
    "::test_outcomes_go_to_their_topic_and_only_finite_ones",
    "a prediction with a missing feature": "tests/integration/serving/test_deployments.py"
    "::test_a_row_with_a_missing_feature_is_an_error_of_that_row_and_is_on_the_log",
}
"""Lines that need a model or Flink: the tests of those show them."""


def _page() -> dict[str, tuple[str, str]]:
    """Input → (answer, code), as the page has it."""
    lines = (ROOT / "docs" / "bad-input.md").read_text().splitlines()
    cells = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines if line[:1] == "|"]
    return {row[0]: (row[1], row[2]) for row in cells[2:]}


PAGE = _page()


@pytest.fixture(scope="module")
def name(served: Served) -> str:
    """A project of ada's, with bob as its scientist."""
    return served.new_project()


@pytest.fixture(scope="module")
def project(served: Served, name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The project as its owner sees it, with the online projection running."""
    served.platform.stack.stack.up(["online"], report=print)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADRACE_HOME", str(tmp_path_factory.mktemp("client")))
        with served.project("ada", name) as signed_in:
            yield signed_in


def requests(served: Served, name: str) -> dict[str, httpx.Response]:
    """Every bad request of the page, with its answer."""
    group = {"name": "weather", "columns": [{"name": "airport", "type": "string"}], "primary_key": ["airport"]}
    groups, users = f"/api/projects/{name}/feature-groups", "/api/users"
    bob, elsewhere = served.key("bob"), served.key("ada", project=name)
    other = served.new_project("mallory", None)
    used = {"Idempotency-Key": str(uuid.uuid4())}
    first = {"user": unique()}
    assert served.ask("POST", users, json=first, headers=used).status_code == 201
    raw = {"Content-Type": "application/json"}
    topics, description = f"/api/projects/{other}/topics", f"/api/projects/{other}/description"
    assert served.ask("PUT", f"/api/projects/{other}/quotas/topics", json={"limit": 0}).status_code == 200
    full = served.ask("POST", topics, json={"name": "clicks"})
    assert served.ask("POST", f"/api/projects/{other}/archive").status_code == 200
    kept = served.new_project("mallory", None)
    after = served.ask("PUT", f"/api/projects/{kept}/sensitive").headers["Headrace-Position"]

    def offer(of: str, to: str, owner: str) -> httpx.Response:
        body = {"receiver": to, "what": "feature_store"}
        return served.ask("POST", f"/api/projects/{of}/shares", json=body, key=served.key(owner))

    return {
        "more than a quota allows": full,
        "a change of an archived project": served.ask("PUT", description, json={"description": "more"}),
        "data of a sensitive project, for who is no Data Owner": served.ask(
            "GET", f"/api/projects/{kept}/artifacts/{'0' * 64}?after={after}"
        ),
        "a share of a sensitive project": offer(kept, name, "mallory"),
        "a share with a project that is sensitive, archived or not there, as a stranger of it": offer(
            name, kept, "ada"
        ),
        "an unknown project, or one you do not belong to": served.ask("GET", f"/api/projects/{other}", key=bob),
        "a wrong role": served.ask("POST", groups, json=group, key=bob),
        "no key": served.http.get("/api/projects"),
        "an unknown or revoked key": served.ask("GET", "/api/projects", key="nobody.secret"),
        "a key of another project": served.ask("GET", f"/api/projects/{other}", key=elsewhere),
        "a body that is no JSON": served.ask("POST", users, content=b'{"user": ', headers=raw),
        "an unknown or wrong field": served.ask("POST", users, json={**first, "colour": "red"}),
        "a field that a body gives twice": served.ask(
            "POST", users, content=b'{"user": "ada", "user": "bob"}', headers=raw
        ),
        "a number in a body that is not finite": served.ask(
            "POST", groups, content=b'{"name": "w", "ttl_seconds": NaN}', headers=raw
        ),
        "a body of 10 MB": served.ask("POST", users, content=b" " * 10_000_000, headers=raw),
        "a name with a dot or a slash": served.ask(
            "POST", "/api/projects", json={"project": "fraud.x", "owner": "ada"}
        ),
        "the same command again, same id": served.ask("POST", users, json=first, headers=used),
        "another command with an id that was used": served.ask("POST", users, json={"user": unique()}, headers=used),
        "an OpenLineage event that is none": served.ask(
            "POST", f"/api/projects/{name}/openlineage/api/v1/lineage", json={"eventType": "BEGIN"}, key=bob
        ),
        "a wrong expected version": served.ask(
            "POST",
            f"/api/projects/{name}/members",
            json={"user": "bob", "role": "data-owner"},
            headers={"If-Match": '"1"'},
        ),
    }


def test_every_bad_request_is_answered_as_the_page_says(served: Served, name: str) -> None:
    answers = requests(served, name)
    for what, answer in answers.items():
        said = (str(answer.status_code), answer.json().get("code", str(answer.status_code)))
        expected = (said[1], PAGE[what][1]) if PAGE[what][0] == "as the first time" else PAGE[what]
        assert said == expected, what
    refused = [answer.json() for answer in answers.values() if answer.status_code >= 400]
    assert all(problem["message"] and problem["request_id"] for problem in refused)
    slash = served.ask("POST", "/api/projects", json={"project": "fraud/x", "owner": "ada"})
    assert slash.json()["code"] == "invalid-name"


def _handshake(served: Served, authority: CertificateAuthority, lifetime: timedelta, folder: Path) -> str:
    """What the broker says to a client with a certificate of that authority and lifetime."""
    key, request = signing_request()
    signed = authority.sign_member(request.encode(), "fraud__ada__1", lifetime)
    (folder / "key").write_bytes(key)
    (folder / "pem").write_bytes(signed.pem)
    stack = served.platform.stack
    context = ssl.create_default_context(cafile=stack.credentials("broker").ca)
    context.check_hostname = False
    context.load_cert_chain(folder / "pem", folder / "key")
    host, port = stack.bootstrap.split(":")
    with (
        socket.create_connection((host, int(port)), 10) as plain,
        context.wrap_socket(plain) as connection,
        pytest.raises(ssl.SSLError) as refused,
    ):
        connection.recv(1)
    return str(refused.value.reason)


def test_the_broker_turns_away_an_expired_and_a_foreign_certificate(served: Served, tmp_path: Path) -> None:
    ours, theirs = served.platform.stack.authority, CertificateAuthority.create(tmp_path / "theirs")
    for what, authority, lifetime in (
        ("an expired certificate", ours, timedelta(seconds=-1)),
        ("a certificate of a foreign authority", theirs, timedelta(hours=1)),
    ):
        assert PAGE[what][1] in _handshake(served, authority, lifetime, tmp_path), what


def test_a_certificate_of_another_project_opens_nothing(served: Served, project: Project) -> None:
    topic = project.get_kafka_api().create_topic(unique("t").replace("-", "_")).name
    failures: list[KafkaError | None] = []
    with served.project("mallory", served.new_project("mallory", None)) as mallory:
        producer = mallory.producer(topic, message_timeout_ms=8_000)
        producer.send("x", on_delivery=lambda error, _: failures.append(error))
        producer.flush(15)
    assert [error.name() if error else None for error in failures] == [
        PAGE["a certificate of another project"][1],
    ]


def group(project: Project, name: str) -> FeatureGroup:
    store = project.get_feature_store()
    return store.get_or_create_feature_group(
        name, primary_key=["id"], event_time="at", features=COLUMNS, offline_enabled=False
    )


def test_bad_rows_are_named_in_the_receipt_and_the_others_are_readable(project: Project) -> None:
    bad = {
        "a row with a null key": {"id": None, "at": AT},
        "a row of a wrong type": {"id": "b", "at": AT, "number": "many"},
        "a number in a row that is not finite": {"id": "c", "at": AT, "share": math.inf},
    }
    things = group(project, "refusing")
    receipt = things.insert([*bad.values(), {"id": "d", "at": AT, "number": 1}])
    receipt.wait(offline=False)
    assert receipt.accepted == 1
    for place, (what, refusal) in enumerate(zip(bad, receipt.refused, strict=True)):
        assert refusal.row == place
        assert PAGE[what][0] == "receipt"
        assert PAGE[what][1] in refusal.reason
    assert [vector.status for vector in things.get_vectors([{"id": "c"}, {"id": "d"}])] == ["missing", "found"]


def test_a_missing_value_of_pandas_is_null_when_it_is_read(project: Project) -> None:
    things = group(project, "gaps")
    frame = pd.DataFrame({"id": list("ab"), "at": [AT] * 2, "number": [1.0, math.nan], "share": [math.nan, 0.5]})
    receipt = things.insert(frame)
    assert (receipt.accepted, receipt.refused) == (2, ())
    receipt.wait(offline=False)
    read = [things.get_vector({"id": name}) for name in "ab"]
    assert read == [
        {"id": "a", "at": AT, "number": 1, "share": None},
        {"id": "b", "at": AT, "number": None, "share": 0.5},
    ]


def test_what_is_produced_around_the_sdk_and_does_not_fit_becomes_a_dead_letter(project: Project) -> None:
    things = group(project, "around")
    sdk = things.save()._encoder
    (row,), _ = sdk.encode(_slice([{"id": "a", "at": AT, "number": 1, "share": 0.5}]))
    foreign = b"\0" + int(group(project, "another").save()._known["schema_id"]).to_bytes(4)
    bad: dict[str, tuple[bytes, bytes]] = {
        "malformed Avro": (row.key, row.value[:-3]),
        "a schema that does not fit": (row.key, foreign + row.value[5:]),
        "a record under another key": (b"key", row.value),
    }
    producer: Any = project.producer()
    for key, value in bad.values():
        producer.produce(things.topic, value=value, key=key)
    producer.produce(things.topic, value=row.value, key=row.key)
    assert producer.flush(15) == 0
    progress = eventually(lambda: _read_to(things, 4), "the records to be read")
    errors = {letter["offset"]: letter["error"] for letter in progress["last_dead_letters"]}
    assert sorted(errors) == [0, 1, 2]
    for offset, what in enumerate(bad):
        assert PAGE[what][0] == "dead letter"
        assert PAGE[what][1] in errors[offset]
    assert things.get_vector({"id": "a"}) is not None


def _slice(rows: list[dict[str, Any]]) -> Any:
    from headrace._frames import slices

    return next(iter(slices(rows)))


def _read_to(things: FeatureGroup, offset: int) -> Any:
    progress = things.progress()
    return progress if progress["partitions"] and progress["partitions"][0]["online"] >= offset else None


def test_every_line_of_the_page_is_tried() -> None:
    here = Path(__file__).read_text()
    for what, (_, code) in PAGE.items():
        if what in ELSEWHERE:
            assert code in source(ELSEWHERE[what]), what
        else:
            assert here.count(f'"{what}"') >= 1, what
