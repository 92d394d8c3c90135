"""What nothing built on these servers can be faster than: a bare transaction, a bare HTTP answer, a bare SELECT."""

import uuid
from collections.abc import Callable

import httpx
import psycopg

from headrace_broker.admin import Admin
from headrace_broker.connection import Connection
from headrace_broker.record import Entry
from headrace_broker.topics import TopicSpec
from headrace_broker.transactions import TransactionalWriter


def transaction(connection: Connection) -> Callable[[], object]:
    """One message in one transaction, over mTLS."""
    topic = f"headrace.bench-{uuid.uuid4().hex[:8]}"
    Admin(connection).create_topics([TopicSpec(name=topic, purpose="bench", config={"retention.ms": "3600000"})])
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
