"""Streaming feature groups as they run: the declared semantics, held against Flink's rows online and offline."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from confluent_kafka import Producer
from tests.integration.clients import connection, eventually
from tests.integration.faults.killing import kill
from tests.integration.offline_thread import offline
from tests.integration.served import Served
from tests.unit.processors.streams.semantics import Said, windows

import headrace
from headrace_broker.follower import Follower
from headrace_broker.topics import AGGREGATES, READINGS, STREAMS, TICKS
from headrace_events.streaming_windows import Aggregation
from headrace_processors.streams.forgetting import of_definition, places_of

pytestmark = pytest.mark.timeout(420)

SECONDS = 240.0
BEGIN = datetime(2013, 3, 1, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WANTED = (
    headrace.mean("delay", over="1h"),
    headrace.mean("delay", over="3h"),
    headrace.stddev("delay", over="3h"),
    headrace.sum("distance", over="1h"),
    headrace.min("delay", over="1h"),
    headrace.max("delay", over="3h"),
    headrace.count("delay", over="1h"),
    headrace.count(over="3h"),
)
AGGREGATIONS = [Aggregation(function=one.function, column=one.column, over=one.over) for one in WANTED]

Windows = dict[tuple[str, datetime], dict[str, float | int | None]]


@pytest.fixture(scope="module")
def project(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[headrace.Project]:
    """A project as its owner sees it, with all that streaming feature groups are made of."""
    stack = served.platform.stack
    stack.stack.up(["online", "streams", "flink-job", "flink-taskmanager", "flink-jobmanager"], report=print)
    with pytest.MonkeyPatch.context() as patch, offline(stack, stack.site.storage_url):
        patch.setenv("HEADRACE_HOME", str(tmp_path_factory.mktemp("client")))
        with served.project("ada", served.new_project()) as signed_in:
            yield signed_in


@dataclass(slots=True)
class Arrivals:
    """The source, and all that was said to it in order."""

    group: headrace.FeatureGroup
    said: list[Said] = field(default_factory=list)

    def insert(self, rows: Sequence[Mapping[str, Any]]) -> headrace.Receipt:
        """Write rows."""
        for row in rows:
            values = {name: row[name] for name in ("delay", "distance")}
            self._say(row["flight"], row["at"], entity=row["origin"], values=values)
        return self.group.insert(list(rows), show_progress=False)

    def delete(self, flight: int, at: datetime) -> None:
        """Remove what a flight had before."""
        self._say(flight, at, removed=True)
        self.group.delete_rows([{"flight": flight}], at)

    def expected(self) -> Windows:
        """What its streaming group holds."""
        newest = max(one.time for one in self.said if not one.removed)
        until = newest // 600_000_000 * 600_000_000
        found = windows(self.said, AGGREGATIONS, 600, until)
        return {(entity, EPOCH + timedelta(microseconds=end)): row for (entity, end), row in found.items()}

    def _say(self, flight: int, at: datetime, **more: Any) -> None:
        time = (at - EPOCH) // timedelta(microseconds=1)
        self.said.append(Said(key=str(flight), time=time, known_at=len(self.said), offset=0, **more))


def flight(number: int, minutes: float, chance: random.Random) -> dict[str, Any]:
    return {
        "flight": number,
        "origin": None if chance.random() < 0.03 else chance.choice(["JFK", "LGA", "EWR"]),
        "at": BEGIN + timedelta(minutes=minutes),
        "delay": None if chance.random() < 0.1 else round(chance.gauss(10, 40), 1),
        "distance": chance.randrange(100, 3_000),
    }


def new_source(store: headrace.FeatureStore, name: str) -> headrace.FeatureGroup:
    """A group of flights, in three partitions."""
    types = {"flight": "bigint", "origin": "string", "at": "timestamp", "delay": "double", "distance": "int"}
    return store.create_feature_group(name, primary_key=["flight"], event_time="at", features=types, partitions=3)


def held(group: headrace.FeatureGroup) -> Windows:
    """The last row of each window in the offline store."""
    frame = group.read("polars", history=True).sort(["_known_at", "_partition", "_offset"])
    names = [one.name for one in AGGREGATIONS]
    return {(row["origin"], row["window_end"]): {name: row[name] for name in names} for row in frame.to_dicts()}


def close(one: float | int | None, other: float | int | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-6)


def same(found: Windows, wanted: Windows) -> bool:
    """Whether all windows are there; one whose rows were all taken back again is empty."""
    emptied = {one.name: 0 if one.function == "count" else None for one in AGGREGATIONS}
    return wanted.keys() <= found.keys() and all(
        close(value, wanted.get(place, emptied)[name]) for place, row in found.items() for name, value in row.items()
    )


def expect(delays: headrace.FeatureGroup, arrivals: Arrivals, what: str) -> Windows:
    wanted = arrivals.expected()
    eventually(lambda: True if same(held(delays), wanted) else None, what, SECONDS)
    return wanted


def test_windows_are_what_was_declared_whatever_comes_late_twice_or_is_taken_back(project: headrace.Project) -> None:
    store = project.get_feature_store()
    source = new_source(store, "arrivals")
    chance = random.Random(11)  # noqa: S311 - test data
    arrivals = Arrivals(source)
    before = [flight(number, chance.random() * 400, chance) for number in range(120)]
    arrivals.insert(before)
    arrivals.insert([{**row, "delay": 77.0} for row in before[:5]])
    arrivals.insert([{**row, "origin": "JFK"} for row in before[5:10]])
    arrivals.delete(before[20]["flight"], BEGIN + timedelta(minutes=500))

    delays = store.create_streaming_feature_group(
        "delays",
        source=source,
        keys=["origin"],
        aggregations=WANTED,
        slide="10min",
        allowed_lateness="4h",
        partitions=2,
    )
    assert [one.name for one in delays.features][2:4] == ["delay_mean_1h", "delay_mean_3h"]
    expect(delays, arrivals, "the windows of what was there before")

    arrivals.insert([flight(number, 400 + chance.random() * 200, chance) for number in range(120, 160)])
    arrivals.insert([flight(number, 380 + chance.random() * 200, chance) for number in range(160, 170)])
    arrivals.delete(before[30]["flight"], BEGIN + timedelta(minutes=600))
    expect(delays, arrivals, "the windows of what came live")

    too_late = flight(1, -1_000.0, chance)
    source.insert([too_late], show_progress=False)
    arrivals.insert([{**flight(1, 590.0, chance), "origin": "LGA", "delay": 1_000.0}])
    wanted = expect(delays, arrivals, "the windows without what came too late")

    last = {entity: max(end for one, end in wanted if one == entity) for entity, _ in wanted}
    for entity, end in last.items():

        def online(entity: str = entity, end: datetime = end) -> bool | None:
            row = delays.get_vector({"origin": entity})
            if row is None or row["window_end"] != end:
                return None
            return True if all(close(row[name], value) for name, value in wanted[entity, end].items()) else None

        eventually(online, f"the last windows of {entity} online")


LANDING = {
    "type": "record",
    "name": "Landing",
    "fields": [
        {"name": "origin", "type": ["null", "string"]},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "delay", "type": ["null", "double"]},
        {"name": "distance", "type": "int"},
        {"name": "crew", "type": {"type": "array", "items": "string"}},
    ],
}
SINCE = "FILTER (WHERE at >= window_end - INTERVAL '1' HOUR)"
QUERY = f"""
SELECT origin, AVG(delay) {SINCE}, AVG(delay), STDDEV_POP(delay), SUM(distance) {SINCE}, MIN(delay) {SINCE}, MAX(delay),
       COUNT(delay) {SINCE}, COUNT(*)
FROM TABLE(HOP(TABLE topics.landed, DESCRIPTOR(at), INTERVAL '10' MINUTE, INTERVAL '3' HOURS))
GROUP BY origin, window_start, window_end
"""


def test_each_record_of_a_topic_counts_once_in_the_windows_of_a_query(project: headrace.Project) -> None:
    store, kafka = project.get_feature_store(), project.get_kafka_api()
    topic = kafka.create_topic("landed", 2)
    project.get_schema_registry().register(f"{topic.name}-value", LANDING)
    chance = random.Random(13)  # noqa: S311 - test data
    before = [flight(number, number * 3.0, chance) for number in range(80)]
    live = [flight(number, 220.0 + number, chance) for number in range(40)]

    def produce(flights: Sequence[Mapping[str, Any]]) -> None:
        for row in flights:
            values = {name: row[name] for name in ("delay", "distance")}
            time = (row["at"] - EPOCH) // timedelta(microseconds=1)
            said.append(Said(key=str(len(said)), time=time, known_at=0, offset=0, entity=row["origin"], values=values))
        records = [{name: row[name] for name in ("origin", "delay", "distance")} for row in flights]
        times = (row["at"].isoformat() for row in flights)
        kafka.produce("landed", [{**row, "at": at, "crew": []} for row, at in zip(records, times, strict=True)])

    said: list[Said] = []
    produce(before)
    kafka.produce("landed", ["no Avro"])
    landed = store.create_streaming_feature_group("landed_delays", sql=QUERY)
    assert landed.streaming is not None
    assert (landed.streaming["source"], landed.streaming["event_time"]) == (topic.name, "at")
    arrivals = Arrivals(landed, said)
    expect(landed, arrivals, "the windows of the records that were there")
    produce([*live, *live[:5]])  # the same again is another record
    expect(landed, arrivals, "the windows of the records that came live")
    assert [record.error for record in kafka.browse(topic.name, limit=1_000)].count(None) == 126
    letters = kafka.browse(f"{project.name}.deadletters")
    assert ["landed_delays.1" in record.headers["error"] for record in letters] == [True]
    with pytest.raises(headrace.Conflict) as used:
        kafka.delete_topic("landed")
    assert used.value.code == "topic-in-use"
    landed.delete()
    kafka.delete_topic("landed")


def test_nobody_but_the_platform_writes_the_rows(project: headrace.Project) -> None:
    store = project.get_feature_store()
    delays = store.get_feature_group("delays")
    assert delays.streaming is not None
    assert (delays.streaming["source"], delays.streaming["slide_seconds"]) == ("arrivals", 600)
    with pytest.raises(headrace.Conflict, match="arrivals"):
        delays.insert([{"origin": "JFK", "window_end": BEGIN}])
    refused: list[object] = []
    settings = project.get_kafka_api().get_default_config()
    producer = Producer({name: value for name, value in settings.items() if name != "group.id"})
    producer.produce(delays.topic, b"key", b"value", on_delivery=lambda error, _: refused.append(error))
    producer.flush(30)
    assert "TOPIC_AUTHORIZATION_FAILED" in str(refused)


def test_of_a_deleted_group_nothing_derived_is_left(project: headrace.Project, served: Served) -> None:
    store = project.get_feature_store()
    store.get_feature_group("delays").delete()
    log = connection(served.platform.stack, "broker")

    def left() -> set[str]:
        follower, last = Follower(log), dict[tuple[str, bytes | None], bytes | None]()
        follower.follow(dict.fromkeys(places_of(log, READINGS, STREAMS, TICKS, AGGREGATES), 0))
        while not follower.at_end():
            for record in follower.poll(seconds=1.0).records:
                last[record.topic, record.key] = record.value
        follower.close()
        mine = of_definition(json.dumps({"project": project.name, "feature_group": "delays.1"}).encode())
        return {topic for (topic, key), value in last.items() if value is not None and of_definition(key) == mine}

    eventually(lambda: True if not left() else None, "all of it to be taken back, by Flink too", SECONDS)
    store.get_feature_group("arrivals").delete()


@pytest.mark.long
@pytest.mark.timeout(1_200)
def test_windows_are_exact_after_each_process_that_computes_them_was_killed(
    project: headrace.Project, served: Served
) -> None:
    store = project.get_feature_store()
    arrivals = Arrivals(new_source(store, "landings"))
    delays = store.create_streaming_feature_group(
        "landing_delays", source=arrivals.group, keys=["origin"], aggregations=WANTED, slide="10min"
    )
    chance = random.Random(12)  # noqa: S311 - test data
    for part, victim in enumerate(["streams", "flink-taskmanager", "streams", "flink-jobmanager", "flink-job"]):
        for piece in range(4):
            numbers = range(1_000 * part + 100 * piece, 1_000 * part + 100 * piece + 60)
            arrivals.insert(
                [flight(number, 120 * part + 30 * piece + chance.random() * 60, chance) for number in numbers]
            )
            if piece == 1:
                kill(served.platform.stack, victim)
    expect(delays, arrivals, "all windows after all kills")
