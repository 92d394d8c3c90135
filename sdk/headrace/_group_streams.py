"""Rows of a feature group out of a topic."""

from __future__ import annotations

import re
import sys
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from headrace._clients import full_name
from headrace._command_id import new_command_id
from headrace._errors import Conflict, Invalid
from headrace._group_inserts import GroupInserts
from headrace._insert import INSERT, Sending
from headrace._insert_stream import (
    SETTINGS_OF_CONSUMER,
    Clients,
    Query,
    StreamProgress,
    StreamReceipt,
    settings_of_producer,
)
from headrace._kafka_record import Reading
from headrace._receipt import Receipt
from headrace._rows import Known
from headrace._stream_records import RowMaker, StreamRefusal, Transform
from headrace._streaming import STARTS

_NAME = re.compile(r"[A-Za-z0-9._-]{1,150}")


class GroupStreams(GroupInserts):
    """Queries that insert what is on a topic into one version of a feature group."""

    _clients: Clients

    @property
    @abstractmethod
    def version(self) -> int:
        """Its version."""

    def insert_stream(
        self,
        topic: str,
        *,
        transform: Transform | None = None,
        query_name: str | None = None,
        start: str = "earliest",
        until_end: bool = False,
        timeout: float | None = None,
        known_at: str | None = None,
        on_refused: Callable[[StreamRefusal], None] | None = None,
        on_progress: Callable[[StreamProgress], None] | None = None,
        show_progress: bool = True,
        validation_options: Mapping[str, Any] | None = None,
    ) -> StreamReceipt:
        """Insert what is on a topic, and what will be, each record exactly once, whoever is killed when.

        It returns at the end of the topic (`until_end`), after `timeout` seconds, or on SIGINT and SIGTERM. Rows and
        how far was read for them are one Kafka transaction: the query of that name goes on behind the last one that was
        committed. A query has one process; begun elsewhere, it goes on there and ends here.

        Args:
            topic: full or bare name; its records are Avro of the project's registry, or JSON objects. In JSON times are
                ISO 8601, decimals text and binaries base64.
            transform: makes of a KafkaRecord a row, several, or None; without it, a record's fields are the columns.
                One that raises refuses its record.
            query_name: who goes on; without it, the group and the topic say so. Another name reads from the `start`.
            start: earliest or latest, for a query that begins.
            until_end: whether the end of the topic ends it.
            timeout: how many seconds it goes on, without one until it is stopped.
            known_at: the column that says when each row was known, as with `insert`.
            on_refused: called with each record that no row came of, before it counts as read; again after a kill.
            on_progress: called after each transaction.
            show_progress: whether a terminal shows a line, where there is no `on_progress`.
            validation_options: `{"run_validation": False}` for a group whose suite is STRICT, which compares inserts.

        Raises:
            NotFound: there is no such topic, or the group is not made yet.
            Conflict: `query-overtaken`, `streaming-feature-group`, or `suite-is-strict`.
            Forbidden: the certificate may not write the group's rows, or not read the topic.
            HeadraceError: the query broke off; it may be begun again, which goes on.
        """
        self._must_take_rows()
        source = full_name(self._project, topic)
        query = query_name or f"{self.name}_{self.version}.{source.removeprefix(f'{self._project}.')}"
        self._must_be_able(source, query, start, (validation_options or {}).get("run_validation", True))
        full = f"{self._project}.insert-stream.{query}"
        producer = self._clients.producer(self.topic, **settings_of_producer(full))
        insert_id = new_command_id()
        sending = Sending(producer, self.topic, insert_id, [(INSERT, insert_id.encode())])
        run = Query(
            name=query,
            topic=source,
            consumer=self._clients.consumer([], full, **SETTINGS_OF_CONSUMER),
            producer=producer,
            sending=sending,
            encoder=self._make_encoder(),
            complete=self._completed,
            make=RowMaker(orjson.loads(self._known["schema"]), transform),
            reading=Reading(self._clients.schemas),
            known=None if known_at is None else Known.of(known_at),
            on_refused=on_refused,
            on_progress=on_progress or (line(query) if show_progress else None),
        )
        ended = run.run(STARTS[start], until_end=until_end, timeout=timeout)
        topic_id = self.progress()["topic_id"]
        places = tuple(f"{topic_id}:{number}:{offset}" for number, offset in sorted(sending.furthest.items()))
        rows = Receipt(accepted=sending.taken, refused=(), insert_id=insert_id, positions=places, _ask=self.progress)
        return StreamReceipt(
            query_name=query,
            records=run.records,
            accepted=sending.taken,
            refused=run.refused,
            skipped=run.skipped,
            refusals=tuple(run.refusals),
            ended=ended,
            _rows=rows,
        )

    def _must_be_able(self, source: str, query: str, start: str, validated: bool) -> None:
        if start not in STARTS:
            raise Invalid(f"one begins at {' or '.join(STARTS)}, not at {start!r}", code="invalid-start")
        if not _NAME.fullmatch(query):
            raise Invalid(
                f"a query's name has letters, digits, '.', '_' and '-', 1 to 150 of them, not {query[:80]!r}",
                code="invalid-name",
            )
        if source == self.topic:
            raise Invalid(f"{source!r} carries the rows of this group already", code="own-topic")
        suite = self.get_expectation_suite() if validated else None
        if suite is not None and suite.run_validation and suite.validation_ingestion_policy == "STRICT":
            raise Conflict(
                f"what {self.name!r} expects is STRICT, which looks at whole inserts, and a stream has no end: "
                'save the suite as ALWAYS, or say validation_options={"run_validation": False}',
                code="suite-is-strict",
            )


def line(name: str) -> Callable[[StreamProgress], None] | None:
    """A line on a terminal that says how far the query is, or None where there is none."""
    if not sys.stderr.isatty():
        return None

    def show(now: StreamProgress) -> None:
        sys.stderr.write(
            f"\r{name}: {now.records:,} records, {now.accepted:,} rows, {now.refused:,} refused, {now.lag:,} behind "
        )
        sys.stderr.flush()

    return show
