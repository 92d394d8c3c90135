"""Real servers for tests: started once in a session, in a temporary home, on free ports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.stack import RunningStack, running_stack


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the home of the session's stack."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def stack(home: Path) -> Iterator[RunningStack]:
    """Run Kafka and Postgres."""
    with running_stack(home, "kafka", "postgres") as running:
        yield running


@pytest.fixture(scope="session")
def stack_with_search(stack: RunningStack) -> RunningStack:
    """Run OpenSearch beside Kafka and Postgres."""
    stack.stack.up(["opensearch"], report=print)
    return stack
