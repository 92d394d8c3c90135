"""What every answer tells browsers and caches: keep nothing, guess no kind, run nothing, show it in no frame."""

Headers = list[tuple[bytes, bytes]]

_ALWAYS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_UNLESS_SAID: Headers = [
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
_OVER_TLS: Headers = [(b"strict-transport-security", b"max-age=31536000")]


def tell(headers: Headers, *, over_tls: bool) -> None:
    """Add to the headers of an answer, whose names are in lower case; `over_tls` where browsers come by https."""
    said = {name for name, _ in headers}
    headers += _ALWAYS
    headers += [header for header in _UNLESS_SAID if header[0] not in said]
    if over_tls:
        headers += _OVER_TLS
