"""What the bench is made of: parts that can be measured all, one after the other, or each alone, by name."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import cached_property
from statistics import median

import httpx

import headrace
from headrace import Platform
from headrace_bench import (
    beside_feast,
    commands,
    features,
    floors,
    ingestion,
    joining,
    long_log,
    registering,
    scale,
    servers,
    tenancy,
)
from headrace_bench.measure import TIMES, Figure, Goal, latency, timed
from headrace_bench.rebuilding import rebuild
from headrace_broker.connection import Connection
from headrace_compose.stack import Stack
from headrace_events.feature_view import GroupSelection

IDLE_S = 60.0
MEMORY = Goal(p50=6_144)
LONG = 100_000
"""Commands, of one event each, that make the log long."""


class Measured:
    """A stack of its own, and what several parts need of it, made when the first of them asks."""

    def __init__(self, stack: Stack, opened: ExitStack) -> None:
        self.stack = stack
        self._opened = opened

    @cached_property
    def log(self) -> Connection:
        """The log, as the broker itself sees it."""
        return servers.connection(self.stack)

    @cached_property
    def key(self) -> str:
        """The administrator's."""
        return servers.administrator_key(self.stack)

    @cached_property
    def http(self) -> httpx.Client:
        """The API on a connection that is kept."""
        headers = {"Authorization": f"Bearer {self.key}"}
        client = httpx.Client(base_url=self.stack.site().api_url, headers=headers, timeout=60)
        return self._opened.enter_context(client)

    @cached_property
    def administrator(self) -> Platform:
        """The platform as its administrator sees it."""
        return self._opened.enter_context(headrace.connect(self.stack.site().api_url, self.key))

    @cached_property
    def owned(self) -> tenancy.Owned:
        """A project, with an owner of its own."""
        return self._opened.enter_context(tenancy.project(self.administrator))

    @cached_property
    def transactions(self) -> list[float]:
        """Milliseconds of the floor of commands."""
        return timed(floors.transaction(self.log), 300)

    @cached_property
    def answers(self) -> list[float]:
        """Milliseconds of the floor of what is asked over HTTP."""
        return timed(floors.answer(self.http), 500)

    @cached_property
    def few(self) -> list[Figure]:
        """Of projects, members and schemas, while there are few of them."""
        return tenancy.figures(self.administrator, self.answers)


def start(on: Measured) -> Iterator[Figure]:
    """The start in two stages, each from down; then the stack left alone."""
    stack = on.stack
    light = servers.without_heavy(stack)
    some = [servers.seconds_up(stack, light) for _ in range(TIMES)]
    yield Figure(what="start of log, stores, API, processors", unit="s", p50=median(some), goal=Goal(p50=30))
    everything = [servers.seconds_up(stack) for _ in range(TIMES)]
    yield Figure(what="start of everything", unit="s", p50=median(everything), goal=Goal(p50=120))
    servers.until_all_is_read(stack)
    spent = servers.ProcessorTime(stack)
    time.sleep(IDLE_S)
    idle = {name: 100 * seconds / spent.elapsed() for name, seconds in spent.each().items()}
    most = sorted(idle, key=lambda name: -idle[name])[:4]
    told = ", ".join(f"{name} {idle[name]:.1f}" for name in most)
    yield Figure(what=f"idle: {told}", unit="% of a core", p50=sum(idle.values()))


def of_commands(on: Measured) -> Iterator[Figure]:
    """Floors first, then what stands on them; but before both many commands, by which the servers become warm.

    The log and the search server run on Java, which compiles what runs often while it runs.
    """
    yield from commands.throughput(on.stack, on.stack.site().api_url, on.key)
    yield latency("floor: transaction of one message", on.transactions)
    yield latency("floor: an HTTP answer", on.answers)
    yield latency("floor: a SELECT by key", timed(floors.select(on.stack.site().postgres_dsn), 500))
    yield commands.accepted(on.http, on.transactions)
    yield commands.visible(on.http, on.transactions)


def projects(on: Measured) -> Iterator[Figure]:
    """Projects, members and schemas."""
    yield from on.few
    yield registering.killed(on.stack, on.administrator)


def of_features(on: Measured) -> Iterator[Figure]:
    """Rows online, and vectors of them."""
    project, bare = on.owned.project, ("HTTP answer", on.answers)
    yield features.rows_per_second(project, on.log, on.stack.site().postgres_dsn)
    yield features.vector(on.http, project, bare)
    yield features.wide_rows_per_second(project)
    yield from features.view_vectors(on.http, project, bare)


def of_ingestion(on: Measured) -> Iterator[Figure]:
    """How soon a row can be read, what counting rows costs, and whose processor time they take."""
    project = on.owned.project
    yield ingestion.visible(project, on.stack.site().postgres_dsn)
    yield ingestion.processor_time(on.stack, project)
    yield from ingestion.counting(on.stack, project)


def feast(on: Measured) -> Iterator[Figure]:
    """Rows and vectors beside Feast's, on one Postgres."""
    yield from beside_feast.figures(on.stack.site().postgres_dsn, on.http, on.owned.project)


def serving(on: Measured) -> Iterator[Figure]:
    """Predictions of a deployment, and the memory of everything while it is served."""
    yield from features.predictions(on.owned.project, ("HTTP answer", on.answers))
    memory = sum(service.rss_mb or 0 for service in on.stack.status().services.values())
    yield Figure(what="resident memory of everything, a model served (PSS)", unit="MiB", p50=memory, goal=MEMORY)


def join(_: Measured) -> Iterator[Figure]:
    """Point-in-time joins; they need no stack."""
    yield from joining.figures()


def feast_join(_: Measured) -> Iterator[Figure]:
    """Point-in-time joins beside Feast's; they need no stack."""
    yield from beside_feast.joins()


def rebuilds(on: Measured) -> Iterator[Figure]:
    """The catalogue made again from a short log, and from a long one."""
    owned = on.owned
    features.bench_group(owned.project)
    servers.until_all_is_read(on.stack)
    yield rebuild(on.stack, on.log, owned.name)
    selection = GroupSelection(group="bench", version=1, features=("entity", "f0", "f1", "f2"))
    yield long_log.write(on.log, owned.name, owned.project.user, selection, LONG)
    servers.until_all_is_read(on.stack)
    yield rebuild(on.stack, on.log, owned.name)


def many(on: Measured) -> Iterator[Figure]:
    """Many projects and topics: minutes."""
    yield from scale.figures(on.stack, on.administrator, on.few, on.answers)


PARTS: Mapping[str, Callable[[Measured], Iterator[Figure]]] = {
    "start": start,
    "commands": of_commands,
    "projects": projects,
    "features": of_features,
    "ingestion": of_ingestion,
    "feast": feast,
    "serving": serving,
    "join": join,
    "feast-join": feast_join,
    "rebuild": rebuilds,
    "scale": many,
}
"""In this order; what `start` brings up the others use."""
ALONE = frozenset({"join", "feast-join"})
"""Parts that need no stack."""
HEAVY = frozenset({"serving"})
"""Parts that need all of it; the others do without Ray and Flink."""


def bring_up(stack: Stack, names: frozenset[str]) -> None:
    """Start what these parts need, and nothing where they start it themselves."""
    if "start" in names or names <= ALONE:
        return
    stack.up(None if names & HEAVY else servers.without_heavy(stack))
