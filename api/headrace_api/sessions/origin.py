"""Which page a browser's request comes from."""

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def from_elsewhere(connection: HTTPConnection) -> bool:
    """Whether a page of another site sent this request, which a cookie must not vouch for.

    Browsers send `Origin` with every request that may change something, and pages cannot change it.
    """
    origin = connection.headers.get("origin")
    if connection.scope["method"] in SAFE or origin is None:
        return False
    return urlsplit(origin).netloc != connection.headers.get("host")
