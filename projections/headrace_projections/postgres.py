"""Connections to Postgres for what writes projections."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import Connection, errors

from headrace_projections.errors import Unavailable, Unfounded


@contextmanager
def translated() -> Iterator[None]:
    """Raise Postgres' errors as ours: out of reach or out of resources, or a key that has its row already."""
    try:
        yield
    except errors.UniqueViolation as error:
        raise Unfounded(error.diag.table_name or "a table", error.diag.message_detail or str(error)) from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise Unavailable(str(error).strip()) from error


def connect(dsn: str, name: str) -> Connection[Any]:
    """A connection that commits only what its transactions hold; raises Unavailable.

    Commits do not wait for the disk. Data and checkpoint are lost together if Postgres crashes just then, so the
    projection goes on from what is left: the log is the durable copy.
    """
    with translated():
        return psycopg.connect(
            dsn,
            autocommit=True,
            connect_timeout=5,
            prepare_threshold=None,
            application_name=f"headrace {name}",
            options="-c synchronous_commit=off -c timezone=UTC",
        )
