"""Finding Ray by what its head writes down."""

import os
from pathlib import Path

import pytest

from headrace_broker.ray_connection import RayConnection, ray_connection_from


@pytest.fixture
def connection(tmp_path: Path) -> RayConnection:
    """Of a home in which Ray has not run yet."""
    (tmp_path / "run").mkdir()
    (tmp_path / "secrets").mkdir()
    return ray_connection_from({"HEADRACE_HOME": str(tmp_path)})


def test_the_address_is_what_the_head_wrote_as_long_as_it_is_written_there(connection: RayConnection) -> None:
    assert connection.address() is None
    connection.address_file.write_text("127.0.0.1:6379\n")
    assert connection.address() == "127.0.0.1:6379"
    connection.address_file.write_text("")
    assert connection.address() is None


def test_an_address_that_is_given_counts_more(connection: RayConnection) -> None:
    connection.address_file.write_text("127.0.0.1:6379")
    told = {"HEADRACE_HOME": str(connection.home), "HEADRACE_RAY": "ray.example:6379"}
    assert ray_connection_from(told).address() == "ray.example:6379"


def test_user_code_is_isolated_where_our_own_head_says_so_and_nowhere_else(connection: RayConnection) -> None:
    assert not connection.isolated()
    for written, isolated in (("127.0.0.1:6379\nplatform\n", True), ("127.0.0.1:6379\nnone\n", False), ("", False)):
        connection.address_file.write_text(written)
        assert connection.isolated() is isolated
    connection.address_file.write_text("127.0.0.1:6379\nplatform\n")
    assert connection.address() == "127.0.0.1:6379"
    told = {"HEADRACE_HOME": str(connection.home), "HEADRACE_RAY": "ray.example:6379"}
    assert not ray_connection_from(told).isolated()


def test_ray_is_told_the_token_only_where_there_is_one(
    connection: RayConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", {})
    connection.prepare()
    assert "RAY_AUTH_MODE" not in os.environ
    connection.token_file.write_text("secret\n")
    connection.prepare()
    assert (os.environ["RAY_AUTH_MODE"], os.environ["RAY_AUTH_TOKEN"]) == ("token", "secret")
