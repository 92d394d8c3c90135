"""Joins as of event time where they are read, held against a slow and obvious implementation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace import Failed
from headrace._examples_here import GroupRows, examples

BEGIN = datetime(2026, 3, 29, tzinfo=UTC)
TIME = pa.timestamp("us", tz="UTC")
ON = [{"left": "k", "right": "k"}]


def moment(second: int) -> datetime:
    return BEGIN + timedelta(seconds=second)


def micros(second: int) -> int:
    return (moment(second) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def external(name: str, rows: list[tuple[str | None, int, int | None]]) -> GroupRows:
    table = pa.table(
        {
            "k": pa.array([key for key, _, _ in rows], pa.string()),
            "at": pa.array([moment(second) for _, second, _ in rows], TIME),
            "value": pa.array([value for _, _, value in rows], pa.int64()),
        }
    )
    return GroupRows(name=name, table=table, primary_key=["k"], event_time="at")


def logged(rows: list[tuple[str, int, int, int, bool]], ttl: int | None = None) -> GroupRows:
    """Rows of key, event time, known-at, value and whether it is a delete; offsets count."""
    table = pa.table(
        {
            "k": pa.array([row[0] for row in rows], pa.string()),
            "at": pa.array([moment(row[1]) for row in rows], TIME),
            "value": pa.array([None if row[4] else row[3] for row in rows], pa.int64()),
            "_known_at": pa.array([moment(row[2]) for row in rows], TIME),
            "_offset": pa.array(range(len(rows)), pa.int64()),
            "_operation": ["delete" if row[4] else "upsert" for row in rows],
        }
    )
    return GroupRows(name="logged", table=table, primary_key=["k"], event_time="at", ttl_seconds=ttl)


def view(kind: str = "left", lookback: int | None = None) -> dict[str, Any]:
    selection = {"features": ["value"], "prefix": "right_"}
    join = {"selection": selection, "on": ON, "kind": kind, "lookback_seconds": lookback}
    return {"root": {"features": ["k", "value"], "prefix": ""}, "joins": [join]}


ROWS = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 6), st.integers(0, 3), st.integers(0, 99), st.booleans()),
    max_size=12,
)
ROOT = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 7), st.integers(0, 99)),
    max_size=8,
    unique_by=lambda row: row[:2],
)
BOUND = st.one_of(st.none(), st.integers(1, 4))


@given(root=ROOT, rows=ROWS, ttl=BOUND, lookback=BOUND, kind=st.sampled_from(["left", "inner"]))
def test_each_example_sees_what_the_obvious_search_finds(
    root: list[tuple[str | None, int, int | None]],
    rows: list[tuple[str, int, int, int, bool]],
    ttl: int | None,
    lookback: int | None,
    kind: str,
) -> None:
    expected = []
    for key, second, value in sorted(root, key=lambda row: (str(row[0]), row[1])):
        before = [
            (row[1], row[2], offset, row) for offset, row in enumerate(rows) if row[0] == key and row[1] <= second
        ]
        last = max(before)[3] if before else None
        late = last is not None and any(bound is not None and last[1] < second - bound for bound in (ttl, lookback))
        found = last is not None and not last[4] and not late
        if found or kind == "left":
            expected.append({"k": key, "value": value, "right_value": last[3] if found and last else None})
    made = examples(view(kind, lookback), external("root", root), [logged(rows, ttl)], None, None)
    assert made.to_pylist() == expected


def test_a_root_of_the_log_has_one_example_for_each_key_and_time() -> None:
    rows = [("a", 1, 1, 10, False), ("a", 1, 2, 11, False), ("a", 2, 1, 12, False), ("a", 2, 2, 0, True)]
    right = external("right", [("a", 0, 7), ("a", 2, 8)])
    made = examples(view(), logged(rows), [right], None, None)
    assert made.to_pylist() == [{"k": "a", "value": 11, "right_value": 7}]


def test_starts_are_inclusive_and_ends_are_not() -> None:
    root = external("root", [("a", second, second) for second in range(4)])
    made = examples({**view(), "joins": []}, root, [], micros(1), micros(3))
    assert made["value"].to_pylist() == [1, 2]


def test_two_rows_of_one_key_and_time_are_refused_where_no_log_orders_them() -> None:
    twice = external("right", [("a", 1, 1), ("a", 1, 2)])
    with pytest.raises(Failed, match="two rows of key") as refused:
        examples(view(), external("root", [("a", 1, 1)]), [twice], None, None)
    assert refused.value.code == "external-rows-twice"


def test_nothing_gives_a_table_of_nothing_with_types() -> None:
    made = examples(view(), external("root", []), [external("right", [])], None, None)
    assert made.num_rows == 0
    assert [str(kind) for kind in made.schema.types] == ["string", "int64", "int64"]
