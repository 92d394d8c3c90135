"""Somebody who took no part in the story, and looks at what it left: on the broker, in Postgres, through the API."""

from __future__ import annotations

import io
import json
import ssl
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import fastavro
import httpx
import psycopg
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from tests.integration.clients import connection
from tests.integration.stack import RunningStack

from headrace_compose.founding import NAME


@dataclass(slots=True)
class Witness:
    """Reads with a broker's certificate, a database's password and an administrator's key."""

    stack: RunningStack
    http: httpx.Client
    key: str
    schemas: dict[int, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, stack: RunningStack) -> Witness:
        """A witness of this stack."""
        key = (stack.site.home.secrets / f"{NAME}.key").read_text().strip()
        return cls(stack, httpx.Client(base_url=stack.site.api_url, headers={"Authorization": f"Bearer {key}"}), key)

    def ask(self, path: str, **parameters: Any) -> Any:
        """What the API answers to a GET."""
        return self.http.get(path, params=parameters).raise_for_status().json()

    def flink(self, path: str) -> Any:
        """What Flink's REST interface answers, to the cluster's own key."""
        site = self.stack.site
        keys = site.home.root / "flink" / "keys"
        context = ssl.create_default_context(cafile=keys / "certificate.pem")
        context.load_cert_chain(keys / "certificate.pem", keys / "key.pem")
        answer = httpx.get(f"https://{site.addresses['flink-jobmanager']}{path}", verify=context)
        return answer.raise_for_status().json()

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with psycopg.connect(self.stack.postgres_dsn) as database:
            return list(database.execute(cast(Any, query), parameters))

    def messages(self, topic: str) -> list[Message]:
        """All committed records of the topic's partitions, each up to the end it has now."""
        settings = connection(self.stack, "broker").librdkafka()
        consumer = Consumer(
            {
                **settings,
                "group.id": "witness",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 10,
            }
        )
        found: list[Message] = []
        try:
            waiting = set(consumer.list_topics(topic, timeout=15).topics[topic].partitions)
            consumer.assign([TopicPartition(topic, number, 0) for number in waiting])
            deadline = time.monotonic() + 60
            while waiting:
                assert time.monotonic() < deadline, f"the end of {topic} was not reached"
                for message in consumer.consume(10_000, 0.2):
                    error = message.error()
                    if error is None:
                        found.append(message)
                    elif error.code() == KafkaError._PARTITION_EOF:
                        waiting.discard(message.partition() or 0)
                    else:
                        raise KafkaException(error)
        finally:
            consumer.close()
        return found

    def headers(self, topic: str) -> list[dict[str, str]]:
        """The headers of all messages of the topic, as text."""
        return [
            {name: value.decode() for name, value in dict(message.headers() or ()).items() if isinstance(value, bytes)}
            for message in self.messages(topic)
        ]

    def records(self, topic: str) -> list[dict[str, Any]]:
        """The records of the topic, decoded by the schemas that the registry gives for their ids."""
        project = topic.partition(".")[0]
        values = [message.value() for message in self.messages(topic)]
        return [self.decoded(project, value) for value in values if isinstance(value, bytes)]

    def decoded(self, project: str, value: bytes) -> dict[str, Any]:
        """A framed Avro record."""
        magic, schema_id = struct.unpack(">bI", value[:5])
        assert magic == 0
        if schema_id not in self.schemas:
            text = self.ask(f"/api/projects/{project}/registry/schemas/ids/{schema_id}")["schema"]
            self.schemas[schema_id] = fastavro.parse_schema(json.loads(text))
        record = fastavro.schemaless_reader(io.BytesIO(value[5:]), self.schemas[schema_id], None)
        return cast(dict[str, Any], record)


@dataclass(frozen=True)
class Played:
    """What the story says of itself, in its report and on the terminal, and a witness of what is left of it."""

    report: Mapping[str, Any]
    told: str
    witness: Witness
    home: Path

    def step(self, number: int) -> Mapping[str, Any]:
        """The report of a step."""
        return cast(Mapping[str, Any], self.report["steps"][number])

    @property
    def flights(self) -> str:
        """The project it was played in."""
        return str(self.step(1)["projects"][0])

    @property
    def rival(self) -> str:
        """The other project."""
        return str(self.step(1)["projects"][1])

    @cached_property
    def predictions(self) -> list[dict[str, Any]]:
        """Every prediction on the log."""
        return self.witness.records(f"{self.flights}.predictions")

    @cached_property
    def outcomes(self) -> dict[str, dict[str, Any]]:
        """The last outcome of each prediction on the log."""
        return {one["inference_id"]: one for one in self.witness.records(f"{self.flights}.outcomes")}
