"""Addresses of external databases, as events hold them: what opens a database is not in them.

`<dialect>[+<driver>]://[<user>@][<host>[:<port>]][/<database>][?<setting>=<value>&…]`, as SQLAlchemy reads it.
"""

import re
from urllib.parse import parse_qsl, unquote, urlsplit

from headrace_events.errors import Invalid

LONGEST = 2_000

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
"""The settings that a URL may hold because they open nothing; whatever else there is goes into the secret."""

_DIALECT = re.compile(r"[a-z][a-z0-9_]*(\+[a-z][a-z0-9_]*)?")
_SETTING = re.compile(r"[A-Za-z_]{1,40}")


def must_hold_no_secret(url: str) -> None:
    """Raise Invalid for what is no address of a database, or holds a password or a setting that may open one.

    No refusal says again what was sent: it would be in answers and in the audit trail.
    """
    if len(url) > LONGEST or any(character.isspace() or not character.isprintable() for character in url):
        raise _no_url(f"it has at most {LONGEST} printable characters, without spaces")
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - asking is what raises
    except ValueError:
        raise _no_url("its host or port is none") from None
    if not _DIALECT.fullmatch(parts.scheme) or url[len(parts.scheme) :][:3] != "://":
        raise _no_url("it begins with the dialect, as in postgresql://")
    user = parts.netloc.rpartition("@")[0]
    if ":" in unquote(user) or "@" in user or "@" in parts.path + parts.query:
        raise _holds("a password")
    if "#" in url:
        raise _no_url("write # as %23")
    given = parse_qsl(parts.query, keep_blank_values=True)
    for name, _ in given:
        if name not in PLAIN_SETTINGS:
            raise _holds(f"the setting {name!r}" if _SETTING.fullmatch(name) and f"{name}=" in url else "a setting")


def _holds(what: str) -> Invalid:
    return Invalid(
        "secret-in-url",
        f"the URL holds {what}, and would be in the log for ever: take it out of the URL, and give it in `secret`",
        {"settings": ", ".join(sorted(PLAIN_SETTINGS))},
    )


def _no_url(why: str) -> Invalid:
    return Invalid(
        "invalid-url", f"this is no URL of a database: {why}. Use <dialect>://<user>@<host>:<port>/<database>"
    )
