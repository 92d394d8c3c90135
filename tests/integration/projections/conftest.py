"""The processes behind search and lineage, run for a whole session."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from tests.integration.platform import Platform
from tests.integration.projections.indexing import Indexing
from tests.integration.stack import RunningStack

from headrace_projections.search.engine import Engine


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
