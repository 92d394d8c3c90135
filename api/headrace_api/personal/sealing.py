"""Sealing what identifies a person under their key, which is made where there is none yet."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future

import anyio.to_thread

from headrace_api.errors import Busy
from headrace_api.followed import until
from headrace_api.said import Said
from headrace_broker.credentials import Credentials
from headrace_broker.personal import PersonalKey, key_of, shown
from headrace_broker.results import Result
from headrace_events.envelope import Request
from headrace_events.ids import CommandId, Micros, uuid7
from headrace_events.personal import MakePersonalKey

logger = logging.getLogger(__name__)

SECONDS = 10.0
"""How long what a person wrote waits for their key."""
PATIENCE = 2.0
"""How long a command waits for it, which would otherwise go without its address."""
AGAIN_US = 5_000_000
"""How long nobody asks again for a key that does not come."""


class PersonalData:
    """Seals and opens; keeps nothing, so that who is erased is forgotten here as soon as the credentials are."""

    def __init__(self, credentials: Credentials, send: Callable[[Request], "Future[Result]"]) -> None:
        self._credentials = credentials
        self._send = send
        self._asked: Said[str] = Said()

    async def sealed(self, user: str, text: str | None) -> str | None:
        """The text as it may go into the log; None where there is none, or no key to be had for that person.

        Raises Unavailable, and Busy where the key does not come.
        """
        if not text:
            return None
        if not self.knows(user) and not await self._made(user):
            return None
        return self._seal(user, text)

    async def address(self, user: str, address: str | None) -> str | None:
        """Where the person's command came from, sealed; None where their key does not come in time."""
        if address is None:
            return None
        sealed = self.sealed_now(user, address)
        if sealed is None:
            await anyio.to_thread.run_sync(self._credentials.wait_until, lambda: self.knows(user), PATIENCE)
            sealed = self._seal(user, address)
        return sealed

    def sealed_now(self, user: str, text: str) -> str | None:
        """The text sealed, without waiting: None where there is no key yet, which is asked for then."""
        now = Micros(time.time_ns() // 1000)
        if not self.knows(user) and self._asked.first(user, now, until=Micros(now + AGAIN_US)):
            self._ask(user).add_done_callback(_told)
        return self._seal(user, text)

    def shown(self, text: str) -> str:
        """The text as it was; `erased` where nobody can tell any more."""
        return shown(text, self._credentials)

    def knows(self, user: str) -> bool:
        """Whether this process has the key of that person."""
        return self._key(user) is not None

    def _key(self, user: str) -> PersonalKey | None:
        return key_of(user, self._credentials)

    def _seal(self, user: str, text: str) -> str | None:
        key = self._key(user)
        return key.seal(text) if key is not None else None

    async def _made(self, user: str) -> bool:
        """Whether there is a key now; False where the person can have none."""
        try:
            answer = await asyncio.wait_for(asyncio.wrap_future(self._ask(user)), SECONDS)
        except TimeoutError:
            raise Busy("the key of a person could not be made in time: send the same request again") from None
        if not answer.accepted:
            return False
        await until(self._credentials, lambda: self.knows(user))
        return True

    def _ask(self, user: str) -> "Future[Result]":
        return self._send(Request(command=MakePersonalKey(user=user), id=CommandId(uuid7()), actor="system:api"))


def _told(outcome: "Future[Result]") -> None:
    error = outcome.exception()
    if error is not None:
        logger.warning("a person's key could not be asked for: %s", error)
