"""That keys are used: said by command, once a day for each key, without anybody waiting for it."""

import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future

from headrace_api.said import Remarks
from headrace_broker.results import Result
from headrace_events.api_key import DAY_US, RecordApiKeyUse
from headrace_events.envelope import Request
from headrace_events.ids import CommandId, Micros


class KeyUses:
    """Says each key's use once a day. Every process says a day under the same command id."""

    def __init__(self, send: Callable[[Request], "Future[Result]"]) -> None:
        self._remarks = Remarks(send)

    def used(self, key_id: str) -> None:
        """The key was used now."""
        now = Micros(time.time_ns() // 1000)
        day = now // DAY_US
        self._remarks.remark(key_id, lambda: _use(key_id, day), now, until=Micros((day + 1) * DAY_US))


def _use(key_id: str, day: int) -> Request:
    return Request(
        command=RecordApiKeyUse(key_id=key_id, used=Micros(day * DAY_US)),
        id=CommandId(str(uuid.uuid5(uuid.NAMESPACE_OID, f"use of key {key_id} on day {day}"))),
        actor="system:api",
    )
