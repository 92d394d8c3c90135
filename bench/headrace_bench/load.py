"""`python -m headrace_bench.load`: many clients at once, in a process of their own.

Each client keeps one connection and sends its next request when it has the answer to the last one. The clients speak
HTTP/1.1 on bare sockets, so that they take as little as can be of the cores they share with what is measured.
The address and the key come from the environment; one line of JSON goes to standard output.
"""

import asyncio
import json
import os
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go, and with which key."""

    address: str
    key: str

    def command(self) -> bytes:
        """A request for a user of a name that nobody has."""
        return self._request("POST /api/users", json.dumps({"user": f"b{uuid.uuid4().hex[:16]}"}).encode())

    def read(self, path: str) -> bytes:
        """A request that changes nothing."""
        return self._request(f"GET {path}", b"")

    def _request(self, what: str, body: bytes) -> bytes:
        head = (
            f"{what} HTTP/1.1",
            f"Host: {self.address}",
            f"Authorization: Bearer {self.key}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        )
        return "\r\n".join(head).encode() + b"\r\n\r\n" + body


@dataclass(slots=True)
class Answers:
    """What came back: how many of each status, the milliseconds of each, and the body of one that was no success."""

    statuses: Counter[int] = field(default_factory=Counter)
    took: list[float] = field(default_factory=list)
    failure: str = ""


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The status and the body of the next answer, which must say how long it is."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    return int(head.split(b" ", 2)[1]), await reader.readexactly(int(length))


async def client(address: str, make: Callable[[], bytes], requests: int, answers: Answers) -> None:
    """Send one request after the other on one connection."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    for _ in range(requests):
        request = make()
        began = time.perf_counter()
        writer.write(request)
        status, body = await answer(reader)
        answers.took.append((time.perf_counter() - began) * 1000)
        answers.statuses[status] += 1
        if status >= 300:
            answers.failure = body.decode(errors="replace")
    writer.close()
    await writer.wait_closed()


async def load(address: str, make: Callable[[], bytes], clients: int, each: int) -> Answers:
    """All clients at once."""
    answers = Answers()
    await asyncio.gather(*(client(address, make, each, answers) for _ in range(clients)))
    return answers


def main() -> None:
    """Send `<command|path to read> <clients> <each>` requests, and print what came back."""
    what, clients, each = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    target = Target(urlsplit(os.environ["HEADRACE_API"]).netloc, os.environ["HEADRACE_API_KEY"])
    make = target.command if what == "command" else partial(target.read, what)
    began = time.perf_counter()
    answers = asyncio.run(load(target.address, make, clients, each))
    told = {
        "seconds": time.perf_counter() - began,
        "statuses": answers.statuses,
        "took": answers.took,
        "processor_seconds": time.process_time(),
        "failure": answers.failure,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
