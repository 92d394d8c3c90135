"""A directory for all of these tests, and the API in memory before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.integration.sso.slapd import BASE, READER, READER_PASSWORD, Slapd, running_slapd
from tests.integration.stack import CACHE
from tests.unit.api.in_memory import Server, Service, serving

from headrace_api.ldap.directory import Directory
from headrace_api.ldap.settings import LdapSettings


@pytest.fixture(scope="session")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    """A running slapd."""
    with running_slapd(CACHE, tmp_path_factory.mktemp("slapd")) as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The API in memory."""
    with serving(tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture
def service(server: Server, tmp_path: Path) -> Service:
    """A platform of its own for each test."""
    return server.service(tmp_path)


def settings_for(slapd: Slapd, **other: Any) -> LdapSettings:
    """What an API is told of the server."""
    told: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": slapd.tls,
        "starts_tls": False,
        "base": BASE,
        "bind_dn": READER,
        "bind_password": READER_PASSWORD,
        "authorities": slapd.authorities,
    }
    return LdapSettings(**{**told, **other})


def configure(service: Service, settings: LdapSettings) -> None:
    """Let the API be told this of a directory."""
    context = service.http_context()
    service.app.state.context = replace(context, directory=Directory(settings, context.master))
