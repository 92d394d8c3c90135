"""Statistics of what a group was at a moment, from the offline table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from tests.unit.projections.rows.things import SCHEMAS, THINGS, delete, record

from headrace_broker.record import Record
from headrace_events.feature_statistics import StatisticsConfig
from headrace_projections.history.moment import Moment
from headrace_projections.offline.arrow import table_of
from headrace_projections.offline.delta import GroupTable
from headrace_projections.rows.fit import fit
from headrace_projections.statistics.computed import computed

COUNTED = replace(THINGS, statistics=StatisticsConfig(correlations=True))
ROWS: list[Record] = [
    *(record({"id": f"k{n}", "at": n, "share": n / 4, "number": n % 3}, n, timestamp=1_000 * n) for n in range(12)),
    record({"id": "k1", "at": 20, "share": 100.0, "number": 1}, 12, timestamp=20_000),
    delete("k0", 13, 90_000_000_000),
]


@pytest.fixture
def storage(tmp_path: Path) -> str:
    """Where the offline table is that holds the rows."""
    first, _ = COUNTED.places
    rows = pa.concat_tables([table_of(COUNTED, rows) for rows in fit(COUNTED, SCHEMAS, ROWS).rows])
    GroupTable(tmp_path.as_uri(), COUNTED).append(rows, {first: len(ROWS)}, {first: 0})
    return tmp_path.as_uri()


def test_the_last_row_of_each_key_counts_once(storage: str) -> None:
    found = computed(storage, COUNTED, ["share", "number", "id"])
    share = found.features["share"].summary("share")
    assert (found.rows, share["min"], share["max"]) == (11, 0.5, 100.0)
    assert share["mean"] == pytest.approx((sum(n / 4 for n in range(2, 12)) + 100) / 11)
    assert found.distinct == {}
    assert found.comoments is not None
    assert (found.comoments.names, found.comoments.count) == (("share", "number"), 11)


def test_a_moment_shows_what_was_there_then(storage: str) -> None:
    found = computed(storage, COUNTED, ["share"], Moment(ends={0: 4, 1: 0}))
    assert (found.rows, found.features["share"].summary("share")["max"]) == (4, 0.75)
    nothing = computed(storage, COUNTED, ["share"], Moment(ends={0: 0, 1: 0}), exactly=True)
    assert (nothing.rows, nothing.distinct) == (0, {"share": 0})


def test_distinct_values_are_counted_one_by_one_where_that_is_asked_for(storage: str) -> None:
    found = computed(storage, COUNTED, ["share", "number", "note"], exactly=True)
    assert found.distinct == {"share": 11, "number": 3, "note": 0}


def test_a_group_without_a_table_has_no_rows(tmp_path: Path) -> None:
    assert computed(tmp_path.as_uri(), COUNTED, ["share"], exactly=True).rows == 0
