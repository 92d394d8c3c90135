"""What was read off external groups is joined as rows of our own are, counted and hashed; what is no reading is not."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.processors.training.test_requests import folded, requested
from tests.unit.processors.training.test_workshop import Clock, open_work, workshop
from tests.unit.projections.history.offline_rows import group
from tests.unit.projections.history.slow_join import Row, slow_examples
from tests.unit.projections.history.test_point_in_time import examples

from headrace_broker.artifacts import Artifacts
from headrace_events.external_feature_group import ExternalFeatureGroupCreated, ExternalFeatureGroupDeleted
from headrace_events.external_reading import ExternalReading, GivenReading
from headrace_events.feature_filter import Condition, Filter
from headrace_events.feature_view import FeatureViewCreated, GroupSelection, Join, KeyPair
from headrace_events.ids import Micros
from headrace_events.row_schema import Column
from headrace_events.training_dataset import RecordTrainingDataset, RecordTrainingDatasetFailure
from headrace_processors.training.readings import Readings, Taken
from headrace_projections.history.engine import Engine
from headrace_projections.history.errors import Impossible
from headrace_projections.history.view import ViewHistory
from headrace_projections.offline.arrow import TYPES

SECOND = 1_000_000
SALES_TYPES = {"id": "bigint", "at": "timestamp", "shop": "string", "amount": "double", "seen": "timestamp"}
SHOP_TYPES = {"shop": "string", "at": "timestamp", "size": "bigint", "unused": "string", "seen": "timestamp"}


def external(
    name: str, types: Mapping[str, str], key: str, *, event_time: str | None = "at", known_at: str | None = None
) -> ExternalFeatureGroupCreated:
    return ExternalFeatureGroupCreated(
        name=name,
        version=1,
        description="",
        columns=tuple(Column(name=column, type=kind) for column, kind in types.items()),
        primary_key=(key,),
        event_time=event_time,
        storage_connector="warehouse",
        query=f"SELECT * FROM {name}",
        known_at=known_at,
    )


SALES, SHOPS = external("sales", SALES_TYPES, "id"), external("shops", SHOP_TYPES, "shop")
VIEW = FeatureViewCreated(
    name="sales",
    version=1,
    description="",
    root=GroupSelection(group="sales", version=1, features=("amount",)),
    joins=(
        Join(
            selection=GroupSelection(group="shops", version=1, features=("size",), prefix="shop_"),
            on=(KeyPair(left="shop", right="shop"),),
        ),
    ),
    labels=(),
)


def stored(folder: Path, of: ExternalFeatureGroupCreated, columns: Sequence[str], rows: Sequence[Row]) -> GivenReading:
    """The rows as a member's program stores them."""
    times = {name: "time" for name in (of.event_time,) if name} | {name: "known_at" for name in (of.known_at,) if name}
    types = {column.name: column.type for column in of.columns if column.name in columns}
    given = {
        name: pa.array([getattr(row, times[name]) if name in times else row.values[name] for row in rows], TYPES[kind])
        for name, kind in types.items()
    }
    path = folder / "reading.parquet"
    pq.write_table(pa.table(given), path)
    sha256 = Artifacts.at(folder.as_uri()).store("shop", path)
    return GivenReading(group=of.name, version=1, sha256=sha256, read_at=Micros(7))


def taken(
    folder: Path, view: FeatureViewCreated, groups: Sequence[ExternalFeatureGroupCreated], *given: GivenReading
) -> dict[tuple[str, int], Taken]:
    kept = Path(tempfile.mkdtemp(dir=folder))
    readings = Readings(project="shop", artifacts=Artifacts.at(folder.as_uri()), engine=Engine(), folder=kept)
    return readings.take(view, groups, given)


times = st.integers(0, 12).map(lambda second: second * SECOND)
known = st.integers(-1, 12).map(lambda second: second * SECOND)
shops = st.sampled_from(["a", "b", "ä"])


def rows_of(values: Mapping[str, st.SearchStrategy[Any]], key: str) -> st.SearchStrategy[list[Row]]:
    """Rows that differ in key, event time or known-at."""
    row = st.builds(Row, values=st.fixed_dictionaries(dict(values)), time=times, known_at=known, offset=st.just(0))
    return st.lists(row, max_size=12, unique_by=lambda one: (one.values[key], one.time, one.known_at))


amounts = st.none() | st.floats(-2, 2)
sales = rows_of({"id": st.integers(1, 4), "shop": st.none() | shops, "amount": amounts}, "id")
sizes = rows_of({"shop": shops, "size": st.none() | st.integers(-5, 5)}, "shop")


@settings(max_examples=20, deadline=None)
@given(sales, sizes, st.booleans(), st.booleans(), st.sampled_from(["left", "inner"]), st.none() | st.integers(1, 6))
def test_readings_are_joined_as_the_slow_join_says(  # noqa: PLR0917 - what a join depends on
    sold: list[Row], sized: list[Row], known_at: bool, filtered: bool, kind: str, lookback: int | None
) -> None:
    groups = [
        external("sales", SALES_TYPES, "id", known_at="seen"),
        external("shops", SHOP_TYPES, "shop", known_at="seen"),
    ]
    kept = Filter(any_of=(Condition(column="size", join=0, operator=">", values=("-3",)),))
    view = replace(
        VIEW,
        joins=(replace(VIEW.joins[0], kind=kind, lookback_seconds=lookback),),
        filters=(kept,) if filtered else (),
        known_at=known_at,
    )
    ours = {"sales": group("sales", SALES_TYPES, ["id"]), "shops": group("shops", SHOP_TYPES, ["shop"])}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = [
            stored(folder, groups[0], ("id", "at", "shop", "amount", "seen"), sold),
            stored(folder, groups[1], ("shop", "at", "size", "seen"), sized),
        ]
        found = taken(folder, view, groups, *given)
        root, joined = found["sales", 1].history, found["shops", 1].history
        assert (found["sales", 1].reading.rows, found["shops", 1].reading.rows) == (len(sold), len(sized))
        made = examples(ViewHistory(view=view, root=root, joined=(joined,)), 2 * SECOND, 9 * SECOND)
    assert made == slow_examples(view, ours, {"sales": sold, "shops": sized}, 2 * SECOND, 9 * SECOND)


A_SALE = Row(values={"id": 1, "shop": "a", "amount": 2.5}, time=3 * SECOND, known_at=0, offset=0)
A_SHOP = Row(values={"shop": "a", "size": 4}, time=2 * SECOND, known_at=0, offset=0)
OF_SALES, OF_SHOPS = ("id", "at", "shop", "amount"), ("shop", "at", "size")


def test_a_dataset_is_made_of_readings_alone_and_says_what_they_were(tmp_path: Path) -> None:
    given = (stored(tmp_path, SALES, OF_SALES, [A_SALE]), stored(tmp_path, SHOPS, OF_SHOPS, [A_SHOP]))
    requests = folded([SALES, SHOPS, VIEW, replace(requested(1), readings=given)])
    answer = workshop(tmp_path, requests, {}, Clock()).advance(open_work(requests))
    assert isinstance(answer, RecordTrainingDataset)
    assert answer.positions == ()
    assert [(one.group, one.storage_connector, one.rows, one.read_at, one.sha256) for one in answer.readings] == [
        ("sales", "warehouse", 1, 7, given[0].sha256),
        ("shops", "warehouse", 1, 7, given[1].sha256),
    ]
    assert [file.rows for file in answer.files] == [0], "the sale is after the split"


def test_the_hash_of_a_reading_is_of_its_rows_in_whatever_order_they_came(tmp_path: Path) -> None:
    other = replace(A_SALE, values={**A_SALE.values, "id": 2})

    def reading(*rows: Row) -> ExternalReading:
        given = stored(tmp_path, SALES, OF_SALES, rows), stored(tmp_path, SHOPS, OF_SHOPS, [])
        return taken(tmp_path, VIEW, [SALES, SHOPS], *given)["sales", 1].reading

    one, two = reading(A_SALE, other), reading(other, A_SALE)
    assert (one.hash, one.rows) == (two.hash, 2)
    assert one.sha256 != two.sha256
    assert reading(A_SALE, replace(other, time=1)).hash != one.hash
    assert len(one.query_sha256) == 64


def test_rows_without_any_time_are_as_of_1970(tmp_path: Path) -> None:
    timeless = external("sales", SALES_TYPES, "id", event_time=None)
    view = replace(VIEW, joins=())
    given = stored(tmp_path, timeless, ("id", "amount"), [A_SALE])
    history = ViewHistory(view=view, root=taken(tmp_path, view, [timeless], given)["sales", 1].history)
    assert examples(history, -1, 1) == [{"amount": 2.5, "_key_id": 1, "_event_time": 0}]


def test_two_rows_of_one_key_and_time_are_refused_and_named(tmp_path: Path) -> None:
    given = stored(tmp_path, SALES, OF_SALES, [A_SALE, replace(A_SALE, values={**A_SALE.values, "amount": 1.0})])
    with pytest.raises(Impossible, match=r"external-rows-twice: the query of 'sales' gives two rows of \{'id': 1"):
        taken(tmp_path, replace(VIEW, joins=()), [SALES], given)


def test_a_row_without_its_key_or_time_is_refused(tmp_path: Path) -> None:
    given = stored(tmp_path, SALES, OF_SALES, [replace(A_SALE, values={**A_SALE.values, "id": None})])
    with pytest.raises(Impossible, match="invalid-reading: a row of 'sales' has no 'id'"):
        taken(tmp_path, VIEW, [SALES, SHOPS], given)


def test_what_is_no_reading_of_the_group_is_refused(tmp_path: Path) -> None:
    artifacts = Artifacts.at(tmp_path.as_uri())
    lacking = stored(tmp_path, SALES, ("id", "at", "shop"), [A_SALE])
    pq.write_table(pa.table({name: ["x"] for name in OF_SALES}), tmp_path / "texts")
    texts = replace(lacking, sha256=artifacts.store("shop", tmp_path / "texts"))
    junk = replace(lacking, sha256=artifacts.write("shop", b"PAR1 no Parquet PAR1"))
    nowhere = replace(lacking, sha256="0" * 64)
    for one, reason in (
        (lacking, "has 'amount' as no column, and the view needs double"),
        (texts, "has 'id' as string, and the view needs int64"),
        (junk, "is no Parquet file"),
        (nowhere, "reading-missing: what was read of 'sales' is not stored"),
    ):
        with pytest.raises(Impossible, match=reason):
            taken(tmp_path, VIEW, [SALES, SHOPS], one)


def test_a_reading_whose_bytes_are_others_fails_its_dataset_alone(tmp_path: Path) -> None:
    given = (stored(tmp_path, SALES, OF_SALES, [A_SALE]), stored(tmp_path, SHOPS, OF_SHOPS, [A_SHOP]))
    Path(Artifacts.at(tmp_path.as_uri()).path("shop", given[0].sha256)).write_bytes(b"damaged")
    requests = folded([SALES, SHOPS, VIEW, replace(requested(1), readings=given)])
    answer = workshop(tmp_path, requests, {}, Clock()).advance(open_work(requests))
    assert isinstance(answer, RecordTrainingDatasetFailure)
    assert "holds other bytes than it should" in answer.reason


def test_a_group_that_was_deleted_meanwhile_fails_the_dataset(tmp_path: Path) -> None:
    gone = ExternalFeatureGroupDeleted(name="shops", version=1)
    requests = folded([SALES, SHOPS, VIEW, requested(1), gone])
    answer = workshop(tmp_path, requests, {}, Clock()).advance(open_work(requests))
    assert isinstance(answer, RecordTrainingDatasetFailure)
    assert "feature group 'shops' of project 'shop' is deleted" in answer.reason
