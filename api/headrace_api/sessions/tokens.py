"""Session tokens: made at random, kept as hashes; how use keeps them on."""

import secrets
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from hashlib import sha256

from headrace_api.said import Remarks
from headrace_broker.holder import SESSION
from headrace_broker.results import Result
from headrace_events.envelope import Request
from headrace_events.ids import CommandId, Micros, uuid7
from headrace_events.session import ExtendSession, SessionStored

HOUR_US = 3_600_000_000
IDLE_US = 12 * HOUR_US
LONGEST_US = 7 * 24 * HOUR_US
EXTEND_AFTER_US = HOUR_US


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A new session's token, `<session id>.<secret>`; only its hash goes further than to the caller."""

    session_id: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """As it is presented."""
        return f"{self.session_id}.{self.secret}"

    @property
    def hash(self) -> str:
        """SHA-256 of the secret, hexadecimal."""
        return sha256(self.secret.encode()).hexdigest()


def new_token() -> Token:
    """A token that nobody can guess."""
    return Token(session_id=SESSION + secrets.token_hex(10), secret=secrets.token_hex(32))


class SessionUses:
    """Keeps sessions that are used from growing idle: says so by command, once an hour for each."""

    def __init__(self, send: Callable[[Request], "Future[Result]"]) -> None:
        self._remarks = Remarks(send)

    def used(self, stored: SessionStored) -> None:
        """The session was used now."""
        now = Micros(time.time_ns() // 1000)
        if stored.idle_until - IDLE_US + EXTEND_AFTER_US > now:
            return
        self._remarks.remark(
            stored.session_id, lambda: _extension(stored, now), now, until=Micros(now + EXTEND_AFTER_US)
        )


def _extension(stored: SessionStored, now: Micros) -> Request:
    extend = ExtendSession(
        user=stored.user, session_id=stored.session_id, token_hash=stored.token_hash, idle_until=Micros(now + IDLE_US)
    )
    return Request(command=extend, id=CommandId(uuid7()), actor="system:api")
