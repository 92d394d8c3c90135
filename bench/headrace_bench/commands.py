"""Commands: accepted, visible, and how many a second."""

import threading
import time
import uuid
from collections.abc import Callable, Sequence

import httpx

from headrace_bench.measure import Figure, latency, timed


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
        to_reach="p50 ≤ 20, p99 ≤ 80",
    )


def visible(client: httpx.Client, floor: Sequence[float], count: int = 200) -> Figure:
    """From 201 to the read model's answer that holds what was written."""
    took = []
    for _ in range(count):
        user = _user()
        positions = client.post("/api/users", json={"user": user}).raise_for_status().headers["Headrace-Position"]
        began = time.perf_counter()
        found = client.get(f"/api/users/{user}", params={"after": positions})
        took.append((time.perf_counter() - began) * 1000)
        if found.status_code != 200:
            raise AssertionError(f"{user} was not visible: {found.status_code} {found.text}")
    return latency("command visible in the read model", took, floor=("SELECT", floor), to_reach="p99 ≤ 500")


def throughput(client: Callable[[], httpx.Client], clients: int = 32, each: int = 100) -> Figure:
    """Commands a second with that many clients at once."""
    failures: list[str] = []

    def work() -> None:
        with client() as mine:
            for _ in range(each):
                answer = mine.post("/api/users", json={"user": _user()})
                if answer.status_code != 201:
                    failures.append(answer.text)

    threads = [threading.Thread(target=work) for _ in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if failures:
        raise AssertionError(f"{len(failures)} commands were not accepted: {failures[0]}")
    rate = clients * each / seconds
    return Figure(what=f"commands with {clients} clients", unit="/s", p50=round(rate, 1), to_reach="≥ 500")
