"""Online reads of a view as people do them: whole keys, batches, types, both clients, other protocols."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import polars as pl
import pyarrow as pa
import pytest
from tests.integration.offline_thread import offline
from tests.integration.served import Served

from headrace import FeatureView, Invalid, NotFound, Project

BEGIN = datetime(2013, 1, 1, tzinfo=UTC)
DAY = date(2013, 1, 1)
ARROW = "application/vnd.apache.arrow.stream"


@pytest.fixture(scope="module")
def project(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project as its owner sees it, with both row projections running."""
    stack = served.platform.stack
    stack.stack.up(["online"], report=print)
    with pytest.MonkeyPatch.context() as patch, offline(stack, stack.site.storage_url):
        patch.setenv("HEADRACE_HOME", str(tmp_path_factory.mktemp("client")))
        with served.project("ada", served.new_project()) as signed_in:
            yield signed_in


@pytest.fixture(scope="module")
def view(project: Project) -> FeatureView:
    """Flights, the weather where and on the day they leave, and what a radar saw there in the last hour."""
    store = project.get_feature_store()
    flights = store.get_or_create_feature_group(
        "flights",
        primary_key=["flight"],
        event_time="at",
        features={"flight": "bigint", "at": "timestamp", "origin": "string", "day": "date", "late": "boolean"},
    )
    weather = store.get_or_create_feature_group(
        "weather",
        primary_key=["airport", "day"],
        event_time="at",
        features={"airport": "string", "day": "date", "at": "timestamp", "wind": "double", "gusts": "int"},
    )
    radar = store.get_or_create_feature_group(
        "radar",
        primary_key=["airport"],
        event_time="at",
        features={"airport": "string", "at": "timestamp", "seen": "int"},
        ttl=timedelta(hours=1),
    )
    left = [
        flights.insert(
            [
                {"flight": number, "at": BEGIN, "origin": origin, "day": DAY, "late": False}
                for number, origin in ((1, "JFK"), (2, "LGA"))
            ],
            show_progress=False,
        ),
        weather.insert(
            [{"airport": "JFK", "day": DAY, "at": BEGIN, "wind": 7.5, "gusts": None}],
            show_progress=False,
        ),
        radar.insert(
            [
                {"airport": "JFK", "at": datetime.now(UTC), "seen": 3},
                {"airport": "LGA", "at": BEGIN, "seen": 4},
            ],
            show_progress=False,
        ),
    ]
    for receipt in left:
        assert receipt.refused == ()
        receipt.wait()
    query = (
        flights.select(["origin", "late"])
        .join(weather.select(["wind", "gusts"]), left_on=["origin", "day"], right_on=["airport", "day"])
        .join(radar.select(["seen"]), left_on=["origin"], right_on=["airport"], prefix="radar_")
    )
    return store.create_feature_view("delays", query, labels=["late"])


def vectors_path(project: Project, kind: str = "feature-views", name: str = "delays") -> str:
    return f"/api/projects/{project.name}/{kind}/{name}/versions/1/vectors"


def test_a_batch_keeps_its_order_and_what_is_asked_for_twice_is_told_twice(view: FeatureView) -> None:
    view.init_serving()
    entries = [{"flight": 2}, {"flight": 1}, {"flight": 3}, {"flight": 1}]
    vectors, statuses = view.get_feature_vectors(entries, allow_missing=True, return_status=True)
    jfk, lga = ["JFK", 7.5, None, 3], ["LGA", None, None, None]
    assert vectors == [lga, jfk, [None] * 4, jfk]
    assert [status.status for status in statuses] == ["partial", "complete", "missing", "complete"]
    assert statuses[0].lacking == {"wind": "missing", "gusts": "missing", "radar_seen": "expired"}
    with pytest.raises(
        NotFound, match=r"no wind \(missing\), gusts \(missing\), radar_seen \(expired\) for {'flight': 2}"
    ):
        view.get_feature_vectors(entries)


def test_a_vector_comes_in_the_shape_that_is_asked_for(view: FeatureView) -> None:
    values = ["JFK", 7.5, None, 3]
    assert view.get_feature_vector({"flight": 1}) == values
    assert list(view.get_feature_vector({"flight": 1}, return_type="dict").values()) == values
    frame = view.get_feature_vector({"flight": 1}, return_type="polars")
    assert frame.schema == {"origin": pl.String, "wind": pl.Float64, "gusts": pl.Int32, "radar_seen": pl.Int32}
    assert frame.row(0) == tuple(values)
    assert view.get_feature_vectors([{"flight": 1}] * 2, return_type="pandas")["wind"].tolist() == [7.5, 7.5]
    assert view.get_feature_vector({"flight": 1}, return_type="numpy").tolist() == [values]


def test_a_key_of_several_columns_is_named_whole_or_not_at_all(view: FeatureView) -> None:
    whole: dict[str, Any] = {"origin": "JFK", "day": DAY}
    assert view.get_feature_vector(whole, {"origin": "JFK"}) == ["JFK", 7.5, None, 3]
    with pytest.raises(Invalid, match="name the whole key by which 'weather' is joined, or nothing of it: day") as half:
        view.get_feature_vector({"origin": "JFK"}, allow_missing=True)
    assert (half.value.code, half.value.details) == ("missing-key", {"missing": "day"})
    passed = {"origin": "JFK", "wind": 1.0, "gusts": 2, "radar_seen": 5}
    assert view.get_feature_vector({}, passed) == ["JFK", 1.0, 2, 5]
    with pytest.raises(Invalid, match="an entry names 'plane'"):
        view.get_feature_vector({"plane": 1})


def test_a_loop_reads_the_same_as_a_thread(view: FeatureView, project: Project) -> None:
    async def ask() -> Any:
        try:
            return await asyncio.gather(
                view.get_feature_vector_async({"flight": 1}),
                view.get_feature_vectors_async([{"flight": 2}], allow_missing=True, return_status=True),
            )
        finally:
            await project.aclose()

    one, many = asyncio.run(ask())
    assert one == view.get_feature_vector({"flight": 1})
    assert many == view.get_feature_vectors([{"flight": 2}], allow_missing=True, return_status=True)


def test_vectors_come_as_arrow_where_it_is_asked_for(view: FeatureView, project: Project, served: Served) -> None:
    entries = [{"flight": 1}, {"flight": 2}]
    answer = served.ask(
        "POST",
        vectors_path(project),
        key=served.key("ada"),
        json={"entries": entries, "passed_features": [{}, {"wind": 2}]},
        headers={"Accept": ARROW},
    )
    assert answer.headers["Content-Type"] == ARROW
    table = pa.ipc.open_stream(answer.content).read_all()
    assert table.schema.names == ["origin", "wind", "gusts", "radar_seen", "_status", "_statuses"]
    assert table.column("wind").to_pylist() == [7.5, 2.0]
    assert table.column("_status").to_pylist() == ["complete", "partial"]
    assert table.column("_statuses").to_pylist()[1] == ["found", "passed", "missing", "expired"]
    of_group = served.ask(
        "POST",
        vectors_path(project, "feature-groups", "weather"),
        key=served.key("ada"),
        json={"keys": [{"airport": "JFK", "day": "2013-01-01"}, {"airport": "BOS", "day": "2013-01-01"}]},
        headers={"Accept": ARROW},
    )
    table = pa.ipc.open_stream(of_group.content).read_all()
    assert table.column("wind").to_pylist() == [7.5, None]
    assert table.column("_event_time").to_pylist() == [BEGIN, None]


def test_more_keys_than_may_be_asked_for_are_refused(project: Project, served: Served) -> None:
    answer = served.ask("POST", vectors_path(project), key=served.key("ada"), json={"entries": [{"flight": 1}] * 1_001})
    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert "at most 1000" in answer.json()["details"]["body.entries"]
