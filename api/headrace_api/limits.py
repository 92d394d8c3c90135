"""What a body must be before any route looks at it: not too large, and with one meaning."""

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headrace_api.ambiguous import given_twice
from headrace_api.errors import problem

JSON_BYTES = 1 << 20
DRAINED_BYTES = 16 << 20
"""How much of a refused body is still read, so that its sender gets to see the answer."""


class BodyLimit:
    """Refuses a body over JSON_BYTES with 413, and with 422 one that gives a field twice.

    PUT of an artifact streams, and is let pass.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"} or _streams(scope):
            await self._app(scope, receive, send)
            return
        body = await _read(receive, Headers(scope=scope))
        if body is None:
            message = f"a body has at most {JSON_BYTES} bytes: put what is larger as an artifact"
            answer = problem(Request(scope), 413, "body-too-large", message, details={"most": JSON_BYTES})
            await answer(scope, receive, send)
            return
        if (name := given_twice(body)) is not None:
            message = f"the body gives {name[:100]!a} twice: which one counts?"
            await problem(Request(scope), 422, "field-given-twice", message)(scope, receive, send)
            return
        given = False

        async def again() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)


def _streams(scope: Scope) -> bool:
    path: str = scope["path"]
    return scope["method"] == "PUT" and "/artifacts/" in path


async def _read(receive: Receive, headers: Headers) -> bytes | None:
    """The whole body, or None where it is over the limit."""
    announced = headers.get("content-length", "0")
    kept = bytearray()
    size = 0
    over = announced.isdecimal() and int(announced) > JSON_BYTES
    while size <= DRAINED_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None if over else bytes(kept)
        part = message.get("body", b"")
        size += len(part)
        over = over or size > JSON_BYTES
        if not over:
            kept += part
        if not message.get("more_body", False):
            break
    return None if over else bytes(kept)
