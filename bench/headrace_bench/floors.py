"""What nothing built on these servers can be faster than: a bare transaction, HTTP answer, SELECT, or copy of rows."""

import time
import uuid
from collections.abc import Callable, Sequence

import httpx
import psycopg

from headrace_broker.admin import Admin
from headrace_broker.connection import Connection
from headrace_broker.record import Entry
from headrace_broker.topics import TopicSpec
from headrace_broker.transactions import TransactionalWriter

BATCH = 10_000


def transaction(connection: Connection) -> Callable[[], object]:
    """One message in one transaction, over mTLS."""
    topic = _topic(connection)
    writer = TransactionalWriter(connection, topic)

    def once() -> None:
        writer.begin()
        writer.write([Entry(topic=topic, key=b"k", value=b"v" * 200)])
        writer.commit_alone()

    return once


def answer(client: httpx.Client) -> Callable[[], object]:
    """An HTTP answer that does nothing."""
    return lambda: client.get("/healthz")


def select(dsn: str) -> Callable[[], object]:
    """One prepared SELECT of one row by key."""
    connection = psycopg.connect(dsn, autocommit=True)
    cursor = connection.cursor()
    query = "SELECT user_name FROM catalogue.users WHERE user_name = %s"

    def once() -> object:
        return cursor.execute(query, ["administrator"], prepare=True).fetchone()

    return once


def rows(connection: Connection, dsn: str, columns: Sequence[str], content: Sequence[tuple[object, ...]]) -> float:
    """Rows a second that are written to a topic, and then copied into a table with a key, by nobody who looks at them.

    The values on the topic are ten doubles and a key, as bytes, in transactions of ten thousand.
    """
    topic, table = _topic(connection), f"bench_{uuid.uuid4().hex[:8]}"
    values = [Entry(topic=topic, key=str(row[0]).encode(), value=b"v" * (8 * len(row))) for row in content]
    writer = TransactionalWriter(connection, topic)
    began = time.perf_counter()
    for first in range(0, len(values), BATCH):
        writer.begin()
        writer.write(values[first : first + BATCH])
        writer.commit_alone()
    with psycopg.connect(dsn) as database, database.cursor() as cursor:
        numbers = ", ".join(f"{name} double precision" for name in columns[1:])
        cursor.execute(f"CREATE TABLE {table} ({columns[0]} bigint PRIMARY KEY, {numbers})".encode())
        with cursor.copy(f"COPY {table} FROM STDIN".encode()) as copy:
            for row in content:
                copy.write_row(row)
        database.commit()
        seconds = time.perf_counter() - began
        cursor.execute(f"DROP TABLE {table}".encode())
    return len(content) / seconds


def _topic(connection: Connection) -> str:
    topic = f"headrace.bench-{uuid.uuid4().hex[:8]}"
    Admin(connection).create_topics([TopicSpec(name=topic, purpose="bench", config={"retention.ms": "3600000"})])
    return topic
