"""Single sign-on for a program: a browser on this machine signs in, and brings a code to a port of this program."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlencode, urlsplit

from headrace._errors import Failed, NotSignedIn

Show = Callable[[str], object]
"""Brings an address before somebody's eyes."""

WAIT_S = 300.0
_DONE = b"Headrace has its answer. This window can be closed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What proves to the API that this program's browser signed in."""

    code: str = field(repr=False)
    verifier: str = field(repr=False)

    @property
    def body(self) -> dict[str, str]:
        """As the API takes it."""
        return {"code": self.code, "verifier": self.verifier}


class Waiting:
    """A port of 127.0.0.1 at which the browser is waited for; nobody else's answer is taken (RFC 8252)."""

    def __init__(self) -> None:
        self._state, self._verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        self._told: dict[str, str] = {}
        self._answered = threading.Event()
        self._server = HTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="browser", daemon=True)

    def address(self, api: str) -> str:
        """What to open in the browser."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self._verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {"port": self._server.server_port, "state": self._state, "challenge": challenge}
        return f"{api}/api/oidc/sign-in?{urlencode(asked)}"

    def code(self, seconds: float) -> Shown:
        """What the browser brings; raises NotSignedIn with the API's reason, Failed if it brings nothing in time."""
        if not self._answered.wait(seconds):
            raise Failed(f"waited {seconds:.0f} s for the browser to sign in", code="not-in-time")
        if "code" not in self._told:
            raise NotSignedIn(
                self._told.get("message", "nobody signed in"), code=self._told.get("error", "sign-in-over")
            )
        return Shown(code=self._told["code"], verifier=self._verifier)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _take(self, path: str) -> bool:
        """Take the answer to this program's question."""
        said = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        if not hmac.compare_digest(said.get("state", "").encode(), self._state.encode()):
            return False
        self._told = said
        self._answered.set()
        return True

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        take = self._take

        class Handler(BaseHTTPRequestHandler):
            timeout = 5.0

            def do_GET(self) -> None:
                taken = take(self.path)
                self.send_response(200 if taken else 404)
                self.send_header("Content-Type", "text/plain; charset=utf-8")
                self.send_header("Referrer-Policy", "no-referrer")
                self.end_headers()
                self.wfile.write(_DONE if taken else b"")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named so by the library
                """Say nothing: the address holds the code."""

        return Handler


def through_browser(api: str, show: Show | None, seconds: float) -> Shown:
    """What a browser proves, which `show` (else this machine's own) opens; raises NotSignedIn, Failed."""
    with Waiting() as waiting:
        (show or webbrowser.open)(waiting.address(api))
        return waiting.code(seconds)
