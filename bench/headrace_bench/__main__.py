"""`make bench`: measure a stack of its own, print the table, write bench-report.json."""

import os
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from statistics import median

import httpx
from rich.console import Console

import headrace
from headrace_bench import commands, features, floors, joining, long_log, registering, scale, servers, tenancy
from headrace_bench.measure import TIMES, Figure, Goal, latency, show, timed
from headrace_bench.rebuilding import rebuild
from headrace_compose.stack import Stack
from headrace_events.feature_view import GroupSelection

REPORT = Path("bench-report.json")
IDLE_S = 60.0
MEMORY = Goal(p50=6_144)
LONG = 100_000
"""Commands, of one event each, that make the log long."""


def main() -> None:
    """Start from nothing, and measure one thing after the other; what is measured is shown, whatever comes after it."""
    load_before = os.getloadavg()[0]
    figures: list[Figure] = []
    try:
        with servers.own_stack() as stack:
            for figure in chain(starting(stack), working(stack)):
                figures.append(figure)
                _say(f"  {figure.what}: {figure.p50:,.2f} {figure.unit}")
    finally:
        show(figures, load_before, REPORT)


def starting(stack: Stack) -> Iterator[Figure]:
    """The start in two stages, each from down; then the stack left alone."""
    _say("start: log, stores, API and processors")
    light = servers.without_heavy(stack)
    some = [servers.seconds_up(stack, light) for _ in range(TIMES)]
    yield Figure(what="start of log, stores, API, processors", unit="s", p50=median(some), goal=Goal(p50=30))
    _say("start: everything")
    everything = [servers.seconds_up(stack) for _ in range(TIMES)]
    yield Figure(what="start of everything", unit="s", p50=median(everything), goal=Goal(p50=120))
    servers.until_all_is_read(stack)
    _say("nothing")
    spent = servers.ProcessorTime(stack)
    time.sleep(IDLE_S)
    idle = {name: 100 * seconds / spent.elapsed() for name, seconds in spent.each().items()}
    most = sorted(idle, key=lambda name: -idle[name])[:4]
    told = ", ".join(f"{name} {idle[name]:.1f}" for name in most)
    yield Figure(what=f"idle: {told}", unit="% of a core", p50=sum(idle.values()))


def working(stack: Stack) -> Iterator[Figure]:
    """Floors first, then what stands on them; but before both many commands, by which the servers become warm.

    The log and the search server run on Java, which compiles what runs often while it runs.
    """
    site, log, key = stack.site(), servers.connection(stack), servers.administrator_key(stack)
    http = httpx.Client(base_url=site.api_url, headers={"Authorization": f"Bearer {key}"}, timeout=60)
    with http, headrace.connect(site.api_url, key) as administrator:
        _say("commands of many clients")
        yield from commands.throughput(stack, site.api_url, key)
        _say("floors")
        transactions = timed(floors.transaction(log), 300)
        answers = timed(floors.answer(http), 500)
        selects = timed(floors.select(site.postgres_dsn), 500)
        yield latency("floor: transaction of one message", transactions)
        yield latency("floor: an HTTP answer", answers)
        yield latency("floor: a SELECT by key", selects)
        _say("commands")
        yield commands.accepted(http, transactions)
        yield commands.visible(http, transactions)
        _say("projects, members, schemas")
        few = tenancy.figures(administrator, answers)
        yield from few
        yield registering.killed(stack, administrator)
        _say("feature rows")
        with tenancy.project(administrator) as owned:
            yield features.rows_per_second(owned.project, log, site.postgres_dsn)
            yield features.vector(http, owned.project, ("HTTP answer", answers))
            yield features.wide_rows_per_second(owned.project)
            yield from features.view_vectors(http, owned.project, ("HTTP answer", answers))
            _say("a deployment")
            yield from features.predictions(owned.project, ("HTTP answer", answers))
        _say("a point-in-time join")
        yield from joining.figures()
        memory = sum(service.rss_mb or 0 for service in stack.status().services.values())
        yield Figure(what="resident memory of everything, a model served (PSS)", unit="MiB", p50=memory, goal=MEMORY)
        _say("rebuild of a short log")
        servers.until_all_is_read(stack)
        yield rebuild(stack, log, owned.name)
        _say("a long log")
        selection = GroupSelection(group="bench", version=1, features=("entity", "f0", "f1", "f2"))
        yield long_log.write(log, owned.name, owned.project.user, selection, LONG)
        _say("rebuild of a long log")
        servers.until_all_is_read(stack)
        yield rebuild(stack, log, owned.name)
        _say(f"{scale.PROJECTS} projects, {scale.TOPICS:,} topics: minutes")
        yield from scale.figures(stack, administrator, few, answers)


def _say(what: str) -> None:
    Console(stderr=True).print(what)


if __name__ == "__main__":
    main()
