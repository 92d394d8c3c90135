"""What proves who somebody is, used rightly and wrongly on a running platform: afterwards it is written nowhere."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil
import pyotp
import pytest
from tests.integration import raw_tables
from tests.integration.clients import eventually
from tests.integration.raw_log import everything
from tests.integration.served import Served, unique

ADDRESS = "127.0.0.78"
"""Wrong tries count against where they come from."""


@dataclass(frozen=True, slots=True)
class Used:
    """Somebody, every secret of theirs that was sent or answered, and what they were told when it went wrong."""

    user: str
    secrets: dict[str, str] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """The ids of a session and a key that count."""


def sent(http: httpx.Client, used: Used, method: str, path: str, credential: str = "", **request: Any) -> Any:
    """What is answered; a refusal is kept as it came."""
    headers = {"Authorization": f"Bearer {credential}"} if credential else {}
    answer = http.request(method, path, headers=headers | request.pop("headers", {}), **request)
    if not answer.is_success:
        used.refusals.append(f"{answer.headers} {answer.text}")
        return None
    return answer.json()


@pytest.fixture(scope="module")
def used(served: Served) -> Used:
    """A person who chose a password, uses one-time codes, has a session and a key, and was wrong about each of them."""
    used = Used(unique())
    served.platform.user(used.user)
    secrets, password = used.secrets, f"correct horse {uuid.uuid4().hex}"
    temporary = served.ask("POST", f"/api/users/{used.user}/password-reset").json()["password"]
    wrong = f"wrong horse {uuid.uuid4().hex}"
    transport = httpx.HTTPTransport(local_address=ADDRESS)
    with httpx.Client(base_url=served.url, transport=transport, timeout=60) as http:
        begin = {"user": used.user, "password": temporary, "new_password": password}
        token = sent(http, used, "POST", "/api/sessions", json=begin)["token"]
        used.names["sessions"] = sent(
            http, used, "POST", "/api/sessions", json={"user": used.user, "password": password}
        )["session_id"]
        seed = sent(http, used, "POST", "/api/totp", token)["secret"]
        code = pyotp.TOTP(seed).now()
        recovery = sent(http, used, "POST", "/api/totp/confirmation", token, json={"code": code})["recovery_codes"]
        key = sent(http, used, "POST", "/api/keys", token, json={})["key"]
        used.names["keys"] = key.partition(".")[0]
        secrets |= {"password": password, "temporary password": temporary, "a wrong password": wrong, "seed": seed}
        secrets |= {"token": token.partition(".")[2], "key": key.partition(".")[2], "recovery code": recovery[0]}
        assert not used.refusals
        for password_sent in (wrong, password):  # the right one lacks its code
            sent(http, used, "POST", "/api/sessions", json={"user": used.user, "password": password_sent})
        sent(http, used, "POST", "/api/sessions", json={"user": used.user, "password": password, "colour": "red"})
        sent(http, used, "POST", "/api/sessions", json={"user": used.user, "password": [password]})
        sent(http, used, "POST", "/api/sessions", content=f'{{"user": "x", "password": "{password}"')
        sent(http, used, "PUT", "/api/password", token, json={"password": "short", "current": password})
        sent(http, used, "GET", "/api/whoami", f"{key}{token}")
        sent(http, used, "GET", f"/api/whoami/{secrets['key']}?key={key}&token={token}")
        sent(http, used, "GET", "/api/whoami", headers={"Authorization": f"Digest {key}", "X-Request-Id": token})
        sent(http, used, "DELETE", "/api/sessions/current", token)
        sent(http, used, "GET", "/api/whoami", token)
    assert len(used.refusals) == 10
    return used


def test_no_refusal_says_again_what_was_sent(used: Used) -> None:
    for refusal in used.refusals:
        assert {what for what, secret in used.secrets.items() if secret in refusal} == set(), refusal


def test_no_secret_is_in_a_log_of_the_stack(served: Served, used: Used) -> None:
    vault = served.platform.stack.site.vault
    platform = {
        "database": vault.postgres_password,
        "search": vault.opensearch_token,
        "master key": (vault.folder / "master.key").read_text().strip(),
        "bootstrap": (vault.folder / "bootstrap.token").read_text().strip(),
        "private key": "PRIVATE KEY",
    }
    logs = {path.name: path.read_text(errors="replace") for path in (served.home / "log").iterdir() if path.is_file()}
    assert logs.keys() >= {"kafka.log", "postgres.log", "command-processor.log", "projector.log", "api.log"}
    assert "INFO" in logs["kafka.log"]
    for what, secret in (used.secrets | platform).items():
        assert len(secret) > 8, what
        assert [name for name, text in logs.items() if secret in text] == [], what


def test_of_what_proves_who_somebody_is_tables_and_topics_hold_no_more_than_a_hash(served: Served, used: Used) -> None:
    stack = served.platform.stack
    eventually(lambda: any(used.user in row for _, row in raw_tables.rows(stack.postgres_dsn)) or None, "the person")
    for where, row in raw_tables.rows(stack.postgres_dsn):
        assert {what for what, secret in used.secrets.items() if secret in row} == set(), where
    written = {what: plain.encode() for what, plain in used.secrets.items()}
    seen = 0
    for topic, content in everything(stack):
        seen += used.user.encode() in content
        assert {what for what, secret in written.items() if secret in content} == set(), topic
        assert b"$argon2" not in content, topic
    assert seen > 5


def test_what_is_secret_on_disk_is_its_owners_alone(served: Served) -> None:
    modes = {}
    for path in (*served.home.iterdir(), *(served.home / "secrets").rglob("*"), *(served.home / "run").rglob("*")):
        with suppress(FileNotFoundError):
            modes[path.relative_to(served.home)] = path.stat()
    assert len(modes) > 30
    open_to_others = {str(path) for path, mode in modes.items() if mode.st_mode & 0o077}
    assert open_to_others <= {"lock", "run/supervisord.pid"}, "these say which process runs, and nothing else"
    assert {mode.st_uid for mode in modes.values()} == {os.geteuid()}


def test_the_stack_listens_to_this_machine_alone(served: Served) -> None:
    services = served.platform.stack.stack.status().as_json()["services"]
    processes = [psutil.Process(service["pid"]) for service in services.values() if service["pid"]]
    listening = {
        (process.name(), opened.laddr.ip)
        for process in processes
        for opened in process.net_connections(kind="inet")
        if opened.status == psutil.CONN_LISTEN
    }
    assert len(listening) >= 3, listening
    assert {address for _, address in listening} <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}, listening


def test_nobody_ends_a_key_or_a_session_of_somebody_else_by_its_id(served: Served, used: Used) -> None:
    stranger, names = served.key(unique()), used.names
    for kind, name in names.items():
        answer = served.ask("DELETE", f"/api/{kind}/{name}", key=stranger)
        assert answer.status_code == httpx.codes.FORBIDDEN, kind
    key = f"{names['keys']}.{used.secrets['key']}"
    assert served.ask("GET", "/api/whoami", key=key).json()["user"] == used.user
    on = served.ask("GET", "/api/sessions", key=key).json()
    assert [session["session_id"] for session in on] == [names["sessions"]]
