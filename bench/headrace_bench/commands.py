"""Commands: accepted, visible, how many a second, and what one costs in every process it passes."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from headrace_bench.measure import TIMES, Figure, Goal, latency, rate, timed
from headrace_bench.servers import ProcessorTime
from headrace_compose.stack import Stack

CLIENTS = 32
WARM_UP = 300
"""Commands of each before any counts: the log's server is written in Java, and compiled while it works."""
SHOWN_MS = 0.05
"""Processes that take less than this of a command are shown together."""


def _user() -> str:
    return f"b{uuid.uuid4().hex[:16]}"


def accepted(client: httpx.Client, floor: Sequence[float], count: int = 300) -> Figure:
    """From the call to 201, one client."""

    def once() -> None:
        client.post("/api/users", json={"user": _user()}).raise_for_status()

    return latency(
        "command accepted",
        timed(once, count),
        floor=("transaction of one message", floor),
        goal=Goal(p50=20, p99=80),
    )


def visible(client: httpx.Client, floor: Sequence[float], count: int = 200) -> Figure:
    """From the call to the read model's answer that holds what was written."""
    took = []
    for _ in range(count):
        user = _user()
        began = time.perf_counter()
        positions = client.post("/api/users", json={"user": user}).raise_for_status().headers["Headrace-Position"]
        found = client.get(f"/api/users/{user}", params={"after": positions})
        took.append((time.perf_counter() - began) * 1000)
        if found.status_code != 200:
            raise AssertionError(f"{user} was not visible: {found.status_code} {found.text}")
    return latency("command to visible in the read model", took, floor=("transaction", floor), goal=Goal(p99=500))


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What many clients got, and the processor seconds that they took themselves."""

    answers: int
    seconds: float
    took: Sequence[float]
    processor_seconds: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


def load(api: str, key: str, what: str, each: int) -> Load:
    """Let CLIENTS clients in a process of their own ask `each` times; every answer must be a success.

    `what` is `command`, or the path of what they read.
    """
    done = subprocess.run(
        [sys.executable, "-m", "headrace_bench.load", what, str(CLIENTS), str(each)],
        env={**os.environ, "HEADRACE_API": api, "HEADRACE_API_KEY": key},
        stdout=subprocess.PIPE,
        check=True,
    )
    told = json.loads(done.stdout)
    wanted = "201" if what == "command" else "200"
    if told["statuses"] != {wanted: CLIENTS * each}:
        raise AssertionError(f"not everything was answered with {wanted}: {told['statuses']} {told['failure']}")
    return Load(
        answers=CLIENTS * each,
        seconds=told["seconds"],
        took=told["took"],
        processor_seconds=told["processor_seconds"],
    )


def throughput(stack: Stack, api: str, key: str, each: int = 150) -> list[Figure]:
    """Commands a second with many clients, how long each took, and the processor time of one in each process."""
    load(api, key, "command", WARM_UP)
    bare = [load(api, key, "/healthz", each).rate for _ in range(TIMES)]
    spent = ProcessorTime(stack)
    loads = [load(api, key, "command", each) for _ in range(TIMES)]
    answers = sum(one.answers for one in loads)
    costs = {name: 1000 * seconds / answers for name, seconds in spent.each().items()}
    costs["the clients"] = 1000 * sum(one.processor_seconds for one in loads) / answers
    shown = sorted((name for name in costs if costs[name] >= SHOWN_MS), key=lambda name: -costs[name])
    told = [f"{name} {costs[name]:.2f}" for name in shown]
    told.append(f"others {sum(costs[name] for name in costs if name not in shown):.2f}")
    return [
        rate(
            f"commands with {CLIENTS} clients",
            [one.rate for one in loads],
            floor=("HTTP answers, as many clients", bare),
            goal=Goal(least=500),
        ),
        latency(f"command accepted, {CLIENTS} clients", [each for one in loads for each in one.took]),
        Figure(what=f"processor time of a command: {', '.join(told)}", unit="ms", p50=sum(costs.values())),
    ]
