"""Writing rows of a feature group: each is checked, encoded, and sent to the group's topic."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from headrace._columns import Feature
from headrace._command_id import new_command_id
from headrace._errors import Conflict, Invalid
from headrace._frames import rows_in, slices
from headrace._group_on_demand import GroupOnDemand
from headrace._group_validation import GroupValidation
from headrace._insert import (
    EVENT_TIME,
    INSERT,
    KNOWN_AT,
    QUEUE_KIB,
    QUEUE_ROWS,
    OnProgress,
    RowProducer,
    Sending,
    bar,
    claimed_time,
)
from headrace._receipt import Receipt
from headrace._rows import Known, Refusal, RowEncoder, RowSchema
from headrace._values import WrongValue, micros_of, plain

MakeProducer = Callable[..., RowProducer]


class GroupInserts(GroupOnDemand, GroupValidation):
    """What is written into one version of a feature group: rows and deletes, as frames."""

    _make_producer: MakeProducer
    _sent: dict[int, int]

    @property
    @abstractmethod
    def name(self) -> str:
        """Its name."""

    @property
    @abstractmethod
    def primary_key(self) -> tuple[str, ...]:
        """The columns that name an entity."""

    @property
    @abstractmethod
    def event_time(self) -> str | None:
        """The column that says when a row became true."""

    @property
    @abstractmethod
    def features(self) -> list[Feature]:
        """All columns, the key and the event time among them."""

    @property
    @abstractmethod
    def topic(self) -> str:
        """The topic that carries its rows."""

    @abstractmethod
    def progress(self) -> Mapping[str, Any]:
        """How far the stores have come."""

    @abstractmethod
    def _make_for(self, frame: Any, known_at: str | None) -> None:
        """Make the group for the rows of the frame, unless it is there; `known_at` is no feature of its own accord."""

    def insert(
        self,
        frame: Any,
        *,
        insert_id: str | None = None,
        wait: bool = False,
        on_progress: OnProgress | None = None,
        show_progress: bool = True,
        validation_options: Mapping[str, Any] | None = None,
        known_at: str | None = None,
        transform: bool = True,
    ) -> Receipt:
        """Write rows: a pandas or polars DataFrame, an Arrow table, or a list of dicts, which is left as it is.

        A row that does not fit (wrong type, missing key or event time, a number that is not finite, a value in a
        column the group lacks) is refused in the receipt; the others are written. NaN in a pandas frame is a missing
        value, as pandas means it; in other frames it is a number that is not finite. Datetimes without a zone are UTC.
        A column that the frame lacks is null, or has the default it was appended with. With `wait` it returns when the
        rows can be read. To repeat an insert that broke off, give its `insert_id`.

        `known_at` is for rows from elsewhere: the column of the frame that says since when each row was known there,
        which the log cannot know. It is written beside the row, and in it only where the group has such a column. A row
        without it, or with a time to come, is refused.

        On-demand features are computed of the frame's columns, those among them that are only arguments are not stored,
        and a row for which a function raises, or returns what it does not declare, is refused with the reason. With
        `transform=False` nothing is computed, and the frame has these features as columns.

        Where the group has an expectation suite, the frame is compared with it before any row is sent, and the report
        is saved and in the receipt; not so with `validation_options={"run_validation": False}`.

        Raises:
            Invalid: `not-as-expected`, where the suite is STRICT: nothing was written, and `details` have the report.
                `argument-missing`, `computed-column`: the frame lacks what a function takes, or has what it gives.
                `not-repeatable`: a function gives another value when it is asked again, or for the row alone.
            HeadraceError: the frame cannot be read, the certificate may not write, or the brokers are away.
        """
        known = None if known_at is None else Known.of(known_at)
        self._make_for(frame, known_at)
        self._must_take_rows()
        before = self.progress()
        validated = (validation_options or {}).get("run_validation", True)
        expected = before["expectations"] if validated else None
        report_of_rows = self._admitted(frame, expected, transform=transform)
        total = rows_in(frame)
        report = on_progress or (bar(f"insert {self.name}") if show_progress else None)
        sending = self._sending(insert_id)
        refused: list[Refusal] = []
        for part in slices(frame):
            encoded, turned_down = self._encoder.encode(*self._completed(part, transform=transform), known)
            refused += turned_down
            sending.send_all(encoded)
            if report is not None:
                report(part.first + part.count, total)
        sending.finish()
        receipt = self._receipt(sending, refused, before)
        if report_of_rows is not None:
            ingested = replace(report_of_rows, ingestion_result="INGESTED", insert_id=sending.insert_id)
            receipt = replace(receipt, validation=self._save_report(ingested))
        return receipt.wait() if wait else receipt

    def delete_rows(
        self,
        keys: Any,
        event_time: datetime | None = None,
        *,
        insert_id: str | None = None,
        known_at: str | None = None,
    ) -> Receipt:
        """Delete entities as of `event_time` (the event time column of `keys`, or now): frames as for `insert`.

        What a key had before that time is hidden; a row of a later event time shows again. `known_at` is the column of
        `keys` that says when each delete was known, as with `insert`.
        """
        known = None if known_at is None else Known.of(known_at)
        self._must_take_rows()
        now = micros_of(event_time or datetime.now(UTC))
        before = self.progress()
        sending = self._sending(insert_id)
        refused: list[Refusal] = []
        for part in slices(keys):
            columns = {
                name: values if isinstance(values, list) else values.to_pylist()
                for name, values in part.columns.items()
            }
            unknown: dict[int, str] = {}
            times = [None] * part.count if known is None else known.claimed(part, unknown)
            refused += [Refusal(part.first + row, reason) for row, reason in unknown.items()]
            for row, time in enumerate(times):
                if row in unknown:
                    continue
                entity = {name: values[row] for name, values in columns.items()}
                given = plain(entity.get(self.event_time)) if self.event_time else None
                try:
                    key = self._encoder.key_of(entity)
                    at = now if given is None else micros_of(given)
                except WrongValue as error:
                    refused.append(Refusal(part.first + row, str(error)))
                else:
                    headers = sending.headers if time is None else sending.claiming(time)
                    sending.send(key, None, [*headers, (EVENT_TIME, str(at).encode())])
        sending.finish()
        return self._receipt(sending, sorted(refused, key=lambda one: one.row), before)

    @cached_property
    def _encoder(self) -> RowEncoder:
        return self._make_encoder()

    def _make_encoder(self) -> RowEncoder:
        row = self._known
        return RowEncoder(
            RowSchema(
                types={one.name: one.type for one in self.features},
                primary_key=self.primary_key,
                event_time=self.event_time,
                schema_id=row["schema_id"],
                schema=row["schema"],
            )
        )

    def _must_take_rows(self) -> None:
        streaming = self._known.get("streaming")
        if streaming is not None:
            raise Conflict(
                f"the platform computes the rows of {self.name!r}: insert into {streaming['source']!r}, its source",
                code="streaming-feature-group",
            )

    def _producer(self) -> RowProducer:
        return self._make_producer(
            self.topic,
            linger_ms=20,
            queue_buffering_max_kbytes=QUEUE_KIB,
            queue_buffering_max_messages=QUEUE_ROWS,
        )

    def _sending(self, insert_id: str | None) -> Sending:
        chosen = insert_id or new_command_id()
        try:
            known_at = claimed_time(chosen) if insert_id else None
        except ValueError:
            raise Invalid(f"an insert id is a UUID, not {chosen[:80]!r}", code="invalid-insert-id") from None
        headers = [(INSERT, chosen.encode())]
        if known_at is not None:
            headers.append((KNOWN_AT, str(known_at).encode()))
        return Sending(self._producer(), self.topic, chosen, headers)

    def _receipt(self, sending: Sending, refused: list[Refusal], before: Mapping[str, Any]) -> Receipt:
        """The receipt of what was sent; `before` says how far the stores were then."""
        topic_id = str(before["topic_id"])
        self._sent |= {number: offset + 1 for number, offset in sending.furthest.items()}
        return Receipt(
            accepted=sending.taken,
            refused=tuple(refused),
            insert_id=sending.insert_id,
            positions=tuple(f"{topic_id}:{number}:{offset}" for number, offset in sorted(sending.furthest.items())),
            _ask=self.progress,
            _others={
                part["partition"]: max(part["online"], part["offline"], self._sent.get(part["partition"], 0))
                for part in before["partitions"]
            },
        )
