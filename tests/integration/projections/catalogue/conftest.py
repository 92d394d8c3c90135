"""A database of its own for every test, and projectors to run on it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import Connection, sql
from psycopg.conninfo import make_conninfo
from tests.integration.clients import connection, eventually
from tests.integration.stack import RunningStack

from headrace_broker.connection import Connection as LogConnection
from headrace_projections.catalogue.definition import TABLES, apply
from headrace_projections.errors import Unavailable
from headrace_projections.metadata_rebuild import MetadataRebuild
from headrace_projections.projector import Session


@dataclass(slots=True)
class Catalogue:
    """A catalogue in a database of its own, on a log that may be shared."""

    stack: RunningStack
    dsn: str

    @property
    def log(self) -> LogConnection:
        """The broker as the projector sees it."""
        return connection(self.stack, "projector")

    def session(self) -> Session:
        """A projector's session."""
        return Session(self.log, self.dsn, TABLES, apply)

    def rebuild(self) -> MetadataRebuild:
        """What makes the catalogue again."""
        return MetadataRebuild(self.log, self.dsn, TABLES, apply)

    def catch_up(self) -> None:
        """Project everything that is on the log, in this thread."""
        with self.session() as session:
            while not session.progress.at_end:
                session.step()

    @contextmanager
    def following(self) -> Iterator[None]:
        """Project in a thread for the length of the block, as the process does; what ends that fails here."""
        stop, failures = threading.Event(), list[BaseException]()

        def project() -> None:
            try:
                while not stop.is_set():
                    try:
                        with self.session() as session:
                            while not stop.is_set():
                                session.step(0.1)
                    except Unavailable:
                        continue
            except BaseException as error:
                failures.append(error)
                raise

        thread = threading.Thread(target=project)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(30)
        assert not failures

    def environment(self) -> dict[str, str]:
        """What a process of the projector is started with."""
        log = self.log
        return {
            **os.environ,
            "HEADRACE_BOOTSTRAP": log.bootstrap,
            "HEADRACE_CA": str(log.ca),
            "HEADRACE_CERT": str(log.certificate),
            "HEADRACE_KEY": str(log.key),
            "HEADRACE_POSTGRES": self.dsn,
        }

    @contextmanager
    def process(self, output: Path) -> Iterator[subprocess.Popen[bytes]]:
        """The projector as a process of its own; it is killed at the end, if it is still there."""
        command = (sys.executable, "-m", "headrace_projections.catalogue.main")
        with output.open("ab") as log:
            process = subprocess.Popen(command, env=self.environment(), stderr=log, stdout=log)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(10)

    def ask(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with psycopg.connect(self.dsn, autocommit=True) as database:
            cursor: Any = database.execute(query.encode(), parameters)
            return list(cursor.fetchall()) if cursor.description else []

    def until(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query as soon as there are any."""

        def asked() -> list[tuple[Any, ...]] | None:
            try:
                return self.ask(query, *parameters) or None
            except psycopg.errors.UndefinedTable:
                return None

        return eventually(asked, query, 60)


@contextmanager
def fresh(stack: RunningStack) -> Iterator[str]:
    """A new database, by its DSN; it is dropped afterwards."""
    name = f"test-{uuid.uuid4().hex}"
    with psycopg.connect(stack.postgres_dsn, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield make_conninfo(stack.postgres_dsn, dbname=name)
    with psycopg.connect(stack.postgres_dsn, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def catalogue(stack: RunningStack) -> Iterator[Catalogue]:
    """An empty catalogue on the session's log."""
    with fresh(stack) as dsn:
        yield Catalogue(stack, dsn)


@pytest.fixture
def database(catalogue: Catalogue) -> Iterator[Connection[Any]]:
    """A connection to that catalogue's database."""
    with psycopg.connect(catalogue.dsn, autocommit=True) as opened:
        yield opened
