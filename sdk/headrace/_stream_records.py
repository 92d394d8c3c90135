"""Records of a topic as rows of a feature group, and as refusals that say which record and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from headrace._json_records import from_json
from headrace._kafka_record import KafkaRecord

Transform = Callable[[KafkaRecord], Any]
"""Makes of a record a row (a dict), several, or None for none. The value of a JSON record is what JSON says."""


@dataclass(frozen=True, slots=True)
class StreamRefusal:
    """A record that a row could not come of: its place in the topic, and why."""

    partition: int
    offset: int
    reason: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of records, in order: rows, each with its record; `skipped` counts records that nothing was due of."""

    rows: list[Mapping[str, Any]] = field(default_factory=list)
    sources: list[KafkaRecord] = field(default_factory=list)
    refused: list[StreamRefusal] = field(default_factory=list)
    skipped: list[KafkaRecord] = field(default_factory=list)


class NoRow(Exception):
    """No row can come of the record; the message says why."""


@dataclass(frozen=True, slots=True)
class RowMaker:
    """Makes rows of records: Avro or JSON objects as they are, or what `transform` makes of them.

    `schema` is that of the group's rows: by it JSON's texts become times, decimals and bytes.
    """

    schema: Mapping[str, Any]
    transform: Transform | None = None

    def rows(self, records: Iterable[KafkaRecord]) -> Taken:
        """What came of the records; a function that raises refuses its record."""
        taken = Taken()
        for record in records:
            try:
                made = self._made(record)
            except NoRow as error:
                taken.refused.append(refusal(record, str(error)))
                continue
            if not made:
                taken.skipped.append(record)
            taken.rows.extend(made)
            taken.sources.extend([record] * len(made))
        return taken

    def _made(self, record: KafkaRecord) -> Sequence[Mapping[str, Any]]:
        if record.error is not None:
            raise NoRow(record.error)
        is_text = isinstance(record.value, str)
        found = replace(record, value=_parsed(record.value)) if is_text else record
        rows = _listed(found.value if self.transform is None else self._transformed(self.transform, found))
        return [_typed(self.schema, row) for row in rows] if is_text else rows

    @staticmethod
    def _transformed(transform: Transform, record: KafkaRecord) -> Any:
        try:
            return transform(record)
        except Exception as error:  # a member's function may raise anything
            raise NoRow(f"the function raised {type(error).__name__}: {error}") from error


def refusal(record: KafkaRecord, reason: str) -> StreamRefusal:
    """That no row came of the record."""
    return StreamRefusal(record.partition, record.offset, reason)


def _parsed(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise NoRow(f"it is neither framed Avro nor JSON: {error}") from None


def _listed(made: Any) -> Sequence[Mapping[str, Any]]:
    if made is None:
        return []
    if isinstance(made, Mapping):
        return [made]
    if isinstance(made, Iterable) and not isinstance(made, str | bytes):
        rows = list(made)
        if all(isinstance(row, Mapping) for row in rows):
            return rows
    raise NoRow(f"a {type(made).__name__} is no row: a row has names and values")


def _typed(schema: Mapping[str, Any], row: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        typed: Mapping[str, Any] = from_json(schema, dict(row))
    except (ValueError, RecursionError) as error:
        raise NoRow(f"it does not fit the group: {error}") from None
    return typed
