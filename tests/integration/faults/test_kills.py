"""Whatever process is killed, at whatever moment: nothing acknowledged is lost, and nothing happens twice."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from functools import partial

import pytest
from tests.integration.clients import connection
from tests.integration.faults.history import read
from tests.integration.faults.killing import kill_under_load
from tests.integration.faults.load import load_on
from tests.integration.faults.monitoring import Predictions
from tests.integration.faults.tables import expect_rebuilt_equals_live
from tests.integration.faults.verdict import violations
from tests.integration.served import Served
from tests.integration.windows import Windows

COMMAND_PATH = ("command-processor", "projector", "kafka", "postgres")
MONITORING = ("observer", "monitoring", "alerts", "flink-job", "flink-taskmanager", "flink-jobmanager")


@pytest.mark.timeout(600)
def test_every_process_is_killed_once(served: Served, windows: Windows, chance: random.Random) -> None:
    victims = [*COMMAND_PATH, *MONITORING]
    survive(served, windows, chance.sample(victims, len(victims)), chance)


@pytest.mark.long
@pytest.mark.parametrize("victim", [*COMMAND_PATH, *MONITORING])
def test_one_process_is_killed_again_and_again(
    served: Served, windows: Windows, chance: random.Random, victim: str
) -> None:
    survive(served, windows, [victim] * 5, chance)


@pytest.mark.long
def test_processes_are_killed_one_after_the_other(served: Served, windows: Windows, chance: random.Random) -> None:
    survive(served, windows, chance.choices([*COMMAND_PATH, *MONITORING], k=20), chance)


def survive(served: Served, windows: Windows, victims: Sequence[str], chance: random.Random) -> None:
    """Kill them in this order under load; then hold log, tables, windows and alerts against what was sent."""
    platform, stack = served.platform, served.platform.stack
    predictions = Predictions.of(platform, windows, len(victims), chance)
    with load_on(platform, chance) as load:
        for victim in victims:
            predictions.next_part(partial(kill_under_load, stack, victim, load, chance))
    began = time.monotonic()
    history = read(connection(stack, "broker").librdkafka())
    assert violations(load.sent, history) == []
    expect_rebuilt_equals_live(stack, history)
    predictions.expect_exact()
    print(f"{len(load.sent)} commands and {len(predictions.made)} predictions held in {time.monotonic() - began:.1f} s")
