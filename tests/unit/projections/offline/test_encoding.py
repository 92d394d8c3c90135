"""A commit's columns have a dictionary where their values repeat, and are the same rows with and without."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from tests.unit.projections.rows.things import SCHEMAS, THINGS, record

from headrace_projections.offline.arrow import table_of
from headrace_projections.offline.delta import GroupTable
from headrace_projections.offline.encoding import SAMPLE, writer_properties
from headrace_projections.rows.fit import fit

FIRST, _ = THINGS.places


def rows(count: int) -> pa.Table:
    records = [
        record({"id": f"k{n}", "at": n, "share": n / 7, "number": n % 3, "note": "née" if n % 2 else None}, n)
        for n in range(count)
    ]
    (fitted,) = fit(THINGS, SCHEMAS, records).rows
    return table_of(THINGS, fitted)


def test_only_values_that_repeat_are_collected_in_a_dictionary(tmp_path: Path) -> None:
    given = rows(SAMPLE)
    GroupTable(tmp_path.as_uri(), THINGS).append(given, {FIRST: SAMPLE}, {FIRST: 0})
    (file,) = tmp_path.rglob("*.parquet")
    written = pq.ParquetFile(file).metadata.row_group(0)
    with_one = {
        column.path_in_schema
        for column in (written.column(place) for place in range(written.num_columns))
        if column.has_dictionary_page
    }
    assert {written.column(place).compression for place in range(written.num_columns)} == {"SNAPPY"}
    assert with_one >= {"number", "note", "_operation", "_append_time"}
    assert with_one.isdisjoint({"id", "at", "share", "_offset"})
    found = pq.ParquetFile(file).read()
    assert found.select(["id", "at", "share", "note"]).equals(given.select(["id", "at", "share", "note"]))


def test_columns_of_any_type_are_looked_at() -> None:
    nested = pa.array([[("a", 1)]] * SAMPLE, pa.map_(pa.string(), pa.int64()))
    given = pa.table({"map": nested, "nothing": pa.nulls(SAMPLE, pa.string()), "each": range(SAMPLE)})
    assert list(writer_properties(given).column_properties or {}) == ["each"]
