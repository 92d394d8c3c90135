"""One run of the observer: from the newest committed positions to the first failure.

Observations and positions are committed in one transaction, and a new session fences the one before it: each prediction
and outcome becomes an observation exactly once, in the order of its topic, so that of two outcomes the later one wins.
"""

import logging
from collections import defaultdict
from dataclasses import dataclass

from prometheus_client import Counter, Gauge

from headrace_broker.admin import Admin
from headrace_broker.artifacts import Artifacts
from headrace_broker.connection import Connection
from headrace_broker.dead_letters import DeadLetter, DeadLetters
from headrace_broker.errors import Missing
from headrace_broker.feed import MetadataFeed
from headrace_broker.follower import Batch, Follower, Partition
from headrace_broker.group_offsets import GroupOffsets, as_offsets
from headrace_broker.record import Entry
from headrace_broker.topics import REFERENCES
from headrace_broker.transactions import TransactionalWriter
from headrace_events.project import ProjectClosing
from headrace_processors.observer.errors import NoReference, Unusable
from headrace_processors.observer.known import Followed, Known, Watched
from headrace_processors.observer.observation import Normaliser
from headrace_processors.observer.references import reference_of
from headrace_processors.observer.sweeping import Sweeping
from headrace_processors.observer.training_data import training_columns
from headrace_projections.monitoring.reference import ReferenceCodec, reference_key, reference_place

logger = logging.getLogger(__name__)

NAME = "observer"
TRANSACTIONAL_ID = "headrace.observer"
GROUP = "headrace.observer"
"""The name under which brokers keep how far was read. They forget it a week after the last time; then everything is
read again, which writes every observation again under its own key, and changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What the process counts, over all its sessions."""

    observed: Counter
    dead_letters: Counter
    lost: Gauge


class Session:
    """Follows metadata, predictions and outcomes of every ready project; `knows` once it has read all metadata."""

    def __init__(self, connection: Connection, artifacts: Artifacts, measures: Measures) -> None:
        self._artifacts = artifacts
        self._measures = measures
        self._writer = TransactionalWriter(connection, TRANSACTIONAL_ID)
        self._positions = GroupOffsets(connection, GROUP)
        self._served = _references_there(connection)
        self._sweeping = Sweeping(connection, self._positions)
        self._feed = MetadataFeed(connection, patient=True)
        self._follower = Follower(connection, alone=True)
        self._dead = DeadLetters(connection, NAME)
        self._known = Known()
        self._normaliser = Normaliser()
        self._references = ReferenceCodec()
        self._followed: dict[str, Followed] = {}
        self._lost = 0
        self.knows = False

    def step(self, seconds: float = 0.2) -> int:
        """Learn what is new, normalise what came; the number of records. Raises BrokerError: the session is over.

        Nothing is observed before all that is closed is known: it would come back after it was taken back.
        """
        for recorded in self._feed.poll(0.0 if self.knows else seconds).events:
            if isinstance(recorded.event, ProjectClosing):
                self._forget(recorded.event.project)
                self._sweeping.add(recorded.event.project, recorded.seq)
            news = self._known.take(recorded)
            if isinstance(news, Followed):
                self._followed |= dict.fromkeys((where.topic for where in news.partitions), news)
                self._follower.follow(self._positions.committed(news.partitions))
            elif isinstance(news, Watched):
                self._serve(news)
        self.knows = self.knows or self._feed.at_end()
        if not self.knows:
            return 0
        self._sweeping.step(self._writer)
        batch = self._follower.poll(seconds=0.0 if self._sweeping.due else seconds)
        for where, error in batch.lost.items():
            self._lost += 1
            logger.error("%s[%s] cannot be read any more: %s", where.topic, where.partition, error)
        self._measures.lost.set(self._lost)
        if batch.records:
            self._observe(batch)
        return len(batch.records)

    def caught_up(self) -> bool:
        """Whether everything that was there has been read."""
        return self.knows and self._feed.at_end() and self._follower.at_end() and not self._sweeping.due

    def _observe(self, batch: Batch) -> None:
        entries: list[Entry] = []
        dead: dict[str, list[DeadLetter]] = defaultdict(list)
        for record in batch.records:
            followed = self._followed[record.topic]
            normalise = self._normaliser.prediction if followed.kind == "prediction" else self._normaliser.outcome
            try:
                entries.append(normalise(followed.project, record))
            except Unusable as error:
                dead[followed.project].append(DeadLetter(record=record, error=str(error)))
        for project, letters in dead.items():
            self._dead.write(f"{project}.deadletters", letters)
            self._measures.dead_letters.labels(project).inc(len(letters))
        self._writer.begin()
        self._writer.write(entries)
        self._writer.commit(as_offsets(batch.ends), self._positions.group())
        self._measures.observed.inc(len(entries))

    def _serve(self, watched: Watched) -> None:
        """Write the monitor's reference, once: written again, it would make every window of the monitor anew."""
        key = reference_key(watched.project, watched.deployment)
        if key in self._served:
            return
        wanted = (*watched.inputs, *((watched.label,) if watched.label else ()))
        try:
            columns = training_columns(self._artifacts, watched.project, watched.files, wanted)
            reference = reference_of(watched, columns)
        except NoReference as error:
            logger.warning("deployment %s of %s has no reference: %s", watched.deployment, watched.project, error)
            reference = reference_of(watched, {}, str(error))
        self._writer.begin()
        self._writer.write([Entry(topic=REFERENCES, key=key, value=self._references.encode(reference))])
        self._writer.commit_alone()
        self._served.add(key)

    def _forget(self, project: str) -> None:
        """Let go of the project's topics, and take its references back."""
        self._known.forget(project)
        for topic in [topic for topic, followed in self._followed.items() if followed.project == project]:
            self._follower.leave(topic)
            del self._followed[topic]
        gone = {key for key in self._served if reference_place(key)[0] == project}
        if gone:
            self._writer.begin()
            self._writer.write([Entry(topic=REFERENCES, key=key, value=None) for key in gone])
            self._writer.commit_alone()
            self._served -= gone

    def close(self) -> None:
        """Stop; what was not committed is given up."""
        self._sweeping.close()
        self._dead.close()
        self._positions.close()
        self._follower.close()
        self._feed.close()


def _references_there(connection: Connection) -> set[bytes]:
    found = Admin(connection).topic_ids([REFERENCES])
    if REFERENCES not in found:
        raise Missing(f"{REFERENCES} does not exist: prepare the log first")
    follower = Follower(connection)
    follower.follow({Partition(REFERENCES, found[REFERENCES][0], 0): 0})
    keys: set[bytes] = set()
    while not follower.at_end():
        for record in follower.poll(seconds=1.0).records:
            if record.key is not None:
                keys = keys - {record.key} if record.value is None else keys | {record.key}
    follower.close()
    return keys
