"""A URL is taken apart before it is sent: what opens the database goes its own way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace import Invalid
from headrace._database_url import PLAIN_SETTINGS, taken_apart
from headrace_events import connector_url


def test_the_sdk_and_the_platform_know_the_same_settings() -> None:
    assert PLAIN_SETTINGS == connector_url.PLAIN_SETTINGS


@pytest.mark.parametrize(
    ("url", "plain", "secrets"),
    [
        ("postgresql://db/sales", "postgresql://db/sales", {}),
        ("postgresql://ada:pw@db:5432/sales", "postgresql://ada@db:5432/sales", {"password": "pw"}),
        ("postgresql://ada:p%40w%2F@db/sales", "postgresql://ada@db/sales", {"password": "p@w/"}),
        ("postgresql://ada:p/w?x@db/sales", "postgresql://ada@db/sales", {"password": "p/w?x"}),
        ("postgresql://db/s?sslmode=require", "postgresql://db/s?sslmode=require", {}),
        ("postgresql://db/s?sslmode=require&sslpassword=x", "postgresql://db/s?sslmode=require", {"sslpassword": "x"}),
        ("duckdb:///md:s?motherduck_token=t", "duckdb:///md:s", {"motherduck_token": "t"}),
        ("sqlite:////srv/sales.db", "sqlite:////srv/sales.db", {}),
    ],
)
def test_password_and_secret_settings_leave_the_url(url: str, plain: str, secrets: dict[str, str]) -> None:
    assert taken_apart(url, None) == (plain, secrets)
    connector_url.must_hold_no_secret(plain)


def test_a_secret_is_a_password_or_several_by_name() -> None:
    assert taken_apart("postgresql://ada@db/s", "pw") == ("postgresql://ada@db/s", {"password": "pw"})
    both = taken_apart("postgresql://ada@db/s?sslkey=k", {"password": "pw"})
    assert both == ("postgresql://ada@db/s", {"sslkey": "k", "password": "pw"})


@pytest.mark.parametrize(
    ("url", "secret", "code"),
    [
        ("sales", None, "invalid-url"),
        ("postgresql://ada:hun@ter2@db/s", None, "invalid-url"),
        ("postgresql://ada:hunter2@db/s", "hunter2", "secret-twice"),
        ("postgresql://ada@db/s?sslkey=hunter2", {"sslkey": "hunter2"}, "secret-twice"),
    ],
)
def test_what_cannot_be_taken_apart_is_refused_without_saying_it_again(url: str, secret: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        taken_apart(url, secret)
    assert refused.value.code == code
    assert "hun" not in str(refused.value)


@given(st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters="@"), min_size=1, max_size=30))
def test_no_password_is_left_in_what_is_sent(password: str) -> None:
    plain, secrets = taken_apart(f"postgresql://ada:{password}@db.example/sales", None)
    assert plain == "postgresql://ada@db.example/sales"
    assert set(secrets) == {"password"}
