"""The API keys that count now, followed from the compacted credentials topic into memory."""

import hmac
import logging
import threading
import time
from hashlib import sha256
from typing import Protocol

from headrace_broker.admin import Admin
from headrace_broker.connection import Connection
from headrace_broker.errors import Missing, Unavailable
from headrace_broker.follower import Follower, Partition
from headrace_broker.record import Record
from headrace_broker.sealing import MasterKey
from headrace_broker.topics import CREDENTIALS
from headrace_events.api_key import ApiKeyStored
from headrace_schemas.codec import MessageCodec, RecordCodec, ShippedSchemas

logger = logging.getLogger(__name__)


class ApiKeys(Protocol):
    """What is known of the keys that were given out and not erased."""

    def find(self, key_id: str) -> ApiKeyStored | None:
        """The key of that id, or None."""
        ...

    def wait_for(self, key_id: str, seconds: float) -> bool:
        """Block until the key is known; False if it is not after that many seconds."""
        ...

    @property
    def healthy(self) -> bool:
        """Whether changes still arrive."""
        ...

    def close(self) -> None:
        """Stop following."""
        ...


def matches(stored: ApiKeyStored, secret: str) -> bool:
    """Whether the secret is the key's, in a time that does not depend on how much of it is right."""
    return hmac.compare_digest(sha256(secret.encode()).hexdigest(), stored.key_hash)


class StoredApiKeys:
    """Keys by id, changed record by record; also the twin of the followed ones."""

    def __init__(self) -> None:
        self._keys: dict[str, ApiKeyStored] = {}
        self._changed = threading.Condition()

    def put(self, key_id: str, stored: ApiKeyStored | None) -> None:
        """Store a key, or forget it."""
        with self._changed:
            if stored is None:
                self._keys.pop(key_id, None)
            else:
                self._keys[key_id] = stored
            self._changed.notify_all()

    def find(self, key_id: str) -> ApiKeyStored | None:
        """The key of that id, or None."""
        return self._keys.get(key_id)

    def wait_for(self, key_id: str, seconds: float) -> bool:
        """Block until the key is known; False if it is not after that many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: key_id in self._keys, seconds)

    @property
    def healthy(self) -> bool:
        """Whether changes still arrive."""
        return True

    def close(self) -> None:
        """Stop following."""


class FollowedApiKeys(StoredApiKeys):
    """The keys on the log. Made when everything there has been read; follows what comes until it is closed."""

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

    def _opened(self, key: bytes, record: Record) -> ApiKeyStored | None:
        if record.value is None:
            return None
        sealed = self._sealed.decode(record.value)
        event = self._codec.decode_event(self._master.open(sealed["nonce"], sealed["body"], key))
        if not isinstance(event, ApiKeyStored):
            raise TypeError(f"{type(event).__name__} is no credential")
        return event
