"""The API over HTTP: one id per command however often it is tried, and reads that hold what was written."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import httpx
import orjson

from headrace._command_id import new_command_id
from headrace._errors import Failed, HeadraceError, NotYetVisible, OutcomeUnknown, Unreachable, error_of
from headrace._positions import Positions

T = TypeVar("T")

PATIENCE_S = 60.0
"""How long a call is tried again while the API, or what is behind it, is away."""

READY_S = 120.0
"""How long the work behind a command is waited for."""

_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A command that was accepted; `body` is the whole answer."""

    command_id: str
    aggregate: str
    version: int
    events: tuple[str, ...]
    positions: tuple[str, ...]
    status_url: str | None
    body: Mapping[str, Any]


class Api:
    """A client of one API, signed in unless the key is empty. Safe to share between threads."""

    def __init__(self, url: str, key: str, *, patience: float = PATIENCE_S) -> None:
        self.url = url.rstrip("/")
        self.key = key
        self.positions = Positions()
        self._patience = patience
        self._how: dict[str, Any] = {
            "base_url": self.url,
            "headers": {"Authorization": f"Bearer {key}"} if key else {},
            "timeout": httpx.Timeout(40.0, connect=5.0),
        }
        self._transport: dict[str, Any] = {"verify": self.url.startswith("https:"), "retries": 2}
        self._client = httpx.Client(**self._how, transport=httpx.HTTPTransport(**self._transport))
        self._async_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()

    def get(self, path: str, **parameters: Any) -> Any:
        """Read; what this program did before is in the answer. Raises HeadraceError."""
        given = {name: value for name, value in parameters.items() if value is not None}
        if after := str(self.positions):
            given["after"] = after
        return orjson.loads(self._try("GET", path, params=given).content)

    def post(self, path: str, body: Mapping[str, Any], **how: Any) -> Accepted:
        """Send a command; see `command`."""
        return self.command("POST", path, body, **how)

    def put(self, path: str, body: Mapping[str, Any], **how: Any) -> Accepted:
        """Send a command; see `command`."""
        return self.command("PUT", path, body, **how)

    def patch(self, path: str, body: Mapping[str, Any], **how: Any) -> Accepted:
        """Send a command; see `command`."""
        return self.command("PATCH", path, body, **how)

    def delete(self, path: str, **how: Any) -> Accepted:
        """Send a command; see `command`."""
        return self.command("DELETE", path, None, **how)

    def command(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        *,
        command_id: str | None = None,
        expected_version: int | None = None,
    ) -> Accepted:
        """Send a command until its result is known; raises HeadraceError.

        With `expected_version` it is refused (Conflict) unless the aggregate is at that version.
        """
        headers = {"Idempotency-Key": command_id or new_command_id()}
        if expected_version is not None:
            headers["If-Match"] = f'"{expected_version}"'
        content = None
        if body is not None:
            content = orjson.dumps(body)
            headers["Content-Type"] = "application/json"
        answer = orjson.loads(self._try(method, path, headers=headers, content=content).content)
        self.positions.merge(answer["positions"])
        return Accepted(
            command_id=answer["command_id"],
            aggregate=answer["aggregate"],
            version=answer["version"],
            events=tuple(answer["events"]),
            positions=tuple(answer["positions"]),
            status_url=answer.get("status_url"),
            body=answer,
        )

    def happened(self, project: str, accepted: Accepted, event: str) -> Mapping[str, Any]:
        """The body of the event of that type which an accepted command caused, as in `feature_group.created`."""
        for row in self.get(f"/api/projects/{project}/activity/commands/{accepted.command_id}"):
            if row["type"] == event:
                body: Mapping[str, Any] = row["body"]
                return body
        raise Failed(f"command {accepted.command_id} caused no {event}", code="no-such-event")

    def wait_until(self, path: str, done: Callable[[Any], T | None], what: str, *, seconds: float = READY_S) -> T:
        """Read `path` (or a status URL) until `done` makes something of the answer.

        Raises:
            Failed: it did not within that many seconds.
        """
        path = urlsplit(path).path
        deadline = time.monotonic() + seconds
        pause = 0.02
        while (found := done(self.get(path))) is None:
            if time.monotonic() > deadline:
                raise Failed(f"waited {seconds:.0f} s for {what}", code="not-in-time")
            time.sleep(pause)
            pause = min(pause * 1.5, 0.1)
        return found

    def upload(self, path: str, parts: Callable[[], Iterable[bytes]]) -> Any:
        """Stream bytes to `path`; `parts` begins them anew for each try. Raises HeadraceError."""
        return orjson.loads(self._try("PUT", path, stream=parts).content)

    def ask(self, path: str, body: Mapping[str, Any], **how: Any) -> Any:
        """Ask a question that takes a body and changes nothing; raises HeadraceError.

        `how` is httpx's, as in `timeout=600`.
        """
        return orjson.loads(self._try("POST", path, headers=_JSON, content=orjson.dumps(body), **how).content)

    async def ask_async(self, path: str, body: Mapping[str, Any]) -> Any:
        """As `ask`, without holding up the event loop."""
        return orjson.loads((await self._post_async(path, orjson.dumps(body))).content)

    def change(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        """Change something whose answer is no position, for what it says shows already; raises HeadraceError."""
        headers = {"Idempotency-Key": new_command_id(), "Content-Type": "application/json"}
        content = orjson.dumps(body) if body is not None else None
        return orjson.loads(self._try(method, path, headers=headers, content=content).content)

    def exists(self, path: str) -> bool:
        """Whether there is something at `path`."""
        try:
            self._try("HEAD", path)
        except HeadraceError as error:
            if error.code == "http-404":
                return False
            raise
        return True

    def download(self, path: str) -> Iterator[bytes]:
        """The bytes at `path`, in parts; raises HeadraceError."""
        try:
            with self._client.stream("GET", path) as response:
                if response.status_code != httpx.codes.OK:
                    response.read()
                    raise _error(response)
                yield from response.iter_bytes(1 << 20)
        except httpx.TransportError as error:
            raise Unreachable(f"reading {path} broke off: {error!r}", code="unreachable") from error

    def close(self) -> None:
        """Let the connections go, but for those of event loops."""
        self._client.close()

    async def aclose(self) -> None:
        """Let the connections go that the running event loop has made."""
        client = self._async_clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _try(
        self, method: str, path: str, *, stream: Callable[[], Iterable[bytes]] | None = None, **request: Any
    ) -> httpx.Response:
        tries = _Tries(self._patience)
        while True:
            if stream is not None:
                request["content"] = stream()
            try:
                response = self._client.request(method, path, **request)
            except httpx.TransportError as error:
                failure = self._unreachable(error)
            else:
                if (found := _failure(method, response)) is None:
                    return response
                failure = found
            time.sleep(tries.pause(failure))

    async def _post_async(self, path: str, content: bytes) -> httpx.Response:
        tries = _Tries(self._patience)
        while True:
            try:
                response = await self._async_client().post(path, headers=_JSON, content=content)
            except httpx.TransportError as error:
                failure = self._unreachable(error)
            else:
                if (found := _failure("POST", response)) is None:
                    return response
                failure = found
            await asyncio.sleep(tries.pause(failure))

    def _async_client(self) -> httpx.AsyncClient:
        """The running loop's own: connections of one loop are none of another's."""
        loop = asyncio.get_running_loop()
        client = self._async_clients.get(loop)
        if client is None:
            client = httpx.AsyncClient(**self._how, transport=httpx.AsyncHTTPTransport(**self._transport))
            self._async_clients[loop] = client
        return client

    def _unreachable(self, error: httpx.TransportError) -> HeadraceError:
        return Unreachable(f"{self.url} does not answer: {error!r}", code="unreachable")


class _Tries:
    """How long is waited between tries: longer and longer, until patience is at its end."""

    def __init__(self, patience: float) -> None:
        self._deadline = time.monotonic() + patience
        self._next = 0.05

    def pause(self, failure: HeadraceError) -> float:
        """Seconds until the next try; raises the failure where there is none."""
        pause, self._next = self._next, min(self._next * 2, 2.0)
        if time.monotonic() + pause > self._deadline:
            raise failure
        return pause


def _failure(method: str, response: httpx.Response) -> HeadraceError | None:
    """Why it is to be tried again, or None where it is answered; raises what another try would not change."""
    if response.is_success and (response.status_code != httpx.codes.ACCEPTED or method != "GET"):
        return None
    failure = _error(response)
    if not isinstance(failure, Unreachable | OutcomeUnknown | NotYetVisible) or response.status_code == 500:
        raise failure
    return failure


def _error(response: httpx.Response) -> HeadraceError:
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        body = {"code": f"http-{response.status_code}", "message": response.text[:500]}
    return error_of(response.status_code, body)
