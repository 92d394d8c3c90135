"""Two indexes side by side: a digest over every document and field of each, and the names of what differs."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from headrace_projections.digest import SHOWN
from headrace_projections.rebuilt import Comparison, Difference
from headrace_projections.search.engine import Engine


def compare(engine: Engine, name: str, live: str, rebuilt: str) -> Comparison:
    """Compare all documents of two indexes; `name` is what the differences call them."""
    was, now = _texts(engine, live), _texts(engine, rebuilt)
    counted = 0
    named: list[Difference] = []
    for key in sorted({*was, *now}):
        if was.get(key) == now.get(key):
            continue
        for difference in _differences(name, key, was.get(key), now.get(key)):
            counted += 1
            if len(named) < SHOWN:
                named.append(difference)
    return Comparison(_digest(was), _digest(now), counted, tuple(named))


def _texts(engine: Engine, index: str) -> dict[str, str]:
    return {key: _text(body) for key, body in engine.scan(index)}


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _digest(documents: Mapping[str, str]) -> str:
    total = hashlib.sha256()
    for key, text in sorted(documents.items()):
        total.update(f"{len(key)} {key} {text}\n".encode())
    return total.hexdigest()


def _differences(name: str, key: str, was: str | None, now: str | None) -> Iterator[Difference]:
    if was is None or now is None:
        yield Difference(table=name, row=key, column="", live=was, rebuilt=now)
        return
    before, after = json.loads(was), json.loads(now)
    for column in sorted({*before, *after}):
        sides = [_text(side[column]) if column in side else None for side in (before, after)]
        if sides[0] != sides[1]:
            yield Difference(table=name, row=key, column=column, live=sides[0], rebuilt=sides[1])
