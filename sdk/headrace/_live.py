"""What workers write while a study runs, as it comes: lines and metrics of the project's `runs` topic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import confluent_kafka

from headrace._clients import Consumer
from headrace._errors import Invalid

MakeConsumer = Callable[..., Consumer]


class LiveLines:
    """Reads the topic from where it ended when this was made; what belongs to other runs is passed over."""

    def __init__(self, make_consumer: MakeConsumer, project: str, study: str) -> None:
        self._prefix = f"{study}/"
        self._topic = f"{project}.runs"
        self._consumer = make_consumer([], group=f"live-{study}", enable_auto_commit=False)
        described = self._consumer.list_topics(self._topic, timeout=10.0).topics[self._topic]
        ends = []
        for number in described.partitions:
            where = confluent_kafka.TopicPartition(self._topic, number)
            _, end = self._consumer.get_watermark_offsets(where, timeout=10.0)
            ends.append(confluent_kafka.TopicPartition(self._topic, number, end))
        self._consumer.assign(ends)

    def poll(self, seconds: float) -> Iterator[str]:
        """The next lines as text, `[worker-1] trial 3: …`; none after that many seconds."""
        for message in self._consumer.consume(500, seconds):
            key = message.key()
            run = key.decode() if isinstance(key, bytes) else str(key)
            if message.error() is None and run.startswith(self._prefix):
                yield self._said(message, run.removeprefix(self._prefix))

    def _said(self, message: confluent_kafka.Message, trial: str) -> str:
        try:
            record: dict[str, Any] = self._consumer.decode(message) or {}
        except Invalid as error:
            return f"trial {trial}: a record that cannot be read: {error}"
        head = f"[{record['worker']}] trial {trial}"
        if "value" in record:
            return f"{head}, step {record['step']}: {record['name']} = {record['value']:.6g}"
        return f"{head}: {record['text']}"

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()
