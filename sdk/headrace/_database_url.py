"""A database's URL taken apart: what may be written down, and what opens the database."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlencode

from headrace._errors import Invalid

PLAIN_SETTINGS = frozenset(
    {
        "account",
        "application_name",
        "cache",
        "charset",
        "client_encoding",
        "connect_timeout",
        "database",
        "driver",
        "host",
        "keepalives",
        "keepalives_idle",
        "mode",
        "port",
        "region",
        "role",
        "schema",
        "sslmode",
        "sslrootcert",
        "target_session_attrs",
        "timeout",
        "timezone",
        "warehouse",
    }
)
"""The settings that a URL may hold; the platform has the same list, and refuses all others."""

_URL = re.compile(
    r"(?P<dialect>[^:/?#]+)://(?:(?P<user>[^:/@]*)(?::(?P<password>[^@]*))?@)?(?P<place>[^?]*)(?:\?(?P<query>.*))?"
)


def taken_apart(url: str, secret: str | Mapping[str, str] | None) -> tuple[str, dict[str, str]]:
    """The URL without password and secret settings, and these by name; `secret` alone is the password.

    Raises:
        Invalid: it is no URL, a secret is in it and in `secret`, or its password has to be quoted. No message says
            again what was given.
    """
    found = _URL.fullmatch(url)
    if found is None:
        raise Invalid(
            "this is no URL of a database: use <dialect>://<user>@<host>:<port>/<database>", code="invalid-url"
        )
    if "@" in found["place"]:
        raise Invalid("write @ in a user or password as %40, or give the password as secret=…", code="invalid-url")
    given = {"password": secret} if isinstance(secret, str) else dict(secret or {})
    settings = parse_qsl(found["query"] or "", keep_blank_values=True)
    inside = {name: value for name, value in settings if name not in PLAIN_SETTINGS}
    if found["password"] is not None:
        inside["password"] = unquote(found["password"])
    if twice := sorted(inside.keys() & given.keys()):
        raise Invalid(f"{', '.join(twice)} is in the URL and in secret=…: give it once", code="secret-twice")
    user = "" if found["user"] is None else f"{found['user']}@"
    plain = [(name, value) for name, value in settings if name in PLAIN_SETTINGS]
    query = f"?{urlencode(plain)}" if plain else ""
    return f"{found['dialect']}://{user}{found['place']}{query}", {**inside, **given}
