"""Where a request comes from: its address, and for a browser the page that sent it."""

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def address_of(connection: HTTPConnection) -> str:
    """The peer's address, or whom a trusted proxy names."""
    return connection.client.host if connection.client is not None else ""


def from_elsewhere(connection: HTTPConnection) -> bool:
    """Whether a page of another site sent this request, which a cookie must not vouch for.

    Browsers send `Origin` with every request that may change something, and pages cannot change it.
    """
    origin = connection.headers.get("origin")
    if connection.scope["method"] in SAFE or origin is None:
        return False
    return urlsplit(origin).netloc != connection.headers.get("host")
