"""Both stores are equal where they hold the same last rows, and any change of one row is named."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.projections.rows.things import SCHEMA_ID, SCHEMAS, THINGS, body, delete, record

from headrace_broker.record import Record
from headrace_events.entity_key import encode_key
from headrace_events.row_schema import Appended, Column, row_schema
from headrace_projections.consistency.compared import Consistency
from headrace_projections.consistency.comparing import SHOWN, compare
from headrace_projections.consistency.online_rows import compared_rows, online_schema
from headrace_projections.history.engine import Engine
from headrace_projections.history.view import GroupHistory, StoredFile
from headrace_projections.offline.arrow import table_of
from headrace_projections.rows.fit import fit
from headrace_projections.rows.groups import Group, Growth
from headrace_schemas.framing import frame

KNOWN_AT = 1_700_000_000_000_000
Stored = tuple[bytes, int, int, int, bool, int, bytes]


def thing(number: int, at: int, **changed: Any) -> dict[str, Any]:
    row = {"id": f"k{number}", "at": at, "number": number, "small": 1, "share": 0.5, "part": 0.25}
    return {**row, "good": True, "note": None, "raw": b"\xff", "day": 3, **changed}


def key(number: int) -> bytes:
    return encode_key(("string",), (f"k{number}",))


def stored(row: dict[str, Any], offset: int) -> Stored:
    return (key(row["number"]), row["at"], KNOWN_AT, offset, False, SCHEMA_ID, body(row))


def compared(
    folder: Path,
    online: Sequence[Stored],
    records: Sequence[Record],
    *,
    end: int = 1_000,
    group: Group = THINGS,
    schemas: Mapping[int, str] = SCHEMAS,
) -> Consistency:
    rows = compared_rows(group, schemas, online) if online else online_schema(group).empty_table()
    pq.write_table(rows, folder / "online.parquet")
    files: tuple[StoredFile, ...] = ()
    if records:
        parts = [table_of(group, part) for part in fit(group, schemas, records).rows]
        pq.write_table(pa.concat_tables(parts), folder / "history.parquet")
        files = (StoredFile(path=str(folder / "history.parquet")),)
    history = GroupHistory(group=group, files=files, ends={0: end, 1: 0})
    return compare(history, folder / "online.parquet", folder / "offline.parquet", Engine())


ROWS = [thing(number, 1_000 + number) for number in range(5)]
HISTORY = [
    *(record(row, offset) for offset, row in enumerate(ROWS)),
    record(thing(1, 5, share=9.0), 5),
    delete("k2", 6, 9_999),
]
ONLINE = [stored(row, offset) for offset, row in enumerate(ROWS) if offset != 2]
GONE: Stored = (key(2), 9_999, KNOWN_AT, 6, True, 0, b"")


def test_the_same_last_rows_have_the_same_digest_in_whatever_order_they_lie(tmp_path: Path) -> None:
    shuffled = [GONE, *ONLINE]
    random.Random(1).shuffle(shuffled)  # noqa: S311 - a chance that repeats
    found = compared(tmp_path, shuffled, HISTORY)
    assert (found.equal, found.differences, found.different) == (True, (), 0)
    assert found.online == found.offline
    assert (found.online.keys, found.online.deleted) == (5, 1)
    assert found.positions == ("id-of-things:0:1000", "id-of-things:1:0")


def test_what_is_behind_the_position_does_not_count(tmp_path: Path) -> None:
    before = [stored(row, offset) for offset, row in enumerate(ROWS)]
    assert compared(tmp_path, before, HISTORY, end=6).equal
    assert not compared(tmp_path, before, HISTORY, end=7).equal


def test_rows_from_before_a_column_came_have_its_default_in_both_stores(tmp_path: Path) -> None:
    later = Appended(name="later", type="double", default="0.5")
    column = Column(name="later", type="double")
    growth = (Growth(schema_id=SCHEMA_ID + 1, features=(later,)),)
    grown = replace(THINGS, columns=(*THINGS.columns, column), growth=growth)
    assert compared(tmp_path, [GONE, *ONLINE], HISTORY, group=grown).equal


def test_nested_values_and_decimals_are_compared_too(tmp_path: Path) -> None:
    kinds = {"price": "decimal(5,2)", "tags": "array<string>", "near": "embedding(2)", "seats": "map<string,int>"}
    kinds["place"] = "struct<at:timestamp,floor:int>"
    columns = (THINGS.columns[0], THINGS.columns[1], *(Column(name=name, type=kind) for name, kind in kinds.items()))
    of = replace(THINGS, columns=columns)
    text = row_schema("shop", "things", 1, columns, ("id", "at"))
    moment = datetime(2013, 1, 1, tzinfo=UTC)
    row: dict[str, Any] = {"id": "k1", "at": moment, "price": Decimal("1.50"), "tags": ["a", None], "near": [0.5, 1.0]}
    row |= {"seats": {"b": 1, "a": None}, "place": {"at": moment, "floor": None}}
    empty = {"id": "k2", "at": moment}
    offline = [_written(text, one) for one in (row, empty)]
    other = _written(text, {**row, "place": {"at": moment, "floor": 3}, "price": Decimal("1.51")})
    schemas = {SCHEMA_ID: text}
    history = [record(None, place, key=one[0], value=frame(SCHEMA_ID) + one[6]) for place, one in enumerate(offline)]
    as_stored = [(*one[:3], place, *one[4:]) for place, one in enumerate(offline)]
    assert compared(tmp_path, as_stored, history, group=of, schemas=schemas).equal
    found = compared(tmp_path, [other, as_stored[1]], history, group=of, schemas=schemas)
    (difference,) = found.differences
    assert difference.online == {"price": Decimal("1.51"), "place": {"at": moment, "floor": 3}}
    assert difference.offline == {"price": Decimal("1.50"), "place": {"at": moment, "floor": None}}


def _written(text: str, row: dict[str, Any]) -> Stored:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(json.loads(text)), row)
    at = int(row["at"].timestamp()) * 1_000_000
    return encode_key(("string",), (row["id"],)), at, KNOWN_AT, 0, False, SCHEMA_ID, out.getvalue()


def test_rows_from_before_a_clearing_count_in_no_store(tmp_path: Path) -> None:
    cleared = replace(THINGS, begins=(2, 0))
    left = [GONE, stored(thing(1, 5, share=9.0), 5), *ONLINE[2:]]
    assert compared(tmp_path, left, HISTORY, group=cleared).equal
    assert not compared(tmp_path, [GONE, *ONLINE], HISTORY, group=cleared).equal


def test_a_group_without_rows_is_equal(tmp_path: Path) -> None:
    found = compared(tmp_path, [], [])
    assert (found.equal, found.online.keys, found.offline.keys) == (True, 0, 0)


def test_every_kind_of_difference_is_named_with_what_each_store_has(tmp_path: Path) -> None:
    late, other = (key(0), 999, *ONLINE[0][2:]), stored(thing(1, 1_001, share=0.75), 1)
    never, unread = stored(thing(9, 1), 4), (*ONLINE[3][:6], b"")
    found = compared(tmp_path, [GONE, late, other, unread, never], HISTORY)
    assert (found.equal, found.different) == (False, 5)
    named = {one.key["id"]: one for one in found.differences}
    assert list(named) == ["k0", "k1", "k3", "k4", "k9"]
    assert [list((one.online or {}).keys()) for one in found.differences[:2]] == [["_event_time"], ["share"]]
    assert (named["k1"].online, named["k1"].offline) == ({"share": 0.75}, {"share": 0.5})
    assert named["k3"].online is None
    assert named["k3"].offline is not None
    assert named["k3"].offline["_offset"] == 3
    assert named["k4"].reason == "the body ends inside column 'id'"
    assert named["k9"].offline is None


@pytest.mark.parametrize("place", [1, 2, 3])
def test_event_time_known_at_and_offset_are_compared_as_the_table_has_them(tmp_path: Path, place: int) -> None:
    changed: list[Any] = list(ONLINE[0])
    changed[place] += 1
    found = compared(tmp_path, [GONE, *ONLINE[1:], tuple(changed)], HISTORY)
    (one,) = found.differences
    assert list(one.online or {}) == [("_event_time", "_known_at", "_offset")[place - 1]]


def test_a_delete_that_is_no_more_and_a_key_of_no_row_are_named(tmp_path: Path) -> None:
    junk: Stored = (b"junk", *ONLINE[0][1:])
    found = compared(tmp_path, [*ONLINE, stored(ROWS[2], 2), junk], HISTORY)
    assert [(one.key["id"], one.reason is None) for one in found.differences] == [("k2", True), (None, False)]
    assert found.differences[0].offline is not None
    assert found.differences[0].offline["_operation"] == "delete"


def test_of_many_differences_the_first_are_named_and_all_counted(tmp_path: Path) -> None:
    found = compared(tmp_path, [], [record(thing(number, 5), number) for number in range(SHOWN + 30)])
    assert (found.different, len(found.differences)) == (SHOWN + 30, SHOWN)
