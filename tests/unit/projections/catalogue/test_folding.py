"""Folding a batch of changes changes nothing about its outcome."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace_projections.changes import Append, Change, Delete, Forget, Update, Upsert
from headrace_projections.errors import Unfounded
from headrace_projections.folding import fold

Table = dict[tuple[tuple[str, Any], ...], dict[str, Any]]


def written(table: Table, change: Change) -> None:
    """What a database does with one change; columns that were never written are not there."""
    assert not isinstance(change, Append | Forget)
    key = tuple(change.key.items())
    if isinstance(change, Delete):
        table.pop(key, None)
    elif isinstance(change, Upsert):
        table[key] = {**table.get(key, {}), **change.row}
    elif key in table:
        table[key] |= change.row
    else:
        raise Unfounded(change.table, "no such row")


def one_by_one(table: Table, changes: Iterable[Change]) -> Table:
    for change in changes:
        written(table, change)
    return table


def folded(table: Table, changes: Iterable[Change]) -> Table:
    """What a database does with the folded changes: removals, then the rest."""
    for standing in fold(changes).standings.get("t", {}).values():
        if standing.founded and tuple(standing.key.items()) not in table:
            raise Unfounded("t", "no such row")
        if standing.removed:
            written(table, Delete("t", standing.key))
        if standing.row is not None:
            kind = Update if standing.founded and not standing.removed else Upsert
            written(table, kind("t", standing.key, standing.row))
    return table


keys = st.fixed_dictionaries({"id": st.integers(0, 2)})
rows = st.dictionaries(st.sampled_from("abc"), st.integers(0, 9), min_size=1)
changes = st.lists(
    st.one_of(
        st.builds(Upsert, st.just("t"), keys, rows),
        st.builds(Update, st.just("t"), keys, rows),
        st.builds(Delete, st.just("t"), keys),
    ),
    max_size=12,
)
tables = st.dictionaries(st.tuples(st.tuples(st.just("id"), st.integers(0, 2))), rows)


@given(tables, changes)
def test_a_folded_batch_leaves_what_its_changes_leave_one_by_one(before: Table, batch: list[Change]) -> None:
    try:
        expected = one_by_one({key: dict(row) for key, row in before.items()}, batch)
    except Unfounded:
        with pytest.raises(Unfounded):
            folded({key: dict(row) for key, row in before.items()}, batch)
        return
    assert folded({key: dict(row) for key, row in before.items()}, batch) == expected


@given(tables, changes, st.integers(0, 12))
def test_where_a_batch_is_cut_makes_no_difference(before: Table, batch: list[Change], cut: int) -> None:
    whole, parts = ({key: dict(row) for key, row in before.items()} for _ in range(2))
    try:
        folded(whole, batch)
    except Unfounded:
        return
    folded(parts, batch[:cut])
    assert folded(parts, batch[cut:]) == whole


def test_a_row_that_changes_often_is_written_once() -> None:
    batch = [Upsert("t", {"id": 1}, {"a": number}) for number in range(1000)]
    (standing,) = fold(batch).standings["t"].values()
    assert standing.row == {"a": 999}


def test_added_rows_are_all_kept_in_order() -> None:
    batch = [Append("lines", {"seq": number}) for number in range(5)]
    assert [row["seq"] for row in fold(batch).appended["lines"]] == [0, 1, 2, 3, 4]


def test_what_is_forgotten_is_neither_updated_nor_added_any_more() -> None:
    kept = Upsert("t", {"project": "b", "id": 1}, {"a": 1})
    folded = fold(
        [
            Update("t", {"project": "a", "id": 1}, {"a": 1}),
            kept,
            Append("t", {"project": "a", "id": 2}),
            Append("t", {"project": "b", "id": 2}),
            Forget("t", {"project": "a"}),
        ]
    )
    assert [standing.key for standing in folded.standings["t"].values()] == [kept.key]
    assert folded.appended["t"] == [{"project": "b", "id": 2}]
    assert folded.forgotten == [Forget("t", {"project": "a"})]


def test_an_update_of_what_the_batch_deleted_is_refused() -> None:
    with pytest.raises(Unfounded, match="deleted"):
        fold([Upsert("t", {"id": 1}, {"a": 1}), Delete("t", {"id": 1}), Update("t", {"id": 1}, {"a": 2})])
