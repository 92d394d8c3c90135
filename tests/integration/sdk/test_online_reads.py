"""Online reads of a view as people do them: whole keys, batches, types, both clients, other protocols."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import polars as pl
import psycopg
import pyarrow as pa
import pytest
from psycopg import sql
from tests.integration.clients import eventually
from tests.integration.offline_thread import offline
from tests.integration.served import Served

from headrace import Conflict, Feature, FeatureGroup, FeatureView, Invalid, NotFound, Project
from headrace_events.entity_key import encode_key
from headrace_projections.online.tables import table

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


def features_over_http(served: Served, project: Project, question: dict[str, Any]) -> httpx.Response:
    path = f"/api/projects/{project.name}/get-online-features"
    return served.ask("POST", path, key=served.key("ada"), content=json.dumps(question))


def as_feast_reads_it(answer: dict[str, Any], names: list[str], entities: int) -> list[dict[str, Any]]:
    """What Feast's remote online store makes of an answer: a row per entity, its values where they are PRESENT."""
    at = {name: place for place, name in enumerate(answer["metadata"]["feature_names"])}
    columns = {name: answer["results"][at[name]] for name in names}
    return [
        {name: one["values"][row] if one["statuses"][row] == "PRESENT" else None for name, one in columns.items()}
        for row in range(entities)
    ]


@pytest.mark.usefixtures("view")
def test_a_view_answers_as_a_feature_service_does(project: Project, served: Served) -> None:
    question = {
        "feature_service": "delays",
        "entities": {"flight": [2, 1, 3, None]},
        "include_feature_view_version_metadata": False,
    }
    answer = features_over_http(served, project, question).json()
    assert answer["metadata"] == {"feature_names": ["flight", "origin", "wind", "gusts", "radar_seen"]}
    assert answer["results"][:4] == [
        {"values": [2, 1, 3, None], "statuses": ["PRESENT"] * 4, "event_timestamps": ["1970-01-01T00:00:00Z"] * 4},
        {
            "values": ["LGA", "JFK", None, None],
            "statuses": ["PRESENT", "PRESENT", "NOT_FOUND", "NOT_FOUND"],
            "event_timestamps": [*["2013-01-01T00:00:00Z"] * 2, *["1970-01-01T00:00:00Z"] * 2],
        },
        {
            "values": [None, 7.5, None, None],
            "statuses": ["NOT_FOUND", "PRESENT", "NOT_FOUND", "NOT_FOUND"],
            "event_timestamps": ["1970-01-01T00:00:00Z", "2013-01-01T00:00:00Z", *["1970-01-01T00:00:00Z"] * 2],
        },
        {
            "values": [None] * 4,
            "statuses": ["NOT_FOUND", "NULL_VALUE", "NOT_FOUND", "NOT_FOUND"],
            "event_timestamps": ["1970-01-01T00:00:00Z", "2013-01-01T00:00:00Z", *["1970-01-01T00:00:00Z"] * 2],
        },
    ]
    assert answer["results"][4]["statuses"] == ["OUTSIDE_MAX_AGE", "PRESENT", "NOT_FOUND", "NOT_FOUND"]
    assert answer["results"][4]["event_timestamps"][0] == "2013-01-01T00:00:00Z"
    assert as_feast_reads_it(answer, ["wind", "radar_seen"], 2) == [
        {"wind": None, "radar_seen": None},
        {"wind": 7.5, "radar_seen": 3},
    ]
    assert features_over_http(served, project, {**question, "feature_service": "delays:1"}).json() == answer


@pytest.mark.usefixtures("view")
def test_features_of_groups_are_asked_for_by_name(project: Project, served: Served) -> None:
    entities = {"airport": ["JFK", "BOS"], "day": ["2013-01-01"] * 2}
    question = {"features": ["radar:seen", "weather@v1:wind"], "entities": entities, "full_feature_names": True}
    answer = features_over_http(served, project, question).json()
    assert answer["metadata"]["feature_names"] == ["airport", "day", "radar__seen", "weather__wind"]
    assert [column["values"] for column in answer["results"][2:]] == [[3, None], [7.5, None]]


@pytest.mark.parametrize(
    ("question", "status", "code"),
    [
        ({"entities": {"flight": [1]}}, 422, "invalid-features"),
        (
            {
                "entities": {"flight": [1]},
                "feature_service": "delays",
                "include_feature_view_version_metadata": True,
            },
            422,
            "invalid-request",
        ),
        ({"entities": {"flight": [1]}, "features": ["flights"]}, 422, "invalid-reference"),
        ({"entities": {"flight": [1]}, "features": ["flights:colour"]}, 404, "feature-not-found"),
        ({"entities": {"flight": [1]}, "features": ["nothing:wind"]}, 404, "feature-group-not-found"),
        ({"entities": {"flight": [1]}, "feature_service": "nothing"}, 404, "feature-view-not-found"),
        ({"entities": {"flight": [1], "day": []}, "feature_service": "delays"}, 422, "invalid-entities"),
        ({"entities": {"flight": [1] * 1_001}, "feature_service": "delays"}, 422, "too-many-entities"),
        ({"entities": {"airport": ["JFK"]}, "features": ["weather:wind"]}, 422, "missing-key"),
        ({"entities": {"flight": [1], "plane": [1]}, "features": ["flights:origin"]}, 422, "unknown-key"),
        ({"entities": {"flight": [1]}, "features": ["flights:flight"]}, 422, "names-collide"),
        ({"entities": {"flight": ["one"]}, "feature_service": "delays"}, 422, "invalid-key"),
    ],
)
@pytest.mark.usefixtures("view")
def test_what_cannot_be_answered_says_why(
    project: Project, served: Served, question: dict[str, Any], status: int, code: str
) -> None:
    answer = features_over_http(served, project, question)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.fixture(scope="module")
def crew(project: Project, view: FeatureView) -> FeatureGroup:
    """Who flies the flights of the view: of one it is known, of one it was long ago, of one no more."""
    assert view.primary_keys == ["flight"]
    group = project.get_feature_store().get_or_create_feature_group(
        "crew",
        primary_key=["number"],
        event_time="at",
        features={"number": "int", "at": "timestamp", "pilots": "int", "note": "string", "since": "date"},
        ttl=timedelta(hours=1),
    )
    now = datetime.now(UTC)
    flown = [(1, now), (2, BEGIN), (4, now)]
    group.insert(
        [{"number": n, "at": at, "pilots": n, "note": f'"{n}"', "since": DAY} for n, at in flown], show_progress=False
    )
    group.delete_rows([{"number": 4}], event_time=now).wait(offline=False)
    return group


def test_vectors_that_are_kept_ready_are_those_that_are_put_together(
    project: Project, crew: FeatureGroup, served: Served
) -> None:
    store = project.get_feature_store()
    flights = store.get_feature_group("flights", 1)
    query = flights.select(["origin", "day", "late"]).join(
        crew.select(["pilots", "note", "since"]), left_on=["flight"], right_on=["number"]
    )
    store.create_feature_view("put_together", query, labels=["late"])
    ready = store.create_feature_view("ready", query, labels=["late"], precompute=True)
    assert ready.precomputed
    entries = [{"flight": number} for number in (4, 2, 1, 3, 1)] + [{}, {"flight": 6}]

    def told(name: str, **more: Any) -> bytes:
        question = {"entries": entries, **more}
        return served.ask("POST", vectors_path(project, name=name), key=served.key("ada"), json=question).content

    def same() -> None:
        passed = [{}, {"pilots": 7}, {"origin": None}, {}, {}, {"day": "2013-01-02"}, {}]
        assert told("ready") == told("put_together")
        assert told("ready", passed_features=passed) == told("put_together", passed_features=passed)

    same()
    assert ready.get_feature_vector({"flight": 1}) == ["JFK", DAY, 1, '"1"', DAY]
    later = {"number": 2, "at": datetime.now(UTC), "pilots": 9, "note": None, "since": None}
    crew.insert([later, {**later, "number": 3}, {**later, "number": 1, "at": BEGIN}], show_progress=False)
    flights.insert([{"flight": 6, "at": BEGIN, "origin": "JFK", "day": DAY, "late": True}], show_progress=False)
    flights.delete_rows([{"flight": 6}], event_time=BEGIN + timedelta(hours=1)).wait(offline=False)
    crew.insert([{**later, "number": 5}], show_progress=False).wait(offline=False)
    same()
    assert ready.check_consistency()
    name = ready_name(served, project)
    with psycopg.connect(served.platform.stack.postgres_dsn) as database:
        changed = sql.SQL("UPDATE online.{} SET features_1 = '0,null,null' WHERE key = %s").format(sql.Identifier(name))
        assert database.execute(changed, (encode_key(("bigint",), (2,)),)).rowcount == 1
    assert json.loads(told("ready"))["vectors"][1]["values"][2] == 0
    found = command(served, "consistency", "check", "--project", project.name, "--view", "ready")
    assert (found.returncode, found.stdout.splitlines()[1:]) == (1, ["{'flight': 2}: crew"])
    said = command(served, "feature-view", "precompute", "ready", "--project", project.name, "--stop")
    assert said.returncode == 0, said.stderr
    assert not ready.precomputed
    eventually(lambda: told("ready") == told("put_together") or None, "the process that writes rows to hear of it", 30)
    same()
    with pytest.raises(Conflict, match="not kept ready") as refusal:
        ready.check_consistency()
    assert refusal.value.code == "vectors-not-ready"


def test_a_column_that_came_later_is_kept_ready_also_of_rows_that_lack_it(project: Project, crew: FeatureGroup) -> None:
    store = project.get_feature_store()
    flights = store.get_feature_group("flights", 1)
    grown = crew.append_features(Feature("home", "string", default_value="BOS"))
    query = flights.select(["origin"]).join(grown.select(["note", "home"]), left_on=["flight"], right_on=["number"])
    view = store.create_feature_view("grown", query, precompute=True)
    assert view.get_feature_vector({"flight": 1}) == ["JFK", '"1"', "BOS"]
    row = {"number": 1, "at": datetime.now(UTC), "pilots": 1, "note": "new", "since": DAY, "home": "LGA"}
    grown.insert([row], show_progress=False).wait(offline=False)
    assert view.get_feature_vector({"flight": 1}) == ["JFK", "new", "LGA"]
    assert view.check_consistency()
    crew.clear()
    found = view.get_feature_vector({"flight": 1}, return_type="dict", allow_missing=True)
    assert found == {"origin": "JFK", "note": None, "home": None}
    assert view.check_consistency()


def ready_name(served: Served, project: Project) -> str:
    """The table in which the vectors of the view `ready` are."""
    with psycopg.connect(served.platform.stack.postgres_dsn) as database:
        query = "SELECT DISTINCT name FROM online.view_vectors WHERE project = %s AND view = 'ready'"
        found = database.execute(query, (project.name,)).fetchall()
    ((name,),) = found
    return str(name)


def test_a_view_whose_groups_have_other_keys_is_put_together_when_it_is_asked_for(view: FeatureView) -> None:
    with pytest.raises(Invalid, match="'weather' is joined by origin, day, and the key of 'flights' is flight") as no:
        view.precompute()
    assert no.value.code == "not-precomputable"
    assert not view.precomputed


@pytest.fixture(scope="module")
def counted(project: Project) -> FeatureGroup:
    """A group with late rows, two partitions, a delete, and a row that came after it."""
    group = project.get_feature_store().get_or_create_feature_group(
        "counted",
        primary_key=["id", "day"],
        event_time="at",
        partitions=2,
        features={"id": "string", "day": "date", "at": "timestamp", "number": "bigint", "raw": "binary"},
    )
    group.insert(numbered(500), show_progress=False)
    group.insert(numbered(50, hours=-1), show_progress=False)
    group.delete_rows([{"id": "k7", "day": DAY}, {"id": "never", "day": DAY}], event_time=BEGIN + timedelta(hours=1))
    group.insert(numbered(8), show_progress=False).wait()
    return group


def numbered(count: int, *, hours: int = 0) -> list[dict[str, Any]]:
    at = BEGIN + timedelta(hours=hours)
    return [{"id": f"k{number}", "day": DAY, "at": at, "number": number, "raw": b"\xff"} for number in range(count)]


def test_both_stores_are_proven_equal_while_rows_go_on_coming(counted: FeatureGroup) -> None:
    compared = counted.check_consistency()
    assert compared, compared.differences
    assert (compared.online.keys, compared.online.deleted, compared.different) == (501, 2, 0)
    assert compared.online == compared.offline
    counted.insert(numbered(40), show_progress=False).wait()
    stop = threading.Event()

    def insert() -> None:
        while not stop.is_set():
            counted.insert(numbered(40), show_progress=False)

    thread = threading.Thread(target=insert)
    thread.start()
    try:
        later = [counted.check_consistency() for _ in range(2)]
    finally:
        stop.set()
        thread.join()
    counted.insert(numbered(40), show_progress=False).wait()  # what is on its way would put right what others change
    assert all(later), later
    assert compared.online.digest not in {one.online.digest for one in later}


def test_a_row_that_was_changed_by_hand_is_named(counted: FeatureGroup, project: Project, served: Served) -> None:
    """Four rows: another time, another body, one gone, one that no record can have made."""
    name = table(project.name, "counted", 1)
    keys = {
        number: encode_key(("string", "date"), (f"k{number}", DAY.toordinal() - 719_163)) for number in (1, 2, 3, 4)
    }
    with psycopg.connect(served.platform.stack.postgres_dsn) as database:

        def change(statement: str, *values: object) -> None:
            assert database.execute(sql.SQL(statement).format(name), values).rowcount == 1

        change("UPDATE {0} SET event_time = event_time + 1 WHERE key = %s", keys[1])
        change("UPDATE {0} SET body = (SELECT body FROM {0} WHERE key = %s) WHERE key = %s", keys[1], keys[2])
        change("DELETE FROM {0} WHERE key = %s", keys[3])
        change("UPDATE {0} SET body = ''::bytea WHERE key = %s", keys[4])
    found = counted.check_consistency()
    assert not found
    assert (found.online.keys, found.offline.keys, found.different) == (500, 501, 4)
    first, second, third, fourth = found.differences
    assert [one.key["id"] for one in found.differences] == ["k1", "k2", "k3", "k4"]
    assert first.online == {"_event_time": BEGIN + timedelta(microseconds=1)}
    assert first.offline == {"_event_time": BEGIN}
    assert second.reason == "the record's key is not the canonical key of its row"
    assert second.offline is not None
    assert second.offline["number"] == 2
    assert third.online is None
    assert third.offline is not None
    assert third.offline["raw"] == b"\xff"
    assert fourth.online is not None
    assert fourth.online["_operation"] == "unreadable"
    told = command(served, "consistency", "check", "--project", project.name, "--group", "counted")
    assert told.returncode == 1, told.stderr
    assert told.stdout.splitlines()[0] == "4 keys differ; 500 are online, 501 offline"
    assert "id=k3, day=2013-01-01: online nothing, offline {" in told.stdout


def command(served: Served, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`headrace`, as ada."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("HEADRACE_")}
    environment = {**bare, "HEADRACE_API": served.url, "HEADRACE_API_KEY": served.key("ada")}
    typed = [sys.executable, "-m", "headrace_cli.main", *arguments]
    return subprocess.run(typed, env=environment, capture_output=True, text=True, check=False, timeout=120)


def test_a_group_in_one_store_has_nothing_to_compare(project: Project) -> None:
    alone = project.get_feature_store().create_feature_group(
        "alone", primary_key=["id"], features={"id": "string"}, offline_enabled=False
    )
    alone.save()
    with pytest.raises(Invalid, match="kept in one store only") as refusal:
        alone.check_consistency()
    assert refusal.value.code == "not-in-both-stores"
