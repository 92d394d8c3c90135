"""The API in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.api.in_memory import Server, Service, serving


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The one API of this session."""
    with serving(tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture
def service(server: Server, tmp_path: Path) -> Service:
    """A platform of its own for each test."""
    return server.service(tmp_path)
