"""Windows: what is counted of records of a group, in whatever parts they come."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.unit.projections.rows.things import SCHEMAS, THINGS, delete, record

from headrace_broker.record import Record
from headrace_events.feature_statistics import MOST_COUNTED, StatisticsConfig
from headrace_events.row_schema import Appended, Column
from headrace_projections.offline.arrow import table_of
from headrace_projections.offline.counting import counted_again
from headrace_projections.offline.delta import GroupTable
from headrace_projections.rows.fit import fit
from headrace_projections.rows.groups import Group, Growth
from headrace_projections.statistics.feature import FeatureStatistics
from headrace_projections.statistics.window import Window, merged

ROWS = [record({"id": f"k{n}", "at": n, "share": n / 4, "number": n % 3}, n, timestamp=1_000 * n) for n in range(12)]
GONE = delete("k0", 12, 90_000_000_000)
CORRELATED = replace(THINGS, statistics=StatisticsConfig(correlations=True, columns=("share", "number", "note")))
GROWN = replace(
    THINGS,
    columns=(*THINGS.columns, Column(name="gust", type="double")),
    growth=(Growth(schema_id=10_002, features=(Appended(name="gust", type="double", default="7.5"),)),),
)


def arrow(of: Group, *records: Record) -> pa.Table:
    return pa.concat_tables([table_of(of, rows) for rows in fit(of, SCHEMAS, records).rows])


def window(of: Group, start: int, *records: Record) -> Window:
    made = Window.of(of, (start, 0), (start + len(records), 0))
    made.take(arrow(of, *records))
    return made


def said(of: Window) -> dict[str, tuple[Any, ...]]:
    """What is told of each feature, but for the last digits of its moments."""
    return {
        name: tuple(round(value, 9) if isinstance(value, float) else value for value in one.summary(name).values())
        for name, one in of.features.items()
    }


def test_a_delete_counts_as_one_and_takes_nothing_back() -> None:
    counted = window(THINGS, 0, *ROWS, GONE)
    assert (counted.rows, counted.deletes, counted.reached) == (12, 1, 13)
    share = counted.features["share"].summary("share")
    assert (share["nulls"], share["min"], share["max"], share["mean"]) == (0, 0.0, 2.75, 1.375)
    assert (counted.first, counted.last) == (counted.first, arrow(THINGS, GONE)["_append_time"][0].as_py())


def test_windows_merge_to_what_all_records_give() -> None:
    whole = window(CORRELATED, 0, *ROWS, GONE)
    parts = merged([window(CORRELATED, 0, *ROWS[:5]), window(CORRELATED, 5, *ROWS[5:], GONE)])
    assert parts is not None
    assert (parts.starts, parts.ends, parts.rows, parts.deletes) == ((0, 0), (13, 0), 12, 1)
    assert (parts.first, parts.last) == (whole.first, whole.last)
    assert said(parts) == said(whole)
    assert parts.comoments is not None
    assert whole.comoments is not None
    assert parts.comoments.names == ("share", "number")
    assert parts.comoments.count == whole.comoments.count == 12
    assert parts.comoments.matrix()[0][1] == pytest.approx(whole.comoments.matrix()[0][1])


def test_a_column_that_came_later_is_null_in_the_rows_before_it() -> None:
    before, after = window(THINGS, 0, *ROWS[:5]), window(GROWN, 5, *ROWS[5:])
    after.features["gust"] = FeatureStatistics()
    after.features["gust"].take(pa.array([1.0] * 7))
    both = merged([before, after])
    assert both is not None
    assert both.features["gust"].nulls == 5
    assert both.features["gust"].numbers == 7


def test_the_table_gives_what_was_counted_when_its_rows_came(tmp_path: Path) -> None:
    table = GroupTable(tmp_path.as_uri(), GROWN)
    first, _ = GROWN.places
    live = window(GROWN, 0, *ROWS, GONE)
    table.append(arrow(GROWN, *ROWS, GONE), {first: 13}, {first: 0})
    again = counted_again(tmp_path.as_uri(), GROWN, (0, 0), (13, 0))
    assert (again.rows, again.deletes, again.first, again.last) == (live.rows, live.deletes, live.first, live.last)
    assert said(again) == said(live)
    assert again.features["gust"].nulls == 12
    part = counted_again(tmp_path.as_uri(), GROWN, (3, 0), (7, 0))
    assert (part.rows, part.features["share"].least, part.features["share"].most) == (4, 0.75, 1.5)


def test_a_group_without_a_table_has_nothing_to_count(tmp_path: Path) -> None:
    assert counted_again(tmp_path.as_uri(), THINGS, (0, 0), (3, 0)).rows == 0


def test_only_what_is_wished_for_is_counted() -> None:
    named = replace(THINGS, statistics=StatisticsConfig(columns=("share",)))
    assert list(window(named, 0, *ROWS).features) == ["share"]
    assert replace(THINGS, statistics=StatisticsConfig(enabled=False)).counted == {}
    wide = {f"c{n}": "double" for n in range(MOST_COUNTED + 5)}
    assert len(StatisticsConfig().counted(wide)) == MOST_COUNTED
