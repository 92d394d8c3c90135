"""The audit trail: who did, tried, or was refused what, when, from where, because of which command.

Whoever adds a kind of act needs nothing but an Act: `user.login`, say, refused, with a code. No act holds a secret.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from headrace_broker.connection import Connection
from headrace_broker.errors import BrokerError, Unavailable
from headrace_broker.producing import RecordProducer
from headrace_broker.record import Entry
from headrace_broker.topics import AUDIT
from headrace_events.ids import CommandId, Micros
from headrace_schemas.catalogue import schema_id
from headrace_schemas.codec import RecordCodec, ShippedSchemas
from headrace_schemas.errors import Undecodable

logger = logging.getLogger(__name__)

PLATFORM_KEY = "headrace"
_LONGEST = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DELIVERY_S = 300.0


class Outcome(StrEnum):
    """What came of an act."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What one line of the trail says.

    `actor` is `user:<name>`, `system:<processor>` or `anonymous`; `act` is `<kind>.<verb>`, for commands their wire
    name; `subject` is an aggregate or a path; `at` is microseconds UTC; `count` is how many alike it stands for.
    """

    at: Micros
    actor: str
    act: str
    outcome: Outcome
    code: str = ""
    message: str = ""
    project: str | None = None
    subject: str = ""
    address: str | None = None
    command: CommandId | None = None
    count: int = 1
    details: Mapping[str, str] = field(default_factory=dict)


class ActCodec:
    """Acts ⇄ bytes."""

    def __init__(self) -> None:
        self._records = RecordCodec(ShippedSchemas())
        self._schema_id = schema_id("audit/entry.v2.avsc")

    def entry(self, act: Act) -> Entry:
        """The act as a record of the trail."""
        record = {
            "time": act.at,
            "actor": act.actor[:_LONGEST],
            "action": act.act[:_LONGEST],
            "project": act.project,
            "outcome": act.outcome.value,
            "code": act.code[:_LONGEST],
            "message": act.message[:_LONGEST],
            "command_id": act.command,
            "subject": act.subject[:_LONGEST],
            "address": act.address,
            "count": act.count,
            "details": {name: text[:_LONGEST] for name, text in act.details.items()},
        }
        key = (act.project or PLATFORM_KEY).encode("utf-8", "backslashreplace")
        return Entry(topic=AUDIT, key=key, value=self._records.encode(self._schema_id, record))

    def act(self, payload: bytes) -> Act:
        """The act; raises SchemaError."""
        record = self._records.decode(payload)
        try:
            return Act(
                at=Micros((record["time"] - _EPOCH) // timedelta(microseconds=1)),
                actor=record["actor"],
                act=record["action"],
                outcome=Outcome(record["outcome"]),
                code=record["code"],
                message=record["message"],
                project=record["project"],
                subject=record.get("subject", ""),
                address=record.get("address"),
                command=None if record["command_id"] is None else CommandId(record["command_id"]),
                count=record.get("count", 1),
                details=record.get("details", {}),
            )
        except (KeyError, ValueError) as error:
            raise Undecodable(f"the record is no act: {error!r}") from error


class AuditLog(Protocol):
    """Where a process writes what it saw."""

    def write(self, act: Act) -> None:
        """Hand the act over, at once."""
        ...

    def close(self) -> None:
        """Deliver what is left."""
        ...


@dataclass(slots=True)
class RememberedAudit:
    """The trail in memory."""

    acts: list[Act] = field(default_factory=list)

    def write(self, act: Act) -> None:
        """Remember the act."""
        self.acts.append(act)

    def close(self) -> None:
        """Nothing is left."""


class ProducedAudit:
    """The trail on the log. What the brokers do not take within minutes is told to the process's own log instead."""

    def __init__(self, connection: Connection) -> None:
        self._codec = ActCodec()
        self._producer = RecordProducer(connection, delivery_seconds=_DELIVERY_S)

    def write(self, act: Act) -> None:
        """Hand the act over; never blocks."""

        def delivered(error: BrokerError | None) -> None:
            if error is not None:
                logger.error("the audit trail lacks %s: %s", act, error)

        try:
            self._producer.send(self._codec.entry(act), delivered)
        except Unavailable as error:
            delivered(error)

    def close(self) -> None:
        """Deliver what is left."""
        self._producer.close()


def now() -> Micros:
    """This moment."""
    return Micros(time.time_ns() // 1000)
