"""What an insert asks of the API, and what it hands to the brokers' client."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Message
from tests.unit.sdk.answering import Answering, answering

from headrace import FeatureGroup, Invalid
from headrace._errors import Failed
from headrace._http import Api

SCHEMA = '{"type": "record", "name": "R", "fields": [{"name": "id", "type": "string"}, {"name": "n", "type": "long"}]}'
GROUP = {
    "name": "things",
    "version": 1,
    "description": "",
    "columns": [{"name": name, "type": kind, "description": ""} for name, kind in (("id", "string"), ("n", "bigint"))],
    "primary_key": ["id"],
    "online": True,
    "offline": True,
    "topic": "p.features.things.1",
    "schema_id": 10_001,
    "schema": SCHEMA,
}
SUITE = {
    "suite": {
        "expectation_suite_name": "s",
        "expectations": [
            {"expectation_type": "expect_column_min_to_be_between", "kwargs": {"column": "n", "min_value": 0}}
        ],
    },
    "validation_ingestion_policy": "ALWAYS",
    "run_validation": False,
}


class Brokers:
    """Takes records, or turns down those that `refuses` names, and tells of each when it is polled."""

    def __init__(self, refuses: bytes = b"", room: int = 1_000) -> None:
        self.taken: list[tuple[bytes, bytes | None]] = []
        self.headers: list[Any] = []
        self._refuses = refuses
        self._room = room
        self._untold: deque[Any] = deque()

    def produce(self, topic: str, *, key: bytes, value: bytes | None, headers: Any, on_delivery: Any) -> None:
        """Take it, refuse it, or have no room."""
        if len(self._untold) >= self._room:
            raise BufferError
        error = None
        if self._refuses and self._refuses in key:
            error = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)
        else:
            self.taken.append((key, value))
            self.headers.append(headers)
        message = Message(topic=topic, partition=0, offset=len(self.taken) - 1, key=key, value=value)
        self._untold.append(lambda: on_delivery(error, message))

    def poll(self, timeout: float) -> int:
        """Tell of all that came."""
        return self.flush(timeout)

    def flush(self, timeout: float) -> int:
        """Tell of all that came."""
        while self._untold:
            self._untold.popleft()()
        return 0


def progress(expectations: int | None) -> tuple[int, Any]:
    parts = [{"partition": 0, "online": 0, "offline": 0}]
    return 200, {"topic_id": "T", "partitions": parts, "expectations": expectations}


def inserting(brokers: Brokers, api: Api) -> FeatureGroup:
    return FeatureGroup.existing(api, "p", lambda *_, **__: brokers, None, GROUP)  # type: ignore[arg-type] # nothing is streamed


def paths(server: Answering) -> list[str]:
    return [asked.path.rpartition("/")[2] for asked in server.asked]


def test_a_suite_is_asked_for_when_it_is_another_one_and_not_otherwise() -> None:
    told = (progress(None), progress(7), (200, SUITE), progress(7), progress(9), (200, SUITE), progress(None))
    with answering(*told) as server, Api(server.url, "key") as api:
        things = inserting(Brokers(), api)
        for _ in range(5):
            assert things.insert([{"id": "a", "n": 1}]).accepted == 1
    assert paths(server) == [
        "progress",
        *("progress", "expectation-suite"),
        "progress",
        *("progress", "expectation-suite"),
        "progress",
    ]


def test_a_suite_that_is_strict_is_compared_before_any_row_is_sent_also_where_it_was_known() -> None:
    strict = {**SUITE, "run_validation": True, "validation_ingestion_policy": "STRICT"}
    recorded = {"type": "validation.recorded", "body": {"number": 1}}
    accepted = {"command_id": "c", "aggregate": "a", "version": 1, "events": [], "positions": []}
    saved = ((200, {"sensitive": False}), (201, accepted), (200, [recorded]))
    told = (progress(7), (200, strict), *saved, progress(7), *saved)
    brokers = Brokers()
    with answering(*told) as server, Api(server.url, "key") as api:
        things = inserting(brokers, api)
        for _ in range(2):
            with pytest.raises(Invalid, match="nothing is inserted"):
                things.insert([{"id": "a", "n": -1}])
    assert brokers.taken == []
    assert paths(server).count("expectation-suite") == 1


def test_rows_wait_for_room_and_keep_their_order() -> None:
    brokers = Brokers(room=3)
    with answering(progress(None)) as server, Api(server.url, "key") as api:
        receipt = inserting(brokers, api).insert([{"id": f"k{n}", "n": n} for n in range(20)])
    assert (receipt.accepted, receipt.positions, receipt.ends) == (20, ("T:0:19",), ("T:0:20",))
    assert [key[5:] for key, _ in brokers.taken] == [f"k{n}".encode() for n in range(20)]


def test_what_the_brokers_turn_down_ends_the_insert() -> None:
    with answering(progress(None)) as server, Api(server.url, "key") as api:
        things = inserting(Brokers(refuses=b"k7"), api)
        with pytest.raises(Exception, match="your certificate may not write") as refused:
            things.insert([{"id": f"k{n}", "n": n} for n in range(20)])
    assert getattr(refused.value, "code", "") == "topic-not-writable"


def test_what_the_client_cannot_queue_ends_the_insert() -> None:
    class Full(Brokers):
        def produce(self, topic: str, *, key: bytes, value: bytes | None, headers: Any, on_delivery: Any) -> None:
            raise KafkaException(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE))

    with answering(progress(None)) as server, Api(server.url, "key") as api:
        things = inserting(Full(), api)
        with pytest.raises(Failed) as broke_off:
            things.insert([{"id": "k", "n": 1}])
    assert broke_off.value.code == "insert-broke-off"


def test_rows_from_elsewhere_claim_each_its_own_time_also_where_the_insert_is_repeated() -> None:
    then = datetime(2013, 1, 1, tzinfo=UTC)
    rows = [{"id": "a", "n": 1, "recorded": then}, {"id": "b", "n": 2, "recorded": then + timedelta(seconds=1)}]
    brokers = Brokers()
    with answering(progress(None)) as server, Api(server.url, "key") as api:
        things = inserting(brokers, api)
        insert_id = things.insert(rows, known_at="recorded").insert_id
        assert things.insert(rows, known_at="recorded", insert_id=insert_id).accepted == 2
    claims = [dict(headers)["headrace_known_at"] for headers in brokers.headers]
    assert claims == [b"1356998400000000", b"1356998401000000"] * 2
    assert [len(headers) for headers in brokers.headers] == [2] * 4
