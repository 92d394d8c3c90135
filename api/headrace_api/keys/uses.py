"""That keys are used: said by command, once a day for each key, without anybody waiting for it."""

import logging
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future

from headrace_api.said import Said
from headrace_broker.results import Result
from headrace_events.api_key import DAY_US, RecordApiKeyUse
from headrace_events.envelope import Request
from headrace_events.ids import CommandId, Micros

logger = logging.getLogger(__name__)


class KeyUses:
    """Says each key's use once a day. Every process says a day under the same command id."""

    def __init__(self, send: Callable[[Request], "Future[Result]"]) -> None:
        self._send = send
        self._said = Said()

    def used(self, key_id: str) -> None:
        """The key was used now."""
        now = Micros(time.time_ns() // 1000)
        day = now // DAY_US
        if not self._said.first(key_id, now, until=Micros((day + 1) * DAY_US)):
            return
        request = Request(
            command=RecordApiKeyUse(key_id=key_id, used=Micros(day * DAY_US)),
            id=CommandId(str(uuid.uuid5(uuid.NAMESPACE_OID, f"use of key {key_id} on day {day}"))),
            actor="system:api",
        )
        self._send(request).add_done_callback(lambda outcome: self._settled(key_id, outcome))

    def _settled(self, key_id: str, outcome: "Future[Result]") -> None:
        error = outcome.exception()
        if error is not None:
            self._said.unsaid(key_id)
            logger.warning("the use of key %s could not be said; its next use says it: %s", key_id, error)
