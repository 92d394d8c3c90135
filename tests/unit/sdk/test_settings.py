"""Where one signs in, and with what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import headrace
from headrace._clients import full_name, subject_of
from headrace._members import role_of
from headrace._settings import (
    SavedSession,
    administrator_key,
    forget_session,
    local_administrator,
    local_api,
    resolve,
    save_session,
    saved_session,
)


def test_arguments_go_before_the_environment() -> None:
    environment = {"HEADRACE_API": "http://there", "HEADRACE_API_KEY": "env", "HEADRACE_PROJECT": "flights"}
    assert resolve(None, None, None, environment).host == "http://there"
    given = resolve("here:1", "arg", "rival", environment)
    assert (given.host, given.api_key, given.project) == ("http://here:1", "arg", "rival")


def test_a_stack_on_this_machine_is_found_by_its_home(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "ports.json").write_text(json.dumps({"api": 4711}))
    (tmp_path / "secrets").mkdir()
    environment = {"HEADRACE_HOME": str(tmp_path)}
    assert local_api(environment) == "http://127.0.0.1:4711"
    assert administrator_key(environment) is None
    (tmp_path / "secrets" / "administrator.key").write_text("id.secret\n")
    assert administrator_key(environment) == "id.secret"
    assert resolve(None, "k", None, environment).clients == tmp_path / "clients"


def test_a_saved_session_signs_in_where_it_began_and_nowhere_else(tmp_path: Path) -> None:
    environment = {"HEADRACE_HOME": str(tmp_path / "home")}
    assert saved_session(environment) is None
    path = save_session(SavedSession(host="http://there", user="ada", token="s-1.secret"), environment)
    assert path.stat().st_mode & 0o777 == 0o600
    assert (resolve(None, None, None, environment).host, resolve(None, None, None, environment).api_key) == (
        "http://there",
        "s-1.secret",
    )
    assert resolve(None, "key", None, environment).api_key == "key"
    with pytest.raises(headrace.NotSignedIn):
        resolve("http://elsewhere", None, None, environment)
    path.write_text("{}")
    with pytest.raises(headrace.NotSignedIn, match="damaged"):
        saved_session(environment)
    forget_session(environment)
    assert saved_session(environment) is None


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(headrace.Unreachable, match="HEADRACE_API"):
        resolve(None, "key", None, {"HEADRACE_HOME": str(tmp_path)})
    with pytest.raises(headrace.NotSignedIn, match="HEADRACE_API_KEY"):
        resolve("http://there", None, None, {})


def test_a_missing_stack_or_an_unreadable_key_of_the_administrator_is_named(tmp_path: Path) -> None:
    environment = {"HEADRACE_HOME": str(tmp_path), "HEADRACE_API": "http://there", "HEADRACE_API_KEY": "k"}
    with pytest.raises(headrace.Unreachable, match="headrace up"):
        local_administrator(environment)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "ports.json").write_text(json.dumps({"api": 4711}))
    with pytest.raises(headrace.NotSignedIn, match="secrets"):
        local_administrator(environment)


def test_a_secret_is_not_shown() -> None:
    assert "hidden" not in repr(resolve("http://there", "hidden", None, {"HEADRACE_API_KEY": "hidden"}))


@pytest.mark.parametrize(
    ("topic", "name", "subject"),
    [
        ("clicks", "flights.topics.clicks", None),
        ("flights.topics.clicks", "flights.topics.clicks", None),
        ("flights.features.weather.2", "flights.features.weather.2", "weather_2"),
        ("flights.outcomes", "flights.outcomes", "headrace.outcomes.Outcome"),
        ("flights.predictions", "flights.predictions", "headrace.predictions.Prediction"),
        ("rival.outcomes", "rival.outcomes", None),
    ],
)
def test_topics_have_full_names_and_subjects(topic: str, name: str, subject: str | None) -> None:
    assert full_name("flights", topic) == name
    assert subject_of("flights", name) == subject


@pytest.mark.parametrize("text", ["Data owner", "data-owner", "DATA_OWNER", " Data Owner "])
def test_roles_are_understood_as_people_write_them(text: str) -> None:
    assert role_of(text) == "data-owner"
