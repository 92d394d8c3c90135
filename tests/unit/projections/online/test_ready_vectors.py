"""The text of vectors that are kept ready says what rows of the groups say, as they count at that moment."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.projections.rows.things import COLUMNS, SCHEMA_ID, SCHEMAS, TEXT, THINGS, body

from headrace_events.feature_view import GroupSelection, Join, KeyPair
from headrace_events.row_schema import Appended
from headrace_projections.online.queries import readable_group
from headrace_projections.online.ready_vectors import answer
from headrace_projections.online.row_text import RowTexts
from headrace_projections.online.view_vectors import ReadablePart, ReadableView, ViewFeature
from headrace_projections.rows.catalogued import CataloguedGroup
from headrace_projections.rows.groups import Growth

NOW = 1_000_000_000
NAMES = ("number", "small", "share", "part", "good", "note", "raw", "day", "at")
LATER = Appended(name="later", type="string", default='"as ever"')
GROWN = replace(THINGS, columns=(*COLUMNS, LATER.column), growth=(Growth(schema_id=SCHEMA_ID + 1, features=(LATER,)),))
YOUNG = replace(GROWN, ttl_seconds=100)


def part(group: Any, names: tuple[str, ...], prefix: str, lookback: int | None = None) -> ReadablePart:
    catalogued = CataloguedGroup(group=group, schema_id=SCHEMA_ID, schema=TEXT, created=datetime.now(UTC))
    on = (KeyPair(left="id", right="id"),)
    selection = GroupSelection(group="things", version=1, features=names, prefix=prefix)
    join = Join(selection=selection, on=on, lookback_seconds=lookback) if prefix else None
    named = tuple((name, prefix + name) for name in names)
    return ReadablePart(readable=readable_group(catalogued), features=named, join=join)


PARTS = (
    part(GROWN, (), ""),
    part(YOUNG, NAMES, "young_"),
    part(GROWN, ("later", "number"), "seen_", lookback=50),
)
SHOWN = tuple(
    ViewFeature(name=name, type="string", group="things", place=place)
    for place, one in enumerate(PARTS)
    for _, name in one.features
)
VIEW = ReadableView(
    parts=PARTS,
    columns=SHOWN,
    places={feature.name: place for place, feature in enumerate(SHOWN)},
    lefts=frozenset({"id"}),
    known=frozenset({"id"}),
    borrowed=(),
)

rows = st.fixed_dictionaries(
    {
        "number": st.none() | st.integers(-(1 << 63), (1 << 63) - 1),
        "small": st.none() | st.integers(-(1 << 31), (1 << 31) - 1),
        "share": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "part": st.none() | st.floats(width=32, allow_nan=False, allow_infinity=False),
        "good": st.none() | st.booleans(),
        "note": st.none() | st.text(),
        "raw": st.none() | st.binary(max_size=8),
        "day": st.none() | st.dates(),
    }
)
stored = st.none() | st.tuples(st.integers(NOW // 10**6 - 120, NOW // 10**6), st.none() | rows)
"""What a group has of a key: nothing, or an event time in seconds with a row or a delete."""


def said(value: Any) -> Any:
    """A value as JSON has it."""
    match value:
        case datetime():
            return value.isoformat(timespec="auto").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
    return value


def expected(found: tuple[int, dict[str, Any] | None] | None, names: tuple[str, ...], oldest: int) -> tuple[str, Any]:
    """The slow way: the status of a part, and its values by name."""
    if found is None:
        return "missing", dict.fromkeys(names)
    at, row = found
    if row is None:
        return "deleted", dict.fromkeys(names)
    if at < NOW // 10**6 - oldest:
        return "expired", dict.fromkeys(names)
    whole = {**row, "at": datetime.fromtimestamp(at, UTC), "later": "as ever"}
    return "found", {name: said(whole[name]) for name in names}


def texts(found: tuple[int, dict[str, Any] | None] | None, names: tuple[str, ...]) -> tuple[int | None, bytes | None]:
    """What is kept of a part."""
    if found is None:
        return None, None
    at, row = found
    written = b"" if row is None else body({**row, "id": "a", "at": at * 10**6})
    ((_, time, text),) = RowTexts().of_stored(
        GROWN, SCHEMAS, [(b"a", at * 10**6, row is None, 0 if row is None else SCHEMA_ID, written)], names
    )
    return time, text


@given(first=stored, second=stored, passed=st.booleans())
def test_a_vector_says_what_the_rows_say(first: Any, second: Any, passed: bool) -> None:
    seen = ("later", "number")
    kept = (b"a", *texts(first, NAMES), *texts(second, seen))
    given_ = {"seen_later": "now"} if passed else {}
    told = json.loads(answer(VIEW, [kept], [given_], NOW))
    whole, part_of = expected(first, NAMES, 100), expected(second, seen, 50)
    values = [*whole[1].values(), *part_of[1].values()]
    statuses = [whole[0]] * len(NAMES) + [part_of[0]] * 2
    if passed:
        values[len(NAMES)], statuses[len(NAMES)] = "now", "passed"
    there = sum(status in {"found", "passed"} for status in statuses)
    status = "complete" if there == len(statuses) else "partial" if there else "missing"
    assert told["features"] == [feature.name for feature in SHOWN]
    assert told["vectors"] == [{"status": status, "values": values, "statuses": statuses}]


def test_an_entity_of_which_nothing_is_kept_has_nothing() -> None:
    told = json.loads(answer(VIEW, [None], [{}], NOW))
    assert told["vectors"] == [{"status": "missing", "values": [None] * 11, "statuses": ["missing"] * 11}]


def test_the_last_moment_that_counts_counts() -> None:
    kept = (b"a", NOW - 100 * 10**6, b",".join([b"1"] * 9), NOW - 50 * 10**6 - 1, b"1,2")
    (vector,) = json.loads(answer(VIEW, [kept], [{}], NOW))["vectors"]
    assert vector["statuses"] == ["found"] * 9 + ["expired"] * 2
