"""How a process of ours listens for HTTP: no request's head is without end, and no answer names what serves it."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 64 << 10
"""How much of a request line and its headers is taken that does not come at once."""


class BoundedHeads(HttpToolsProtocol):
    """HTTP/1.1 that gives up on a request whose head goes on for too long; its parser knows no limit itself."""

    _in_head = False
    _just_begun = False
    _head_bytes = 0

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head = self._just_begun = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its head is read; a body is the application's business."""
        self._in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Take what has come, unless it is more of a head than anybody needs."""
        self._just_begun = False
        super().data_received(data)
        if self._in_head and not self._just_begun:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
                self.transport.write(_TOO_LARGE)
                self.transport.close()


_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


def listening(proxies: str = "") -> dict[str, Any]:
    """What uvicorn is told by each of our processes.

    `X-Forwarded-For` counts from these proxies (addresses, separated by commas), and from nobody else, not even from
    this machine.
    """
    return {
        "http": BoundedHeads,
        "server_header": False,
        "access_log": False,
        "log_config": None,
        "proxy_headers": bool(proxies),
        "forwarded_allow_ips": proxies,
    }
