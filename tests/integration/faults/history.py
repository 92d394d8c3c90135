"""What the log holds, read by a plain client with plain Avro: none of our own readers, codecs or classes."""

from __future__ import annotations

import io
import json
import struct
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import fastavro
from confluent_kafka import Consumer, KafkaError, Message, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

SCHEMAS = Path(__file__).parents[3] / "schemas" / "headrace_schemas"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An event as its record says it."""

    topic: str
    position: str
    aggregate: str
    id: str
    cause: str
    seq: int
    version: int
    type: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class History:
    """The events of each topic in the order of the log, and every outcome that was written of each command."""

    topics: Mapping[str, list[Written]]
    outcomes: Mapping[str, list[Mapping[str, Any]]]


def read(librdkafka: Mapping[str, Any]) -> History:
    """Everything committed on the topics of events and of results, until now."""
    admin = AdminClient(dict(librdkafka))
    names = [
        name
        for name in admin.list_topics(timeout=30).topics
        if name in {"headrace.platform", "headrace.results"} or name.endswith(".events")
    ]
    found = admin.describe_topics(TopicCollection(names), request_timeout=30)
    ids = {name: str(future.result().topic_id).replace("+", "-").replace("/", "_") for name, future in found.items()}
    topics: dict[str, list[Written]] = {name: [] for name in names if name != "headrace.results"}
    outcomes: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for message in _committed(librdkafka, names):
        if message.topic() == "headrace.results":
            outcome = _decoded(message)
            outcomes[outcome["command_id"]].append(outcome)
        else:
            topics[str(message.topic())].append(_written(message, ids))
    return History(topics, outcomes)


def _committed(librdkafka: Mapping[str, Any], topics: Collection[str]) -> Iterator[Message]:
    consumer = Consumer(
        {
            **librdkafka,
            "group.id": "history",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 10,
        }
    )
    consumer.assign([TopicPartition(name, 0, 0) for name in topics])
    left = set(topics)
    while left:
        for message in consumer.consume(5_000, 0.2):
            error = message.error()
            if error is None:
                yield message
            elif error.code() == KafkaError._PARTITION_EOF:
                left.discard(str(message.topic()))
            else:
                assert error.retriable(), error
    consumer.close()


def _written(message: Message, ids: Mapping[str, str]) -> Written:
    pairs: Any = message.headers()  # the client's types are wider than what it gives
    headers = {name: value.decode() for name, value in pairs}
    topic = str(message.topic())
    return Written(
        topic=topic,
        position=f"{ids[topic]}:0:{message.offset()}",
        aggregate=bytes(message.key() or b"").decode(),
        id=headers["ce_id"],
        cause=headers["headrace_cause"],
        seq=int(headers["headrace_seq"]),
        version=int(headers["headrace_version"]),
        type=headers["ce_type"],
        body=_decoded(message),
    )


def _decoded(message: Message) -> dict[str, Any]:
    value = bytes(message.value() or b"")
    magic, schema_id = struct.unpack_from(">bI", value)
    assert magic == 0
    body = io.BytesIO(value[5:])
    record: Any = fastavro.schemaless_reader(body, _schema(schema_id), None)
    assert not body.read()
    return dict(record)


@cache
def _schema(schema_id: int) -> Any:
    ids: dict[str, int] = json.loads((SCHEMAS / "manifest.json").read_text())
    (path,) = [path for path, known in ids.items() if known == schema_id]
    return fastavro.parse_schema(json.loads((SCHEMAS / path).read_text()), named_schemas={})
