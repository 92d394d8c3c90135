"""A connection to the directory: TLS before anything is said, one question after the other."""

import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from headrace_api.ldap import messages
from headrace_api.ldap.errors import DirectoryUnavailable
from headrace_api.ldap.messages import Answer
from headrace_api.ldap.settings import LdapSettings

TIMEOUT_S = 10.0
"""How long a connection may take, with all that is asked over it."""
_MOST_ANSWERS = 100


class Wire:
    """Blocks while it asks; raises DirectoryUnavailable where the directory does not answer as it should."""

    def __init__(self, settings: LdapSettings, trusted: ssl.SSLContext, seconds: float = TIMEOUT_S) -> None:
        self._settings = settings
        self._deadline = time.monotonic() + seconds
        self._number = 0
        self._socket = self._connected(trusted)

    def bind(self, name: bytes, password: bytes) -> int:
        """Be that entry from now on; gives the result's code."""
        return self._code(self._ask(messages.bind(self._next(), name, password)), "bindResponse")

    def search(
        self, base: bytes, attribute: str, value: bytes, *, below: bool, wanted: Sequence[str]
    ) -> tuple[int, list[Answer]]:
        """The result's code, and the entries found, three at most; where others might be is not followed."""
        self._send(messages.search(self._next(), base, attribute, value, below=below, wanted=wanted, most=3))
        found: list[Answer] = []
        for answer in self._answers():
            if answer.kind == "searchResDone":
                return self._code(answer, "searchResDone"), found
            if answer.kind == "searchResEntry":
                found.append(answer)
        raise DirectoryUnavailable("it answers without an end")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()

    def _connected(self, trusted: ssl.SSLContext) -> socket.socket:
        settings = self._settings
        try:
            plain = socket.create_connection((settings.host, settings.port), self._left())
        except OSError as error:
            raise DirectoryUnavailable(f"{settings.host}:{settings.port} {error}") from error
        try:
            if settings.starts_tls:
                self._start_tls(plain)
            plain.settimeout(self._left())
            return trusted.wrap_socket(plain, server_hostname=settings.host)
        except OSError as error:
            plain.close()
            raise DirectoryUnavailable(f"no TLS with {settings.host}:{settings.port}: {error}") from error
        except DirectoryUnavailable:
            plain.close()
            raise

    def _start_tls(self, plain: socket.socket) -> None:
        """Agree to turn to TLS; no byte of what comes after the agreement is read in clear."""
        self._socket = plain
        code = self._code(self._ask(messages.start_tls(self._next())), "extendedResp")
        if code != messages.SUCCESS:
            raise DirectoryUnavailable(f"it does not turn to TLS (result {code})")

    def _ask(self, message: bytes) -> Answer:
        self._send(message)
        return next(self._answers())

    def _send(self, message: bytes) -> None:
        try:
            self._socket.settimeout(self._left())
            self._socket.sendall(message)
        except OSError as error:
            raise DirectoryUnavailable(f"the connection broke: {error}") from error

    def _answers(self) -> Iterator[Answer]:
        """What comes in answer to the last question."""
        for _ in range(_MOST_ANSWERS):
            answer = messages.read(self._message())
            if answer.number != self._number:
                raise DirectoryUnavailable("it answers another question, or hangs up")
            yield answer

    def _message(self) -> bytes:
        head = self._bytes(2)
        more, size = messages.length(head)
        if more:
            said = self._bytes(more) if more <= 4 else b"\xff" * 4
            head, size = head + said, int.from_bytes(said)
        if size > messages.MOST_BYTES:
            raise DirectoryUnavailable("what it sent is too long")
        return head + self._bytes(size)

    def _bytes(self, count: int) -> bytes:
        read = bytearray()
        while len(read) < count:
            try:
                self._socket.settimeout(self._left())
                part = self._socket.recv(count - len(read))
            except OSError as error:
                raise DirectoryUnavailable(f"the connection broke: {error}") from error
            if not part:
                raise DirectoryUnavailable("it hung up")
            read += part
        return bytes(read)

    def _left(self) -> float:
        """Seconds until the connection has taken too long; raises when it has."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise DirectoryUnavailable("it takes too long")
        return left

    def _next(self) -> int:
        self._number += 1
        return self._number

    @staticmethod
    def _code(answer: Answer, kind: str) -> int:
        if answer.kind != kind or answer.code is None:
            raise DirectoryUnavailable(f"it answers with {answer.kind}")
        return answer.code
