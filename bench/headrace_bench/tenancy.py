"""Projects, members and schemas: how long until each is there for real clients of the brokers and the registry."""

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, TopicPartition

import headrace
from headrace import Platform, Project
from headrace_bench.commands import CLIENTS, load
from headrace_bench.measure import TIMES, Figure, Goal, latency, rate

PROJECTS = 20
MEMBERS = 20
SCHEMAS = 200
LOOKUPS = 150
PATIENCE_S = 30.0


def figures(administrator: Platform, answers: Sequence[float]) -> list[Figure]:
    """All of them, one after the other."""
    return [*projects(administrator), *members(administrator), *schemas(administrator, answers)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """A project as its owner sees it, and their key."""

    project: Project
    key: str

    @property
    def name(self) -> str:
        """What the project is called."""
        return self.project.name


@contextmanager
def project(administrator: Platform) -> Iterator[Owned]:
    """Make a project, with an owner of its own."""
    owner = person(administrator)
    name = administrator.create_project(f"bench-{uuid.uuid4().hex[:8]}", owner=owner).name
    key = administrator.issue_key(owner, project=name, hours=2).key
    with headrace.login(administrator.url, key, name) as mine:
        yield Owned(project=mine, key=key)


def projects(administrator: Platform) -> list[Figure]:
    """From the call that makes a project to the first answer of the brokers to its owner's new certificate."""
    took = []
    for _ in range(PROJECTS):
        began = time.perf_counter()
        with project(administrator) as owned:
            consumer = Consumer(_settings(owned.project))
            consumer.get_watermark_offsets(TopicPartition(f"{owned.name}.predictions", 0), timeout=PATIENCE_S)
            took.append(time.perf_counter() - began)
            consumer.close()
    return [latency("project made, its owner's certificate works", took, unit="s", goal=Goal(p50=1.5, p99=4))]


def members(administrator: Platform) -> list[Figure]:
    """From the call that adds a person to their first record, and from the one that removes them to the refusal."""
    added, removed = [], []
    with project(administrator) as owned:
        mine = owned.project
        topic = mine.get_kafka_api().create_topic("news").name
        producer = mine.producer(topic)
        producer.send(b"here")
        producer.flush()
        for _ in range(MEMBERS):
            somebody = person(administrator)
            theirs = administrator.issue_key(somebody, hours=1).key
            began = time.perf_counter()
            mine.get_members_api().add_member(somebody, "data-scientist")
            with headrace.login(administrator.url, theirs, mine.name) as they:
                consumer = Consumer(_settings(they))
                consumer.assign([TopicPartition(topic, 0, 0)])
                _until(consumer, None)
                added.append(time.perf_counter() - began)
                began = time.perf_counter()
                mine.get_members_api().remove_member(somebody)
                _until(consumer, KafkaError.TOPIC_AUTHORIZATION_FAILED)
                removed.append(time.perf_counter() - began)
                consumer.close()
    return [
        latency("member added, reads the first record", added, unit="s", goal=Goal(p99=2)),
        latency("member removed, the brokers refuse", removed, unit="s", goal=Goal(p99=2)),
    ]


def schemas(administrator: Platform, answers: Sequence[float]) -> list[Figure]:
    """Schemas of subjects of their own, one after the other; then many clients that look one up by its id."""
    with project(administrator) as owned:
        registry, took, schema_id = owned.project.get_schema_registry(), [], 0
        for number in range(SCHEMAS):
            fields = [{"name": f"f{one}", "type": "double"} for one in range(10)] + [
                {"name": f"g{number}", "type": ["null", "string"], "default": None}
            ]
            began = time.perf_counter()
            schema_id = registry.register(f"s{number}", {"type": "record", "name": f"R{number}", "fields": fields})
            took.append((time.perf_counter() - began) * 1000)
    path = f"/api/projects/{owned.name}/registry/schemas/ids/{schema_id}"
    load(administrator.url, owned.key, path, LOOKUPS)
    bare = [load(administrator.url, owned.key, "/healthz", LOOKUPS).rate for _ in range(TIMES)]
    rates = [load(administrator.url, owned.key, path, LOOKUPS).rate for _ in range(TIMES)]
    return [
        latency("schema registered", took, floor=("HTTP answer", answers), goal=Goal(p99=150)),
        rate(
            f"schemas looked up by id, {CLIENTS} clients",
            rates,
            floor=("HTTP answers, as many clients", bare),
            goal=Goal(least=1_500),
        ),
    ]


def person(administrator: Platform) -> str:
    """Make somebody who is in no project."""
    name = f"b{uuid.uuid4().hex[:12]}"
    administrator.create_user(name)
    return name


def _settings(project: Project) -> dict[str, str | int]:
    files = project.client_files()
    return {
        **files.librdkafka(),
        "group.id": f"{files.group_prefix}bench",
        "fetch.wait.max.ms": 50,
        "enable.auto.commit": False,  # whoever was removed could commit nothing, and would wait for it
    }


def _until(consumer: Consumer, code: int | None) -> None:
    """Read until a record comes, or the error of that code; no other error may last."""
    deadline = time.monotonic() + PATIENCE_S
    last: object = None
    while time.monotonic() < deadline:
        message = consumer.poll(0.1)
        if message is None:
            continue
        error = message.error()
        if (error is None and code is None) or (error is not None and error.code() == code):
            return
        last = error or last
    raise AssertionError(f"waited {PATIENCE_S:.0f} s, and the last error was {last}")
