"""What people sign in with, as far as it counts now: followed from the compacted credentials topic into memory."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from headrace_broker.admin import Admin
from headrace_broker.connection import Connection
from headrace_broker.errors import Missing, Unavailable
from headrace_broker.follower import Follower, Partition
from headrace_broker.record import Record
from headrace_broker.sealing import MasterKey
from headrace_broker.topics import CREDENTIALS
from headrace_events.api_key import ApiKeyStored
from headrace_events.language import Event, Home
from headrace_events.user import UserBarred
from headrace_schemas.codec import MessageCodec, RecordCodec, ShippedSchemas

logger = logging.getLogger(__name__)

E = TypeVar("E", bound=Event)


class Credentials(Protocol):
    """What was stored and not erased, by its key on the credentials topic."""

    def find(self, key_id: str) -> ApiKeyStored | None:
        """The API key of that id, or None: also where its owner was shut out."""
        ...

    def held(self, kind: type[E], key: str) -> E | None:
        """What is stored under the key, if it is of that kind."""
        ...

    def all_of(self, kind: type[E]) -> list[E]:
        """Everything of that kind."""
        ...

    def barred(self, user: str) -> bool:
        """Whether the person was shut out."""
        ...

    def wait_for(self, key: str, seconds: float) -> bool:
        """Block until something is stored under the key; False if nothing is after that many seconds."""
        ...

    def wait_until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Block until that holds, asking after each change; False if it does not after that many seconds."""
        ...

    @property
    def healthy(self) -> bool:
        """Whether changes still arrive."""
        ...

    def close(self) -> None:
        """Stop following."""
        ...


class StoredCredentials:
    """Credentials by key, changed record by record; also the twin of the followed ones."""

    def __init__(self) -> None:
        self._held: dict[str, Event] = {}
        self._changed = threading.Condition()

    def put(self, key: str, stored: Event | None) -> None:
        """Store a credential under its key, or forget what lies there."""
        with self._changed:
            if stored is None:
                self._held.pop(key, None)
            else:
                self._held[key] = stored
            self._changed.notify_all()

    def find(self, key_id: str) -> ApiKeyStored | None:
        """The API key of that id, or None: also where its owner was shut out."""
        stored = self.held(ApiKeyStored, key_id)
        return None if stored is None or self.barred(stored.user) else stored

    def held(self, kind: type[E], key: str) -> E | None:
        """What is stored under the key, if it is of that kind."""
        stored = self._held.get(key)
        return stored if isinstance(stored, kind) else None

    def all_of(self, kind: type[E]) -> list[E]:
        """Everything of that kind."""
        with self._changed:
            return [one for one in self._held.values() if isinstance(one, kind)]

    def barred(self, user: str) -> bool:
        """Whether the person was shut out."""
        return self.held(UserBarred, f"barred/{user}") is not None

    def wait_for(self, key: str, seconds: float) -> bool:
        """Block until something is stored under the key; False if nothing is after that many seconds."""
        return self.wait_until(lambda: key in self._held, seconds)

    def wait_until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Block until that holds, asking after each change; False if it does not after that many seconds."""
        with self._changed:
            return self._changed.wait_for(holds, seconds)

    @property
    def healthy(self) -> bool:
        """Whether changes still arrive."""
        return True

    def close(self) -> None:
        """Stop following."""


class FollowedCredentials(StoredCredentials):
    """What is on the log. Made when everything there has been read; follows what comes until it is closed."""

    def __init__(self, connection: Connection, master: MasterKey, seconds: float = 30.0) -> None:
        super().__init__()
        self._master = master
        self._sealed = RecordCodec(ShippedSchemas())
        self._codec = MessageCodec()
        self._closing = threading.Event()
        self._failure: Exception | None = None
        found = Admin(connection).topic_ids([CREDENTIALS])
        if CREDENTIALS not in found:
            raise Missing(f"{CREDENTIALS} does not exist: prepare the log first")
        self._follower = Follower(connection)
        self._follower.follow({Partition(CREDENTIALS, found[CREDENTIALS][0], 0): 0})
        deadline = time.monotonic() + seconds
        while not self._follower.at_end():
            if time.monotonic() > deadline:
                raise Unavailable(f"{CREDENTIALS} could not be read to its end in {seconds:.0f} s")
            self._step()
        self._thread = threading.Thread(target=self._follow, name="credentials", daemon=True)
        self._thread.start()

    @property
    def healthy(self) -> bool:
        """Whether changes still arrive."""
        return self._failure is None

    def close(self) -> None:
        """Stop following."""
        self._closing.set()
        self._thread.join(5.0)
        self._follower.close()

    def _follow(self) -> None:
        try:
            while not self._closing.is_set():
                self._step()
        except Exception as error:
            self._failure = error
            logger.exception("credentials are not followed any more")

    def _step(self) -> None:
        for record in self._follower.poll(seconds=0.5).records:
            key = record.key or b""
            self.put(key.decode(), self._opened(key, record))

    def _opened(self, key: bytes, record: Record) -> Event | None:
        if record.value is None:
            return None
        sealed = self._sealed.decode(record.value)
        event = self._codec.decode_event(self._master.open(sealed["nonce"], sealed["body"], key))
        if event.home is not Home.CREDENTIALS:
            raise TypeError(f"{type(event).__name__} is no credential")
        return event
