"""The figures of projects, members and schemas again, among many projects and topics; and the starts of processes."""

import signal
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import headrace
from headrace import Platform
from headrace_bench import servers, tenancy
from headrace_bench.measure import Figure, Goal, latency
from headrace_broker.admin import Admin
from headrace_broker.topics import project_topics
from headrace_compose.stack import Stack

PROJECTS = 200
MEMBERS = 5
TOPICS = 3_000
WRITES = 20
AT_ONCE = 8
API_GROWTH = Goal(p50=128)
"""What the API may take more for them."""


def figures(stack: Stack, administrator: Platform, few: Sequence[Figure], answers: Sequence[float]) -> list[Figure]:
    """Fill the stack, and measure again what `few` says of it before; then first writes and starts."""
    before = _memory(stack, "api")
    began = time.perf_counter()
    _fill(administrator)
    took = time.perf_counter() - began
    servers.until_all_is_read(stack)
    topics = len(Admin(servers.connection(stack)).topics_below(""))
    grown = _memory(stack, "api") - before
    among = f"among {PROJECTS} projects, {topics:,} topics"
    many = tenancy.figures(administrator, answers)
    return [
        Figure(what=f"{PROJECTS} projects of {MEMBERS} members, {topics:,} topics made", unit="s", p50=took),
        *(_unchanged(figure, before, among) for figure, before in zip(many, few, strict=True)),
        Figure(what=f"memory the API takes more {among} (PSS)", unit="MiB", p50=grown, goal=API_GROWTH),
        *_first_writes(stack, administrator, among),
        Figure(
            what=f"provisioning killed, to all access rules compared, {among}",
            unit="s",
            p50=_seconds_anew(stack, "provisioning"),
            goal=Goal(p50=30),
        ),
    ]


def _fill(administrator: Platform) -> None:
    """Make projects of these many members, the owner among them, each with its share of the topics."""
    people = [tenancy.person(administrator) for _ in range(MEMBERS)]

    def one(_: int) -> None:
        name = administrator.create_project(f"many-{uuid.uuid4().hex[:8]}", owner=people[0]).name
        key = administrator.issue_key(people[0], project=name, hours=1).key
        with headrace.login(administrator.url, key, name) as mine:
            for person in people[1:]:
                mine.get_members_api().add_member(person, "data-scientist")
            kafka = mine.get_kafka_api()
            for number in range(TOPICS // PROJECTS - len(project_topics(name))):
                kafka.create_topic(f"t{number}")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, range(PROJECTS)))


def _first_writes(stack: Stack, administrator: Platform, among: str) -> list[Figure]:
    """Of a producer of its own to each of several new topics; then of one that finds the broker stopped, and killed."""
    took = []
    with tenancy.project(administrator) as owned:
        mine = owned.project
        topics = [mine.get_kafka_api().create_topic(f"first-{number}").name for number in range(WRITES)]
        for topic in topics:
            began = time.perf_counter()
            producer = mine.producer(topic)
            producer.send(b"here")
            producer.flush()
            took.append(time.perf_counter() - began)
        again = []
        for by in (signal.SIGTERM, signal.SIGKILL):
            began = time.perf_counter()
            servers.kill(stack, "kafka", by)
            producer.send(b"here again")
            producer.flush()
            again.append(time.perf_counter() - began)
            servers.until_ready(stack)
    restarted, killed = again
    return [
        latency(f"first write to a topic, {among}", took, unit="s", goal=Goal(p99=1)),
        Figure(what=f"broker restarted, to the next write, {among}", unit="s", p50=restarted, goal=Goal(p50=30)),
        Figure(what=f"broker killed, to the next write, {among}", unit="s", p50=killed, goal=Goal(p50=30)),
    ]


def _seconds_anew(stack: Stack, service: str) -> float:
    """From the death of a process until its successor is ready."""
    began = time.perf_counter()
    servers.kill(stack, service)
    servers.until_ready(stack)
    return time.perf_counter() - began


def _memory(stack: Stack, service: str) -> float:
    return stack.status().services[service].rss_mb or 0.0


def _unchanged(many: Figure, few: Figure, among: str) -> Figure:
    """The figure, as a multiple of itself before."""
    slower = few.p50 / many.p50 if many.unit == "/s" else many.p50 / few.p50
    return replace(many, what=f"{many.what}, {among}", floor="before", times_floor=slower, goal=Goal(times=2))
