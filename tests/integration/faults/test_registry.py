"""Confluent's clients register schemas, all at once, while the command processor is killed."""

from __future__ import annotations

import random
import threading

import pytest
from tests.integration.clients import connection
from tests.integration.faults.history import read
from tests.integration.faults.killing import kill
from tests.integration.faults.registered import contradictions
from tests.integration.faults.tables import expect_rebuilt_equals_live
from tests.integration.faults.verdict import violations
from tests.integration.served import Served

from headrace_bench.registering import KILLS, Registering, listed

EACH = 30


@pytest.mark.long
@pytest.mark.timeout(900)
def test_no_schema_is_lost_and_no_id_given_twice_when_the_command_processor_is_killed(
    served: Served, chance: random.Random
) -> None:
    project = served.new_project()
    url, credential = f"{served.url}/api/projects/{project}/registry", f"ada:{served.key('ada')}"
    registering = Registering(url, credential, each=EACH)
    part = len(registering.wanted) // (KILLS + 1)
    for number in range(KILLS):
        registering.until(number * part + chance.randrange(1, part))
        # Answers come in bursts, just after a commit: this puts the moment anywhere between two of them.
        threading.Event().wait(chance.random() * 0.1)
        kill(served.platform.stack, "command-processor")
        acknowledged = len(registering.acknowledged)
        print(f"killed: {acknowledged} of {len(registering.wanted)} acknowledged when another one ran")
        assert acknowledged < len(registering.wanted)
    print(f"all acknowledged after {registering.end():.1f} s")
    assert set(registering.acknowledged) == set(registering.wanted)
    assert listed(url, credential) == registering.acknowledged
    history = read(connection(served.platform.stack, "broker").librdkafka())
    assert violations([], history) == []
    assert contradictions(registering.acknowledged, history, project) == []
    expect_rebuilt_equals_live(served.platform.stack, history)
