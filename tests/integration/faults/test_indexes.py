"""The search server, and the processes that fill it, are killed while they work."""

from __future__ import annotations

import random
from uuid import uuid4

import pytest
from tests.integration.clients import eventually
from tests.integration.faults.killing import SECONDS, kill
from tests.integration.platform import Platform
from tests.integration.projections.indexing import Indexing, expected, opened
from tests.lineage_story import whole

VICTIMS = ("opensearch", "search", "lineage")


@pytest.mark.long
@pytest.mark.parametrize("victim", VICTIMS)
def test_both_indexes_end_as_if_nothing_had_happened(
    platform: Platform, indexing: Indexing, chance: random.Random, victim: str
) -> None:
    indexing.stop()  # from now on the stack runs these processes
    platform.stack.stack.up(["search", "lineage"], report=print)
    for _ in range(5):
        project = platform.project()
        story = whole(project, str(uuid4()))
        moment = chance.randrange(len(story))
        for step, (actor, command) in enumerate(story):
            platform.send(command, actor)
            if step == moment:
                kill(platform.stack, victim)
        eventually(lambda project=project: opened(platform, project, 2), "the topics to be open", SECONDS)  # type: ignore[misc]
    events = indexing.caught_up()
    documents, edges = expected(events)
    assert indexing.documents() == documents
    assert indexing.edges() == edges
