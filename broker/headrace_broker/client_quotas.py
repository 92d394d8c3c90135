"""Limits on what a client may ask of the brokers: bytes a second written and read, and the share of their threads.

librdkafka has no call for them, so the two requests that this takes are written here, byte by byte, over a TLS
connection of their own: DescribeClientQuotas (key 48) and AlterClientQuotas (key 49), both in version 0.
Source: KIP-546, and Kafka's message definitions `{Describe,Alter}ClientQuotas{Request,Response}.json`.
"""

import socket
import ssl
import struct
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass

from headrace_broker.connection import Connection
from headrace_broker.errors import BrokerError, NotAuthorised, Unavailable
from headrace_events.quota import Quota

Limits = Mapping[str, float]
"""Kafka's name of a limit → its value."""

NAMES: Mapping[Quota, str] = {
    Quota.PRODUCE_RATE: "producer_byte_rate",
    Quota.FETCH_RATE: "consumer_byte_rate",
    Quota.REQUEST_SHARE: "request_percentage",
}
"""What Kafka calls the quotas that brokers keep."""

_DESCRIBE, _ALTER, _VERSION = 48, 49, 0
_CLUSTER_AUTHORIZATION_FAILED = 31
_EXACT, _ANY = 0, 2
_SECONDS = 15.0
_LARGEST_ANSWER = 64 << 20


@dataclass(frozen=True, slots=True)
class ClientQuotas:
    """The limits of principals. All calls block until a broker has answered; raises NotAuthorised, Unavailable."""

    connection: Connection

    def limits(self) -> dict[str, dict[str, float]]:
        """Every principal that has limits of its own, with these."""
        body = _array([_text("user") + struct.pack(">b", _ANY) + _text(None)]) + _flag(True)
        answer = _Answer(self._ask(_DESCRIBE, body))
        answer.number(">i")
        _raise_if_refused(int(answer.number(">h")), answer.text())
        found: dict[str, dict[str, float]] = {}
        for _ in range(answer.count()):
            names = [(answer.text(), answer.text()) for _ in range(answer.count())]
            limits = {answer.text() or "": answer.number(">d") for _ in range(answer.count())}
            if len(names) == 1 and names[0][1] is not None:
                found[names[0][1]] = limits
        return found

    def change(self, wanted: Mapping[str, Mapping[str, float | None]]) -> None:
        """Give principals these limits; None takes one away."""
        if not wanted:
            return
        entries = [
            _array([_text("user") + _text(principal)])
            + _array(
                [_text(name) + struct.pack(">d", limit or 0.0) + _flag(limit is None) for name, limit in limits.items()]
            )
            for principal, limits in wanted.items()
        ]
        answer = _Answer(self._ask(_ALTER, _array(entries) + _flag(False)))
        answer.number(">i")
        for _ in range(answer.count()):
            code, why = int(answer.number(">h")), answer.text()
            for _ in range(answer.count()):
                answer.text(), answer.text()
            _raise_if_refused(code, why)

    def _ask(self, key: int, body: bytes) -> bytes:
        request = struct.pack(">hhi", key, _VERSION, 1) + _text("headrace") + body
        last: BrokerError = Unavailable("no broker is named")
        for address in self.connection.bootstrap.split(","):
            host, _, port = address.strip().rpartition(":")
            try:
                with closing(self._connected(host.strip("[]"), int(port))) as channel:
                    channel.sendall(struct.pack(">i", len(request)) + request)
                    (size,) = struct.unpack(">i", _exactly(channel, 4))
                    if not 4 <= size <= _LARGEST_ANSWER:
                        raise Unavailable(f"the broker at {address} answered {size} bytes")
                    return _exactly(channel, size)[4:]
            except OSError as error:
                last = Unavailable(f"the broker at {address} does not answer: {error}")
        raise last

    def _connected(self, host: str, port: int) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=str(self.connection.ca))
        context.load_cert_chain(self.connection.certificate, self.connection.key)
        return context.wrap_socket(socket.create_connection((host, port), _SECONDS), server_hostname=host)


def _raise_if_refused(code: int, why: str | None) -> None:
    if code == _CLUSTER_AUTHORIZATION_FAILED:
        raise NotAuthorised(f"client quotas: {why or 'not allowed'}")
    if code:
        raise Unavailable(f"client quotas: {why or 'refused'} (Kafka's error {code})")


def _exactly(channel: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = channel.recv(size - len(parts))
        if not part:
            raise OSError("the connection was closed")
        parts += part
    return bytes(parts)


def _text(text: str | None) -> bytes:
    if text is None:
        return struct.pack(">h", -1)
    written = text.encode()
    return struct.pack(">h", len(written)) + written


def _flag(value: bool) -> bytes:
    return struct.pack(">?", value)


def _array(items: Iterable[bytes]) -> bytes:
    written = list(items)
    return struct.pack(">i", len(written)) + b"".join(written)


@dataclass(slots=True)
class _Answer:
    """The fields of an answer, one after the other."""

    content: bytes
    at: int = 0

    def number(self, form: str) -> float:
        """The next number."""
        try:
            (found,) = struct.unpack_from(form, self.content, self.at)
        except struct.error as error:
            raise Unavailable(f"the broker's answer is cut off: {error}") from error
        self.at += struct.calcsize(form)
        return found  # type: ignore[no-any-return] # struct gives what the form says

    def count(self) -> int:
        """How many items follow; none where the array is null."""
        return max(0, int(self.number(">i")))

    def text(self) -> str | None:
        """The next text, or None."""
        size = int(self.number(">h"))
        if size < 0:
            return None
        self.at += size
        return self.content[self.at - size : self.at].decode()
