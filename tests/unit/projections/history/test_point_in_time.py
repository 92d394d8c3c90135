"""Point-in-time joins against a slow, obvious implementation, and the rules one by one."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.projections.history.offline_rows import group, write
from tests.unit.projections.history.slow_join import Row, slow_examples, slow_vector, visible

from headrace_events.feature_filter import LISTED, NULL_TESTS, OPERATORS, Condition, Filter
from headrace_events.feature_view import FeatureViewCreated, GroupSelection, Join, KeyPair
from headrace_events.ids import Micros
from headrace_projections.history.errors import Impossible, Unavailable
from headrace_projections.history.point_in_time import training_rows
from headrace_projections.history.vectors import vectors_as_of
from headrace_projections.history.view import GroupHistory, StoredFile, ViewHistory
from headrace_projections.rows.groups import Group

SECOND = 1_000_000
START, END = 3 * SECOND, 9 * SECOND


def view_of(*joins: Join, labels: tuple[str, ...] = ()) -> FeatureViewCreated:
    return FeatureViewCreated(
        name="orders",
        version=1,
        description="",
        root=GroupSelection(group="orders", version=1, features=("amount", "shop")),
        joins=joins,
        labels=labels,
    )


def joined(name: str, features: Sequence[str], on: Mapping[str, str], *, kind: str = "left", prefix: str = "") -> Join:
    return Join(
        selection=GroupSelection(group=name, version=1, features=tuple(features), prefix=prefix),
        on=tuple(KeyPair(left=left, right=right) for left, right in on.items()),
        kind=kind,
    )


ORDER_COLUMNS = {"id": "bigint", "at": "timestamp", "shop": "string", "town": "int", "amount": "double"}
ORDERS = group("orders", ORDER_COLUMNS, ["id"])
SHOPS = {"shop": "string", "at": "timestamp", "size": "bigint", "note": "string"}
TOWNS = {"shop": "string", "town": "bigint", "at": "timestamp", "heat": "float"}


def history_of(
    folder: Path,
    view: FeatureViewCreated,
    groups: Mapping[str, Group],
    rows: Mapping[str, Sequence[Row]],
    ends: Mapping[str, Mapping[int, int]],
) -> ViewHistory:
    histories = {}
    for name, of in groups.items():
        half = len(rows[name]) // 2
        parts = [part for part in (rows[name][:half], rows[name][half:]) if part]
        files = [write(folder / f"{name}-{number}.parquet", of, part) for number, part in enumerate(parts)]
        histories[name] = GroupHistory(group=of, files=tuple(StoredFile(path=file) for file in files), ends=ends[name])
    return ViewHistory(
        view=view,
        root=histories[view.root.group],
        joined=tuple(histories[join.selection.group] for join in view.joins),
    )


def examples(history: ViewHistory, start: int = START, end: int = END) -> list[dict[str, Any]]:
    with training_rows(history, Micros(start), Micros(end)) as batches:
        return plain(pa.Table.from_batches(batches, history.schema()))


def plain(table: pa.Table) -> list[dict[str, Any]]:
    columns = {
        name: (column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column).to_pylist()
        for name, column in zip(table.column_names, table.columns, strict=True)
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


times = st.integers(0, 12).map(lambda second: second * SECOND)
known = st.integers(-1, 10).map(lambda second: second * SECOND)
shops = st.sampled_from(["a", "b", "ä"])
nullable_shops = st.none() | shops
numbers = st.none() | st.integers(-5, 5)


@st.composite
def rows_of(draw: st.DrawFn, values: Mapping[str, st.SearchStrategy[Any]], most: int = 14) -> list[Row]:
    """Rows with offsets in the order of the log; some records come twice, as a careless writer would leave them."""
    made: list[Row] = []
    offsets = {0: 0, 1: 0}
    for _ in range(draw(st.integers(0, most))):
        partition = draw(st.integers(0, 1))
        offsets[partition] += draw(st.integers(1, 2))
        row = Row(
            values={name: draw(value) for name, value in values.items()},
            time=draw(times),
            known_at=draw(known),
            partition=partition,
            offset=offsets[partition],
            delete=draw(st.booleans()) and draw(st.booleans()),
        )
        made += [row] * draw(st.sampled_from([1, 1, 1, 2]))
    return draw(st.permutations(made))


amounts = st.none() | st.floats(-2, 2)
orders = rows_of({"id": st.integers(1, 4), "shop": nullable_shops, "town": numbers, "amount": amounts})
shop_rows = rows_of({"shop": shops, "size": numbers, "note": st.none() | st.sampled_from(["", "x", "ü"])})
town_rows = rows_of({"shop": shops, "town": st.integers(-2, 2), "heat": st.none() | st.just(1.5)})
ttls = st.none() | st.integers(1, 6)
kinds = st.sampled_from(["left", "inner"])
FILTERED: Mapping[tuple[int | None, str], str] = {
    (None, "amount"): "double",
    (None, "town"): "int",
    (None, "shop"): "string",
    (None, "at"): "timestamp",
    (0, "size"): "bigint",
    (0, "note"): "string",
    (0, "at"): "timestamp",
    (1, "heat"): "float",
    (1, "shop"): "string",
}
"""Join and column → feature type, of columns that are selected and of others."""
TEXTS: Mapping[str, st.SearchStrategy[str]] = {
    "double": st.floats(-2, 2).map(repr),
    "int": st.integers(-5, 5).map(str),
    "bigint": st.integers(-5, 5).map(str),
    "string": st.sampled_from(["", "a", "b", "ä", "x", "ü", "'", "a' OR 'a' = 'a"]),
    "float": st.sampled_from(["1.5", "1", "1.6"]),
    "timestamp": st.integers(0, 12).map(lambda second: f"1970-01-01T01:00:{second:02d}+01:00"),
}


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    """A condition that fits the view of the test."""
    (join, column), kind = draw(st.sampled_from(sorted(FILTERED.items(), key=repr)))
    operator = draw(st.sampled_from(sorted(OPERATORS)))
    count = 0 if operator in NULL_TESTS else 1
    most = 3 if operator in LISTED else count
    values = draw(st.lists(TEXTS[kind], min_size=count, max_size=most))
    return Condition(column=column, join=join, operator=operator, values=tuple(values))


filters = st.lists(
    st.lists(conditions(), min_size=1, max_size=2).map(lambda any_of: Filter(any_of=tuple(any_of))), max_size=2
).map(tuple)
ends = st.fixed_dictionaries({0: st.integers(0, 20), 1: st.integers(0, 20)})


@given(
    rows=st.fixed_dictionaries({"orders": orders, "shops": shop_rows, "towns": town_rows}),
    ends=st.fixed_dictionaries({"orders": ends, "shops": ends, "towns": ends}),
    ttl=st.tuples(ttls, ttls, ttls),
    kind=st.tuples(kinds, kinds),
    lookback=st.tuples(ttls, ttls),
    known_at=st.booleans(),
    kept=filters,
)
@pytest.mark.fuzz
@settings(
    max_examples=settings().max_examples // 2, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_the_join_equals_the_slow_one(
    *,
    rows: dict[str, list[Row]],
    ends: dict[str, dict[int, int]],
    ttl: tuple[int | None, int | None, int | None],
    kind: tuple[str, str],
    lookback: tuple[int | None, int | None],
    known_at: bool,
    kept: tuple[Filter, ...],
) -> None:
    groups = {
        "orders": ORDERS,
        "shops": group("shops", SHOPS, ["shop"], ttl_seconds=ttl[1]),
        "towns": group("towns", TOWNS, ["shop", "town"], ttl_seconds=ttl[2]),
    }
    view = view_of(
        replace(
            joined("shops", ["size", "note"], {"shop": "shop"}, kind=kind[0], prefix="s_"),
            lookback_seconds=lookback[0],
        ),
        replace(
            joined("towns", ["heat", "at"], {"town": "town", "shop": "shop"}, kind=kind[1], prefix="t_"),
            lookback_seconds=lookback[1],
        ),
        labels=("s_size",),
    )
    view = replace(view, filters=kept, known_at=known_at, inference_helpers=("t_heat",), training_helpers=("amount",))
    seen = {name: [_with_time(row) for row in visible(rows[name], ends[name])] for name in groups}
    with tempfile.TemporaryDirectory() as folder:
        history = history_of(Path(folder), view, groups, rows, ends)
        assert examples(history) == slow_examples(view, groups, seen, START, END)
        entries = [{"id": number} for number in (1, 2, 9, 1)]
        asked = [Micros(second * SECOND) for second in (12, 5, 7, 4)]
        assert plain(vectors_as_of(history, entries, asked)) == [
            slow_vector(view, groups, seen, entry, time) for entry, time in zip(entries, asked, strict=True)
        ]


def _with_time(row: Row) -> Row:
    return Row(
        values={**row.values, "at": row.time},
        time=row.time,
        known_at=row.known_at,
        offset=row.offset,
        partition=row.partition,
        delete=row.delete,
    )


def order(number: int, second: int, offset: int = 0, *, delete: bool = False, shop: str | None = "a") -> Row:
    values = {"id": number, "shop": shop, "town": None, "amount": None if delete else float(offset)}
    return Row(values=values, time=second * SECOND, known_at=offset, offset=offset, delete=delete)


def shop(name: str, second: int, offset: int, *, known_at: int | None = None, delete: bool = False) -> Row:
    values = {"shop": name, "size": None if delete else offset, "note": None}
    return Row(
        values=values,
        time=second * SECOND,
        known_at=offset if known_at is None else known_at,
        offset=offset,
        delete=delete,
    )


def sizes(
    folder: Path,
    order_rows: Sequence[Row],
    shop_rows: Sequence[Row],
    *,
    end: int = 1_000,
    ttl: int | None = None,
    kind: str = "left",
    lookback: int | None = None,
    known_at: bool = False,
    kept: tuple[Filter, ...] = (),
    begins: tuple[int, ...] = (),
) -> list[tuple[float, int | None]]:
    """(amount, size of the shop) of each example; both say which offset they came from."""
    groups = {"orders": ORDERS, "shops": replace(group("shops", SHOPS, ["shop"], ttl_seconds=ttl), begins=begins)}
    join = replace(joined("shops", ["size"], {"shop": "shop"}, kind=kind), lookback_seconds=lookback)
    view = replace(view_of(join), known_at=known_at, filters=kept)
    ends = {"orders": {0: 1_000}, "shops": {0: end}}
    history = history_of(folder, view, groups, {"orders": order_rows, "shops": shop_rows}, ends)
    return [(row["amount"], row["size"]) for row in examples(history)]


def test_a_feature_of_the_same_moment_counts(tmp_path: Path) -> None:
    assert sizes(tmp_path, [order(1, 5)], [shop("a", 5, 7), shop("a", 6, 8)]) == [(0.0, 7)]


def test_of_two_features_of_one_moment_the_one_known_last_counts(tmp_path: Path) -> None:
    rows = [shop("a", 4, 1, known_at=9), shop("a", 4, 2, known_at=3), shop("a", 4, 3, known_at=3)]
    assert sizes(tmp_path, [order(1, 5)], rows) == [(0.0, 1)]


def test_of_two_features_known_at_one_time_the_one_later_in_the_log_counts(tmp_path: Path) -> None:
    rows = [shop("a", 4, 5, known_at=3), shop("a", 4, 4, known_at=3)]
    assert sizes(tmp_path, [order(1, 5)], rows) == [(0.0, 5)]


def test_a_row_that_is_there_twice_does_not_double_the_example(tmp_path: Path) -> None:
    rows = [shop("a", 4, 1), shop("a", 4, 1)]
    assert sizes(tmp_path, [order(1, 5), order(1, 5)], rows) == [(0.0, 1)]


def test_a_deleted_feature_is_null_and_a_late_row_before_the_delete_does_not_bring_it_back(tmp_path: Path) -> None:
    rows = [shop("a", 2, 1), shop("a", 4, 2, delete=True), shop("a", 3, 3)]
    assert sizes(tmp_path, [order(1, 3), order(1, 5, 1)], rows) == [(0.0, 3), (1.0, None)]


def test_a_row_after_the_delete_counts_again(tmp_path: Path) -> None:
    rows = [shop("a", 4, 2, delete=True), shop("a", 5, 3)]
    assert sizes(tmp_path, [order(1, 5)], rows) == [(0.0, 3)]


def test_a_feature_as_old_as_its_time_to_live_counts_and_an_older_one_is_null(tmp_path: Path) -> None:
    rows = [shop("a", 1, 1)]
    assert sizes(tmp_path, [order(1, 4), order(1, 5, 1)], rows, ttl=3) == [(0.0, 1), (1.0, None)]


def test_an_expired_feature_is_not_replaced_by_one_still_older(tmp_path: Path) -> None:
    rows = [shop("a", 1, 1), shop("a", 0, 2)]
    assert sizes(tmp_path, [order(1, 8)], rows, ttl=3) == [(0.0, None)]


def test_of_a_time_to_live_and_a_lookback_the_shorter_one_holds(tmp_path: Path) -> None:
    rows = [shop("a", 1, 1)]
    made = [order(1, 4), order(1, 5, 1)]
    assert sizes(tmp_path, made, rows, lookback=3) == [(0.0, 1), (1.0, None)]
    assert sizes(tmp_path, made, rows, lookback=9, ttl=3) == [(0.0, 1), (1.0, None)]
    assert sizes(tmp_path, made, rows, lookback=2, ttl=9) == [(0.0, None), (1.0, None)]


def test_what_became_known_later_is_seen_by_those_after_it_only(tmp_path: Path) -> None:
    rows = [shop("a", 3, 1, known_at=3 * SECOND), shop("a", 4, 2, known_at=7 * SECOND), shop("a", 2, 3, known_at=0)]
    made = [order(1, 5), order(1, 7, 1), order(1, 8, 2)]
    assert sizes(tmp_path, made, rows) == [(0.0, 2), (1.0, 2), (2.0, 2)]
    assert sizes(tmp_path, made, rows, known_at=True) == [(0.0, 1), (1.0, 2), (2.0, 2)]


def test_a_delete_that_became_known_later_hides_nothing_before(tmp_path: Path) -> None:
    rows = [shop("a", 3, 1, known_at=0), shop("a", 4, 2, known_at=7 * SECOND, delete=True)]
    assert sizes(tmp_path, [order(1, 6), order(1, 7, 1)], rows, known_at=True) == [(0.0, 1), (1.0, None)]


@pytest.mark.parametrize("known_at", [False, True])
def test_rows_that_were_cleared_away_are_not_seen_though_the_files_still_have_them(
    tmp_path: Path, known_at: bool
) -> None:
    rows = [shop("a", 4, 7), shop("a", 3, 8), shop("b", 4, 6)]
    made = [order(1, 5), order(2, 5, 1, shop="b")]
    assert sizes(tmp_path, made, rows, known_at=known_at, begins=(8, 0)) == [(0.0, 8), (1.0, None)]


def test_a_filter_leaves_examples_out_and_changes_none_that_stay(tmp_path: Path) -> None:
    large = Filter(any_of=(Condition(column="size", join=0, operator=">", values=("1",)),))
    rows = [shop("a", 3, 2), shop("a", 4, 1), shop("b", 1, 7)]
    made = [order(1, 3), order(1, 5, 1), order(2, 5, 2, shop="b"), order(3, 5, 3, shop=None)]
    assert sizes(tmp_path, made, rows, kept=(large,)) == [(0.0, 2), (2.0, 7)]


def test_an_inner_join_leaves_out_examples_without_a_feature(tmp_path: Path) -> None:
    rows = [shop("a", 4, 2, delete=True), shop("b", 1, 1)]
    made = [order(1, 5), order(2, 5, 1, shop="b"), order(3, 5, 2, shop=None)]
    assert sizes(tmp_path, made, rows, kind="inner") == [(1.0, 1)]


def test_a_null_key_finds_nothing_and_loses_no_example(tmp_path: Path) -> None:
    assert sizes(tmp_path, [order(1, 5, shop=None)], [shop("a", 1, 1)]) == [(0.0, None)]


def test_rows_at_and_after_the_position_are_not_there(tmp_path: Path) -> None:
    rows = [shop("a", 2, 1), shop("a", 3, 2)]
    assert sizes(tmp_path, [order(1, 5)], rows, end=2) == [(0.0, 1)]
    assert sizes(tmp_path, [order(1, 5)], rows, end=3) == [(0.0, 2)]
    assert sizes(tmp_path, [order(1, 5)], rows, end=0) == [(0.0, None)]


def test_bounds_take_the_start_and_leave_out_the_end(tmp_path: Path) -> None:
    made = [order(1, 2), order(1, 3, 1), order(1, 8, 2), order(1, 9, 3)]
    assert [amount for amount, _ in sizes(tmp_path, made, [])] == [1.0, 2.0]


def test_an_example_that_was_corrected_counts_once_and_a_deleted_one_not(tmp_path: Path) -> None:
    made = [order(1, 5), order(1, 5, 1), order(2, 5, 2), order(2, 5, 3, delete=True), order(2, 4, 4)]
    assert [amount for amount, _ in sizes(tmp_path, made, [])] == [1.0, 4.0]


def test_a_view_without_rows_has_its_columns(tmp_path: Path) -> None:
    history = history_of(tmp_path, view_of(), {"orders": ORDERS}, {"orders": []}, {"orders": {0: 0}})
    with training_rows(history, Micros(START), Micros(END)) as batches:
        made = pa.Table.from_batches(batches, history.schema())
    assert made.num_rows == 0
    assert made.column_names == ["amount", "shop", "_key_id", "_event_time"]


def test_a_root_without_event_time_gives_each_key_once_as_it_was_last(tmp_path: Path) -> None:
    timeless = group("orders", {"id": "bigint", "shop": "string", "amount": "double"}, ["id"], event_time=None)
    rows = [
        Row(values={"id": number, "shop": "a", "amount": float(offset)}, time=0, known_at=known, offset=offset)
        for offset, (number, known) in enumerate([(1, START), (2, START), (1, START + 1), (2, END), (3, START)])
    ]
    history = history_of(tmp_path, view_of(), {"orders": timeless}, {"orders": rows}, {"orders": {0: 9}})
    assert [(row["_key_id"], row["amount"]) for row in examples(history)] == [(1, 2.0), (3, 4.0)]


def test_only_files_whose_day_can_matter_are_read() -> None:
    day = 86_400 * SECOND
    files = (*(StoredFile(path=str(number), day=number) for number in range(4)), StoredFile(path="any"))
    history = GroupHistory(group=ORDERS, files=files, ends={})
    assert history.between(day, 2 * day - 1) == ["1", "any"]
    assert history.between(None, 2 * day) == ["0", "1", "2", "any"]
    assert history.between(-1, None) == ["0", "1", "2", "3", "any"]
    assert history.between(None, -1) == ["any"]


def test_columns_of_different_types_are_not_joined(tmp_path: Path) -> None:
    groups = {"orders": ORDERS, "shops": group("shops", SHOPS, ["shop"])}
    view = view_of(joined("shops", ["size"], {"town": "shop"}))
    none: dict[str, list[Row]] = {"orders": [], "shops": []}
    with pytest.raises(Impossible, match=r"'town' \(int\) with 'shops'\.'shop' \(string\)"):
        history_of(tmp_path, view, groups, none, {"orders": {}, "shops": {}})


def test_an_entry_that_is_no_key_is_refused_with_its_reason(tmp_path: Path) -> None:
    history = history_of(tmp_path, view_of(), {"orders": ORDERS}, {"orders": []}, {"orders": {}})
    with pytest.raises(Impossible, match="names the primary key of 'orders': id"):
        vectors_as_of(history, [{"order": 1}], [Micros(0)])
    for odd in ("one", 10**30, "\ud800", None, [1]):
        with pytest.raises(Impossible, match="does not fit"):
            vectors_as_of(history, [{"id": odd}], [Micros(0)])
    with pytest.raises(Impossible, match="1 entries and 2 times"):
        vectors_as_of(history, [{"id": 1}], [Micros(0), Micros(1)])


@pytest.mark.parametrize(
    ("kind", "stored", "asked"),
    [
        ("date", 15_706, "2013-01-01"),
        ("timestamp", 1_356_998_400_000_000, "2013-01-01T00:00:00Z"),
        ("binary", b"\0\xff", "AP8="),
        ("boolean", True, True),
        ("int", 7, 7.0),
        ("string", "ä", "ä"),
    ],
)
def test_an_entry_may_be_as_json_has_it(tmp_path: Path, kind: str, stored: Any, asked: Any) -> None:
    of = group("orders", {"id": kind, "at": "timestamp", "amount": "double"}, ["id"])
    root = GroupSelection(group="orders", version=1, features=("amount",))
    view = FeatureViewCreated(name="v", version=1, description="", root=root, joins=(), labels=())
    rows = [Row(values={"id": stored, "amount": 1.5}, time=5, known_at=0, offset=0)]
    history = history_of(tmp_path, view, {"orders": of}, {"orders": rows}, {"orders": {0: 1}})
    found = vectors_as_of(history, [{"id": asked}, {"id": asked}], [Micros(5), Micros(4)])
    assert found.column("amount").to_pylist() == [1.5, None]


def test_a_file_that_cannot_be_read_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 and then nothing")
    torn = GroupHistory(group=ORDERS, files=(StoredFile(path=str(tmp_path / "torn.parquet")),), ends={0: 9})
    with pytest.raises(Unavailable, match="cannot be read"):
        examples(ViewHistory(view=view_of(), root=torn))
