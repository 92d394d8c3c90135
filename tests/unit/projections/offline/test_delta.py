"""The Delta table of a group: every row once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from tests.unit.projections.rows.things import SCHEMAS, THINGS, delete, record

from headrace_broker.record import Record
from headrace_projections.errors import Superseded
from headrace_projections.offline.arrow import stored_schema, table_of
from headrace_projections.offline.delta import GroupTable, table_url
from headrace_projections.offline.queries import arrow_stream
from headrace_projections.rows.fit import fit
from headrace_projections.rows.groups import Group

FIRST, SECOND = THINGS.places
ROWS = [
    record({"id": "a", "at": 86_400_000_000, "number": 1, "note": "née", "raw": b"\xff", "day": 3, "share": 0.5}, 0),
    record({"id": "b", "at": 5, "small": -1, "good": True, "part": 0.25}, 1),
    delete("a", 2, 90_000_000_000),
    record({"id": "a", "at": 7, "number": 2}, 3),
]


def arrow(*records: Record) -> pa.Table:
    return pa.concat_tables([table_of(THINGS, rows) for rows in fit(THINGS, SCHEMAS, records).rows])


def test_rows_have_the_groups_columns_and_what_the_log_says() -> None:
    rows = arrow(*ROWS).to_pylist()
    assert arrow(*ROWS).schema.equals(stored_schema(THINGS))
    by_offset = {row["_offset"]: row for row in rows}
    first = by_offset[0]
    assert (first["id"], first["number"], first["note"], first["raw"], first["share"]) == ("a", 1, "née", b"\xff", 0.5)
    assert str(first["_event_date"]) == "1970-01-02"
    assert by_offset[1]["number"] is None
    assert by_offset[1]["part"] == 0.25
    gone = by_offset[2]
    assert (gone["_operation"], gone["id"], gone["number"]) == ("delete", "a", None)
    assert gone["at"].timestamp() == 90_000


def test_an_append_moves_the_positions_with_the_rows(tmp_path: Path) -> None:
    storage = tmp_path.as_uri()
    table = GroupTable(storage, THINGS)
    assert table.positions() == {FIRST: 0, SECOND: 0}
    table.append(arrow(*ROWS), {FIRST: 4}, {FIRST: 0})
    table.append(None, {FIRST: 6, SECOND: 1}, {FIRST: 4, SECOND: 0})
    assert GroupTable(storage, THINGS).positions() == {FIRST: 6, SECOND: 1}
    assert DeltaTable(table_url(storage, "shop", "things", 1)).to_pyarrow_table().num_rows == 4


def test_rows_that_are_there_cannot_be_appended_again(tmp_path: Path) -> None:
    table, late = GroupTable(tmp_path.as_uri(), THINGS), GroupTable(tmp_path.as_uri(), THINGS)
    table.append(arrow(*ROWS), {FIRST: 4}, {FIRST: 0})
    with pytest.raises(Superseded):
        late.append(arrow(*ROWS), {FIRST: 4}, {FIRST: 0})
    with pytest.raises(Superseded):
        GroupTable(tmp_path.as_uri(), THINGS).append(arrow(*ROWS), {FIRST: 4}, {FIRST: 0})
    assert DeltaTable(table_url(tmp_path.as_uri(), "shop", "things", 1)).to_pyarrow_table().num_rows == 4


def read(storage: str, *, history: bool, of: Group = THINGS) -> pl.DataFrame:
    parts = b"".join(arrow_stream(storage, of, history=history))
    frame = pl.from_arrow(pa.ipc.open_stream(parts).read_all())
    assert isinstance(frame, pl.DataFrame)
    return frame


def test_the_last_row_of_every_key_is_read_and_the_history_has_them_all(tmp_path: Path) -> None:
    storage = tmp_path.as_uri()
    assert read(storage, history=True).height == 0
    GroupTable(storage, THINGS).append(arrow(*ROWS), {FIRST: 4}, {FIRST: 0})
    assert read(storage, history=False)["id"].to_list() == ["b"]
    assert sorted(read(storage, history=True)["_offset"].to_list()) == [0, 1, 2, 3]
    GroupTable(storage, THINGS).append(
        arrow(record({"id": "a", "at": 90_000_000_001, "number": 9}, 4)), {FIRST: 5}, {FIRST: 4}
    )
    latest = read(storage, history=False).sort("id")
    assert latest["number"].to_list() == [9, None]


CLEARED = replace(THINGS, begins=(2, 0))


def test_rows_before_the_line_are_gone_and_those_behind_it_stay(tmp_path: Path) -> None:
    storage = tmp_path.as_uri()
    elsewhere = arrow(record({"id": "c", "at": 8, "number": 3}, 0, partition=1))
    table = GroupTable(storage, THINGS)
    table.append(arrow(*ROWS), {FIRST: 4}, {FIRST: 0})
    table.append(elsewhere, {SECOND: 1}, {SECOND: 0})
    assert sorted(read(storage, history=True, of=CLEARED)["_offset"].to_list()) == [0, 2, 3]
    for _ in range(2):
        table = GroupTable(storage, CLEARED)
        table.clear()
        assert table.positions() == {FIRST: 4, SECOND: 1}
        assert sorted(read(storage, history=True)["_offset"].to_list()) == [0, 2, 3]
    table.append(arrow(record({"id": "d", "at": 9, "number": 4}, 4)), {FIRST: 5}, {FIRST: 4})
    assert sorted(read(storage, history=True)["_offset"].to_list()) == [0, 2, 3, 4]
    stored = {path.name for path in tmp_path.rglob("*.parquet")}
    assert {Path(uri).name for uri in DeltaTable(table_url(storage, "shop", "things", 1)).file_uris()} == stored


@pytest.mark.parametrize("failing", ["delete", "vacuum", "create_write_transaction"])
def test_who_clears_a_table_and_is_killed_on_the_way_does_it_whole_the_next_time(
    tmp_path: Path, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = tmp_path.as_uri()
    GroupTable(storage, THINGS).append(arrow(*ROWS), {FIRST: 4}, {FIRST: 0})

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(DeltaTable, failing, killed)
        with pytest.raises(KeyboardInterrupt):
            GroupTable(storage, CLEARED).clear()
    GroupTable(storage, CLEARED).clear()
    assert GroupTable(storage, CLEARED).positions() == {FIRST: 4, SECOND: 0}
    assert sorted(read(storage, history=True)["_offset"].to_list()) == [2, 3]
    stored = {path.name for path in tmp_path.rglob("*.parquet")}
    assert {Path(uri).name for uri in DeltaTable(table_url(storage, "shop", "things", 1)).file_uris()} == stored


def test_a_table_goes_on_where_it_is_after_a_commit_without_rows(tmp_path: Path) -> None:
    table = GroupTable(tmp_path.as_uri(), replace(THINGS, begins=(3, 0)))
    table.clear()
    assert table.positions() == {FIRST: 3, SECOND: 0}
    table.append(None, {SECOND: 2}, {SECOND: 0})
    table.append(arrow(ROWS[3]), {FIRST: 4}, {FIRST: 3})
    assert table.positions() == {FIRST: 4, SECOND: 2}


def test_a_table_that_has_not_come_to_the_line_goes_on_there(tmp_path: Path) -> None:
    storage = tmp_path.as_uri()
    GroupTable(storage, THINGS).append(arrow(*ROWS[:1]), {FIRST: 1}, {FIRST: 0})
    GroupTable(storage, replace(THINGS, begins=(3, 0))).clear()
    table = GroupTable(storage, THINGS)
    assert table.positions() == {FIRST: 3, SECOND: 0}
    assert read(storage, history=True).height == 0
    table.append(arrow(ROWS[3]), {FIRST: 4}, {FIRST: 3})
    assert read(storage, history=True)["_offset"].to_list() == [3]


def test_who_clears_a_table_shuts_out_who_held_it(tmp_path: Path) -> None:
    storage = tmp_path.as_uri()
    GroupTable(storage, THINGS).append(arrow(*ROWS[:2]), {FIRST: 2}, {FIRST: 0})
    late = GroupTable(storage, THINGS)
    GroupTable(storage, CLEARED).clear()
    with pytest.raises(Superseded):
        late.append(arrow(*ROWS[2:]), {FIRST: 4}, {FIRST: 2})
