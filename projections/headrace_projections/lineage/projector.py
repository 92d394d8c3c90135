"""Keeping the index of edges in step with the derived topic."""

from typing import Any

from psycopg import Connection as Database

from headrace_broker.admin import Admin
from headrace_broker.connection import Connection
from headrace_broker.errors import Missing
from headrace_broker.feed import Start
from headrace_broker.follower import Follower, Partition
from headrace_broker.record import Record
from headrace_broker.topics import LINEAGE
from headrace_projections import checkpoint, tables
from headrace_projections.checkpoint import Step
from headrace_projections.lineage.edge import Edge, EdgeCodec, document_of
from headrace_projections.lineage.index import ALIAS, BODY, entry
from headrace_projections.search.engine import Engine, identifier
from headrace_projections.search.tables import NAME, make_live


class LineageProjector:
    """Writes edges through the alias; raises BrokerError, ProjectionError or psycopg's, and is then over."""

    def __init__(self, connection: Connection, engine: Engine, database: Database[Any]) -> None:
        make_live(database, engine, ALIAS, BODY)
        self._engine = engine
        self._database = database
        self._codec = EdgeCodec()
        self._where = partition_of(connection, LINEAGE)
        self._before = checkpoint.read(database, NAME).get(self._where)
        self._follower = Follower(connection, patient=True)
        self._follower.follow({self._where: self._before.offset if self._before else 0})

    def step(self, seconds: float) -> int:
        """Take what came; return how many edges it told of."""
        batch = self._follower.poll(seconds=seconds)
        end = batch.ends.get(self._where)
        if end is None or (self._before is not None and end <= self._before.offset):
            return 0
        edges, ended = latest(batch.records, self._codec)
        after = Start(end, 0)
        with self._database.transaction():
            tables.lock_to_project(self._database, NAME)
            self._engine.write(ALIAS, (entry(edge) for edge in edges), visible=True)
            self._engine.delete(ALIAS, ended)
            checkpoint.move(self._database, NAME, [Step(self._where, self._before, after)])
        self._before = after
        return len(edges)

    @property
    def at_end(self) -> bool:
        """Whether everything that was there has been read."""
        return self._follower.at_end()

    def lag(self) -> int:
        """How many offsets are still to be read, as the brokers last told."""
        return self._follower.lag()

    def close(self) -> None:
        """Stop."""
        self._follower.close()


def partition_of(connection: Connection, topic: str) -> Partition:
    """The one partition of a derived topic; raises Missing."""
    found = Admin(connection).topic_ids([topic])
    if topic not in found:
        raise Missing(f"{topic} does not exist: prepare the log first")
    return Partition(topic, found[topic][0], 0)


def latest(records: list[Record], codec: EdgeCodec) -> tuple[list[Edge], list[str]]:
    """The last word of each key: edges, and what documents of those are called that are no more. Raises SchemaError."""
    edges: dict[bytes, Edge | None] = {}
    for record in records:
        edges[record.key or b""] = None if record.value is None else codec.decode(record.value)
    gone = [identifier(document_of(key)) for key, edge in edges.items() if edge is None]
    return [edge for edge in edges.values() if edge is not None], gone
