"""Secrets of external databases reach the command line by a pipe or the environment, and are never said again."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from typer.testing import CliRunner, Result

from headrace_cli.main import app
from headrace_cli.storage_connectors import secret_given

SECRET = "hunter2-%-'"
URL = "postgresql://reader@db.example.org/sales"


def create(*words: str, url: str = URL, given: str = "", **environment: str) -> Result:
    command = ["storage-connector", "create", "sales", url, "--project", "shop", *words]
    return CliRunner().invoke(app, command, input=given, env=environment)


@pytest.mark.parametrize(
    ("url", "left"),
    [
        (f"postgresql://reader:{'x' * 7}@db.example.org/sales", "postgresql://reader@db.example.org/sales"),
        ("postgresql://reader@db.example.org/sales?sslkey=xxxxxxx", "postgresql://reader@db.example.org/sales"),
    ],
)
def test_a_url_that_opens_a_database_is_refused_and_not_said_again(url: str, left: str) -> None:
    refused = create(url=url)
    assert refused.exit_code == 1
    assert left in refused.stderr
    assert "xxxxxxx" not in refused.output


@pytest.mark.parametrize(
    ("words", "given", "said"),
    [
        (("--secret-stdin", "--secret-env", "SALES"), "x", "a secret is read from one place"),
        (("--secret-env", "NOT_SET_ANYWHERE"), "", "the environment variable NOT_SET_ANYWHERE holds no secret"),
        (("--secret-stdin",), "", "standard input holds no secret"),
        (("--secret-stdin",), '{"password": hunter2}', "standard input holds no JSON object of texts"),
        (("--secret-stdin",), '{"password": 2}', "standard input holds no JSON object of texts"),
    ],
)
def test_a_secret_that_is_none_is_refused_and_not_said_again(words: Sequence[str], given: str, said: str) -> None:
    refused = create(*words, given=given)
    assert refused.exit_code == 1
    assert said in refused.stderr
    assert "hunter2" not in refused.output


def test_a_new_secret_is_said_to_be_one_or_none() -> None:
    for words, given in ((("--none", "--secret-stdin"), "x"), ((), "")):
        command = ["storage-connector", "set-secret", "sales", "--project", "shop", *words]
        refused = CliRunner().invoke(app, command, input=given)
        assert refused.exit_code == 1
        assert "say which secret it is from now on" in refused.stderr


def test_the_environment_holds_a_password_or_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALES", SECRET)
    assert secret_given(False, "SALES") == SECRET
    monkeypatch.setenv("SALES", '{"password": "a", "sslkey": "b"}')
    assert secret_given(False, "SALES") == {"password": "a", "sslkey": "b"}
    assert secret_given(False, None) is None


@pytest.mark.parametrize("words", [(), ("--query", "SELECT 1", "--query-file", "a.sql"), ("--query-file", "none.sql")])
def test_an_external_group_is_one_query(words: Sequence[str]) -> None:
    command = ["external-feature-group", "create", "a", "--project", "shop", "--connector", "c", "--primary-key", "k"]
    refused = CliRunner().invoke(app, [*command, *words])
    assert refused.exit_code == 1
    assert "one SELECT" in refused.stderr
