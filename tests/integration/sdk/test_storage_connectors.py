"""External databases of a project: who gets what opens them, and that it is written nowhere."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from tests.integration import raw_tables
from tests.integration.clients import eventually
from tests.integration.raw_log import everything
from tests.integration.served import Served

from headrace import Conflict, Forbidden, Invalid, NotFound, Project


@pytest.fixture(autouse=True)
def at_home(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients keep their files in the home of the test's stack."""
    monkeypatch.setenv("HEADRACE_HOME", str(served.home))


def code(kind: type[Exception], ask: Callable[[], Any]) -> str:
    with pytest.raises(kind) as refused:
        ask()
    return str(getattr(refused.value, "code", ""))


def test_a_secret_is_its_members_alone_and_is_written_nowhere(served: Served) -> None:
    name, rival = served.new_project(), served.new_project("eve", None)
    first, second = (f"correct horse {uuid.uuid4().hex}" for _ in range(2))
    with served.project("ada", name) as ada, served.project("bob", name) as bob, served.project("eve", rival) as eve:
        made = ada.create_storage_connector(
            "warehouse", f"postgresql://reader:{first}@db.example/sales", description="x"
        )
        assert (made.url, made.has_secret, made.description) == ("postgresql://reader@db.example/sales", True, "x")
        assert [one.name for one in bob.get_storage_connectors()] == ["warehouse"]
        theirs = bob.get_feature_store().get_storage_connector("warehouse")
        assert theirs.opening().secret == {"password": first}
        assert first not in f"{theirs} {theirs.opening()}"
        before = made.secret_time
        made.set_secret({"password": second, "sslkey": "k"})
        assert theirs.opening().secret == {"password": second, "sslkey": "k"}
        assert made.secret_time > before
        assert code(Forbidden, lambda: theirs.set_secret("mine")) == "owners-only"
        assert code(Forbidden, theirs.delete) == "owners-only"
        assert (
            code(Conflict, lambda: ada.create_storage_connector("warehouse", "sqlite://")) == "storage-connector-exists"
        )
        assert code(NotFound, lambda: eve.get_storage_connector("warehouse")) == "storage-connector-not-found"
        assert code(Invalid, lambda: ada.create_storage_connector("two", "sales")) == "invalid-url"
        _narrowed(served, name, ada)
    for where, row in raw_tables.rows(served.platform.stack.postgres_dsn):
        assert first not in row, where
        assert second not in row, where
    seen = 0
    for topic, content in everything(served.platform.stack):
        seen += topic == "headrace.audit" and b"storage_connector.read_secret" in content and name.encode() in content
        assert first.encode() not in content, topic
        assert second.encode() not in content, topic
    assert seen >= 3
    for path in (served.home / "log").iterdir():
        text = path.read_text(errors="replace") if path.is_file() else ""
        assert first not in text, path
        assert second not in text, path


def _narrowed(served: Served, name: str, ada: Project) -> None:
    """An administrator who is no member, and a scientist of a sensitive project, do not get it."""
    path = f"/api/projects/{name}/storage-connectors/warehouse/secret"
    answer = served.ask("GET", path)
    assert (answer.status_code, answer.json()["code"]) == (403, "members-only")
    ada.mark_sensitive()
    eventually(lambda: True if served.ask("GET", path, key=served.key("bob")).status_code == 403 else None, "the mark")
    refused = served.ask("GET", path, key=served.key("bob"))
    assert refused.json()["code"] == "data-stays-inside"
    given = served.ask("GET", path, key=served.key("ada"))
    assert given.status_code == 200
    assert given.headers["Cache-Control"] == "no-store"
    connector = ada.get_storage_connector("warehouse")
    connector.delete()
    assert ada.get_storage_connectors() == []
    assert served.ask("GET", path, key=served.key("ada")).status_code == 404
