"""Readings of external groups, as a training dataset's manifest tells of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalReading:
    """Rows of an external group that a training dataset was made of, which the log does not hold.

    `query_sha256` is of the query that gave them, `hash` of their contents in the encoding of training data, sorted by
    key, event time and known-at: a source that gives the same rows gives the same hash. `sha256` names the stored file,
    which goes when the dataset's files are purged. `read_at` (UTC) is what the program that read them said.
    """

    group: str
    version: int
    storage_connector: str
    query_sha256: str
    sha256: str
    rows: int
    hash: str
    read_at: datetime


def external_readings(rows: Sequence[Mapping[str, Any]] | None) -> tuple[ExternalReading, ...]:
    """Those that the API tells of a dataset."""
    return tuple(
        ExternalReading(
            group=row["group"],
            version=row["version"],
            storage_connector=row["storage_connector"],
            query_sha256=row["query_sha256"],
            sha256=row["sha256"],
            rows=row["rows"],
            hash=row["hash"],
            read_at=_EPOCH + timedelta(microseconds=row["read_at"]),
        )
        for row in rows or ()
    )


def given_again(readings: Sequence[ExternalReading]) -> list[dict[str, Any]]:
    """The same readings, as a dataset is asked for with them."""
    return [
        {"group": one.group, "version": one.version, "sha256": one.sha256, "read_at": micros_since_1970(one.read_at)}
        for one in readings
    ]


def changed_sources(before: Sequence[ExternalReading], after: Sequence[ExternalReading]) -> list[str]:
    """Which external groups gave other rows than before, in words."""
    now = {(one.group, one.version): one for one in after}
    pairs = [(one, now[one.group, one.version]) for one in before if (one.group, one.version) in now]
    return [
        f"the query of {old.group!r} version {old.version} gave other rows: {new.rows} with hash {new.hash[:12]}… at"
        f" {new.read_at.isoformat()}, and {old.rows} with {old.hash[:12]}… at {old.read_at.isoformat()}"
        for old, new in pairs
        if old.hash != new.hash
    ]


def micros_since_1970(moment: datetime) -> int:
    """As the platform has times."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
