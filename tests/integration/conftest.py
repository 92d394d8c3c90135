"""Real servers for tests: started once in a session, in a temporary home, on free ports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from tests.integration.clients import connection
from tests.integration.platform import Platform
from tests.integration.projections.indexing import Indexing
from tests.integration.served import Served
from tests.integration.stack import RunningStack
from tests.integration.windows import Windows, windows_in

from headrace_broker.command_client import CommandClient
from headrace_projections.search.engine import Engine


@pytest.fixture(scope="session")
def stack_with_search(stack: RunningStack) -> RunningStack:
    """Run OpenSearch beside Kafka and Postgres."""
    stack.stack.up(["opensearch"], report=print)
    return stack


@pytest.fixture(scope="session")
def platform(stack: RunningStack) -> Iterator[Platform]:
    """Run the command processor and provisioning beside Kafka; there is an administrator."""
    stack.stack.up(["command-processor", "provisioning"], report=print)
    client = CommandClient(connection(stack, "api"))
    running = Platform(stack=stack, client=client)
    running.found()
    yield running
    client.close()


@pytest.fixture(scope="session")
def served(platform: Platform, home: Path) -> Iterator[Served]:
    """Run the API and the projector beside the command path."""
    platform.stack.stack.up(["projector", "api"], report=print)
    url = platform.stack.site.api_url
    with httpx.Client(base_url=url, timeout=60) as http:
        yield Served(platform=platform, url=url, home=home, http=http)


@pytest.fixture(scope="session")
def windows(platform: Platform) -> Iterator[Windows]:
    """Run everything that monitoring is made of."""
    parts = ["observer", "monitoring", "alerts", "flink-job", "flink-taskmanager", "flink-jobmanager"]
    platform.stack.stack.up(parts, report=print)
    with windows_in(platform.stack.postgres_dsn) as opened:
        yield opened


@pytest.fixture(scope="session")
def indexing(
    stack_with_search: RunningStack, platform: Platform, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Indexing]:
    """Give what runs the two processes; none runs yet."""
    engine = Engine(stack_with_search.opensearch_url, stack_with_search.opensearch_token)
    with psycopg.connect(stack_with_search.postgres_dsn, autocommit=True) as database:
        running = Indexing(
            platform=platform, engine=engine, database=database, logs=tmp_path_factory.mktemp("indexing")
        )
        yield running
        running.stop()
    engine.close()
