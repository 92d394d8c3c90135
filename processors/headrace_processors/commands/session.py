"""One ownership of the command topic: fence whoever was before, read the state, then decide until something breaks.

A session never repairs itself. Whatever goes wrong, it is closed with its world, and the next one reads the log again;
so no state of an aborted or unknown transaction can survive in memory.
"""

import logging
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from headrace_broker.admin import Admin, translated
from headrace_broker.connection import Connection
from headrace_broker.errors import BrokerError, Missing, Unavailable
from headrace_broker.follower import LEAVING_MS, STAYING_MS, Follower, Partition
from headrace_broker.record import Record, read_headers
from headrace_broker.sealing import MasterKey
from headrace_broker.topics import COMMANDS, STATE
from headrace_broker.transactions import TransactionalWriter
from headrace_processors.commands.batch import Batches
from headrace_processors.commands.refold import refold
from headrace_processors.commands.rounds import Rounds
from headrace_processors.commands.snapshots import restore
from headrace_processors.commands.world import World

logger = logging.getLogger(__name__)

GROUP = "headrace.command-processor"
BATCH = 500
PROJECTS_A_BATCH = 50


class Session:
    """From one assignment of the command topic to the first failure or the loss of the assignment."""

    def __init__(self, connection: Connection, master: MasterKey, instance: str) -> None:
        self._connection = connection
        self._admin = Admin(connection)
        self._master = master
        self._topic_ids: dict[str, str] = {}
        self._writer: TransactionalWriter | None = None
        self._rounds: Rounds | None = None
        self._batches: Batches | None = None
        self._lost = False
        self._held: list[Message] = []
        self.world = World()
        self._consumer = Consumer(
            {
                **connection.librdkafka(),
                "group.id": GROUP,
                "group.instance.id": f"command-processor-{instance}",
                "session.timeout.ms": 10_000,
                "heartbeat.interval.ms": 2_000,
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": STAYING_MS,
            }
        )
        self._consumer.subscribe([COMMANDS], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked)

    @property
    def owns(self) -> bool:
        """Whether this session decides commands now."""
        return self._batches is not None and not self._lost

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        if not partitions:
            return
        self._writer = TransactionalWriter(self._connection, f"{GROUP}-0")
        self._rounds = Rounds(self._writer)
        self._restore()
        for partition in consumer.committed(partitions, timeout=15.0):
            start = partition.offset if partition.offset >= 0 else OFFSET_BEGINNING
            consumer.assign([TopicPartition(partition.topic, partition.partition, start)])
        self._batches = Batches(self.world, self._master)
        logger.info("owns the command topic: %d aggregates known", len(self.world.aggregates))

    def _revoked(self, *_: Any) -> None:
        self._lost = True

    def _restore(self) -> None:
        follower = Follower(self._connection, wait_ms=LEAVING_MS)
        follower.follow({Partition(STATE, self._topic_id(STATE), 0): 0})
        readable = True
        while not follower.at_end():
            for record in follower.poll(seconds=1.0).records:
                readable = restore(self.world, record) and readable
        follower.close()
        if not readable:
            logger.warning("snapshots are of another format: folding all events again")
            refold(self.world, self._connection)

    def step(self, seconds: float = 0.5) -> int:
        """Decide what is waiting; return how many commands. Raises BrokerError, and then the session is over."""
        messages = self._next(seconds)
        if self._lost:
            raise Unavailable("the command topic was given to another processor")
        if not messages or self._batches is None or self._writer is None or self._rounds is None:
            return 0
        group = self._consumer.consumer_group_metadata()
        records = [self._record(message) for message in messages]
        batch = self._batches.decide(records)
        batches = self._batches
        self._writer.begin()
        self._rounds.write(batch.events, lambda offsets: batches.answers(batch, offsets, self._topic_id))
        self._writer.commit(TopicPartition(COMMANDS, 0, records[-1].offset + 1), group)
        self._rounds.committed()
        return len(records)

    def _next(self, seconds: float) -> list[Message]:
        messages = self._held
        self._held = []
        if not messages:
            first = self._consumer.poll(seconds)
            if first is None:
                return []
            messages = [first, *self._consumer.consume(BATCH - 1, 0.001)]
        for message in messages:
            error = message.error()
            if error is not None:
                if error.code() == KafkaError._AUTO_OFFSET_RESET:
                    raise Missing(f"commands that were never decided are gone from the log: {error.str()}")
                raise translated(KafkaException(error))
        return self._limited(messages)

    def _limited(self, messages: list[Message]) -> list[Message]:
        """The longest start of the batch with at most PROJECTS_A_BATCH projects and no id twice; the rest is held."""
        projects: set[Any] = set()
        ids: set[str] = set()
        for index, message in enumerate(messages):
            projects.add(message.key())
            command = read_headers(message.headers()).get("ce_id", "")  # type: ignore[arg-type] # stubs widen the pairs
            if len(projects) > PROJECTS_A_BATCH or command in ids:
                self._held = messages[index:]
                return messages[:index]
            ids.add(command)
        return messages

    def _record(self, message: Message) -> Record:
        key, value = message.key(), message.value()
        return Record(
            topic=COMMANDS,
            topic_id=self._topic_id(COMMANDS),
            partition=0,
            offset=message.offset() or 0,
            key=key.encode() if isinstance(key, str) else key,
            value=value.encode() if isinstance(value, str) else value,
            headers=read_headers(message.headers()),  # type: ignore[arg-type] # stubs widen the pairs
            timestamp=message.timestamp()[1],
        )

    def _topic_id(self, topic: str) -> str:
        if topic not in self._topic_ids:
            found = self._admin.topic_ids([topic])
            if topic not in found:
                raise Missing(f"topic {topic} does not exist")
            self._topic_ids[topic] = found[topic][0]
        return self._topic_ids[topic]

    def close(self) -> None:
        """Give the topic up. An open transaction is aborted if the brokers can be reached, or by their timeout."""
        if self._writer is not None:
            try:
                self._writer.abort()
            except BrokerError as error:
                logger.info("nothing to abort, or no way to: %s", error)
        self._consumer.close()
