"""The catalogue made again, beside the bare reading of the same log."""

import json
import os
import subprocess
import sys
import time
from typing import Any

from headrace_bench.measure import TIMES, Figure, Goal, rate
from headrace_broker.admin import Admin
from headrace_broker.connection import Connection
from headrace_broker.follower import LEAVING_MS, Follower, Partition
from headrace_broker.topics import PLATFORM, events_of
from headrace_compose.stack import Stack


def rebuild(stack: Stack, log: Connection, project: str) -> Figure:
    """Events a second of `headrace rebuild catalogue`, and how many times longer that is than reading their bytes."""
    read = [bare_reading(log, [PLATFORM, events_of(project)]) for _ in range(TIMES)]
    results = [_rebuilt(stack) for _ in range(TIMES)]
    return rate(
        f"rebuild of the catalogue, {results[-1]['events']:,} events",
        [result["events_per_second"] for result in results],
        floor=("reading the log", read),
        goal=Goal(least=10_000),
    )


def _rebuilt(stack: Stack) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "headrace_projections.rebuild", "catalogue", "--json"],
        env={**os.environ, **stack.site().environment("projector")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def bare_reading(log: Connection, topics: list[str]) -> float:
    """Records a second of these topics from the first to the last, not decoded."""
    began = time.monotonic()
    found = Admin(log).topic_ids(topics)
    follower = Follower(log, wait_ms=LEAVING_MS)
    follower.follow({Partition(name, topic_id, 0): 0 for name, (topic_id, _) in found.items()})
    records = 0
    while not follower.at_end():
        records += len(follower.poll(seconds=1.0).records)
    seconds = time.monotonic() - began
    follower.close()
    return records / seconds
