"""The live tables of the catalogue, held against tables made again from the log."""

from __future__ import annotations

import psycopg
from tests.integration.clients import connection, eventually
from tests.integration.faults.history import History
from tests.integration.faults.killing import SECONDS
from tests.integration.stack import RunningStack

from headrace_projections.catalogue.definition import TABLES, apply
from headrace_projections.metadata_rebuild import MetadataRebuild


def expect_rebuilt_equals_live(stack: RunningStack, history: History) -> None:
    """Wait until the projector has come past that history, and compare its tables with new ones."""
    due = {topic: len(events) for topic, events in history.topics.items()}

    def caught_up() -> bool | None:
        try:
            with psycopg.connect(stack.postgres_dsn) as database:
                found = database.execute("SELECT topic, seq FROM catalogue.checkpoint").fetchall()
        except psycopg.OperationalError:
            return None  # it may be the last that was killed
        reached: dict[str, int] = dict(found)
        return True if all(reached.get(topic, 0) >= seq for topic, seq in due.items()) else None

    eventually(caught_up, "the projector to catch up", SECONDS)
    outcome = MetadataRebuild(connection(stack, "projector"), stack.postgres_dsn, TABLES, apply).rebuild(verify=True)
    assert outcome.equal, outcome.differences
    print(f"{sum(due.values())} events: {outcome.events} rebuilt in {outcome.seconds:.1f} s, equal")
