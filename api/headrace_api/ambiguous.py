"""A field that an object of a JSON body has twice: parsers disagree about which one counts, so none does."""

import json
from typing import Any


class _Twice(Exception):
    """Ends the reading."""


def given_twice(body: bytes) -> str | None:
    """The name of such a field, or None; whether the body is JSON at all, others say."""
    try:
        json.loads(body, object_pairs_hook=_only_once)
    except _Twice as found:
        return str(found)
    except (ValueError, RecursionError):
        return None
    return None


def _only_once(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) == len(pairs):
        return
    seen = set()
    for name, _ in pairs:
        if name in seen:
            raise _Twice(name)
        seen.add(name)
