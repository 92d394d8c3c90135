"""Feature groups as people use them: insert, wait, read, delete."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import httpx
import pandas as pd
import polars as pl
import pytest
from confluent_kafka import Producer
from tests.integration.clients import eventually
from tests.integration.offline_thread import offline
from tests.integration.served import Served

from headrace import (
    Conflict,
    Feature,
    FeatureGroup,
    Forbidden,
    HeadraceError,
    Invalid,
    NotFound,
    Project,
    StreamProgress,
    StreamRefusal,
)
from headrace._command_id import new_command_id

BEGIN = datetime(2013, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def project(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project as its owner sees it, with both row projections running."""
    stack = served.platform.stack
    stack.stack.up(["online"], report=print)
    with pytest.MonkeyPatch.context() as patch, offline(stack, stack.site.storage_url):
        patch.setenv("HEADRACE_HOME", str(tmp_path_factory.mktemp("client")))
        name = served.new_project()
        with served.project("ada", name) as signed_in:
            yield signed_in


def rows(count: int, start: int = 0) -> list[dict[str, Any]]:
    return [
        {
            "id": f"k{number}",
            "at": BEGIN + timedelta(hours=number),
            "number": number,
            "share": number / 8,
            "raw": b"\xff",
        }
        for number in range(start, start + count)
    ]


def group(project: Project, name: str, **wishes: Any) -> FeatureGroup:
    store = project.get_feature_store()
    return store.get_or_create_feature_group(name, primary_key=["id"], event_time="at", **wishes)


def test_what_is_inserted_can_be_read_online_and_offline(project: Project) -> None:
    things = group(project, "things")
    seen: list[tuple[int, int]] = []
    receipt = things.insert(pl.DataFrame(rows(300)), on_progress=lambda done, total: seen.append((done, total)))
    assert (receipt.accepted, receipt.refused, seen) == (300, (), [(300, 300)])
    receipt.wait()
    assert (receipt.visible().online, receipt.visible().offline) == (True, True)
    assert things.get_vector({"id": "k7"}) == rows(1, 7)[0]
    assert things.get_vector({"id": "nobody"}) is None
    frame = things.read().sort_values("number")
    assert frame["id"].tolist() == [row["id"] for row in rows(300)]
    assert frame["share"].tolist() == [row["share"] for row in rows(300)]
    assert isinstance(things.read("polars"), pl.DataFrame)
    assert things.features[0].type == "string"
    assert project.get_feature_store().get_feature_group("things").version == 1


def test_rows_that_do_not_fit_are_refused_and_the_others_written(project: Project) -> None:
    fussy = group(project, "fussy", features={"id": "string", "at": "timestamp", "number": "bigint"})
    bad: list[dict[str, Any]] = [
        {"id": None, "at": BEGIN},
        {"id": "b", "at": BEGIN, "number": "many"},
        {"id": "c", "at": BEGIN, "colour": "red"},
    ]
    receipt = fussy.insert([{"id": "a", "at": BEGIN, "number": 1}, *bad, {"id": "e", "at": BEGIN}], wait=True)
    assert receipt.accepted == 2
    assert [refusal.row for refusal in receipt.refused] == [1, 2, 3]
    assert [vector.status for vector in fussy.get_vectors([{"id": name} for name in "abe"])] == [
        "found",
        "missing",
        "found",
    ]
    assert fussy.progress()["dead_letters"] == 0


def test_bytes_around_the_sdk_are_counted_as_dead_letters(project: Project) -> None:
    things = group(project, "around", features={"id": "string", "at": "timestamp"})
    producer: Producer = project.producer()
    producer.produce(things.topic, value=b"no avro at all", key=b"k")
    assert producer.flush(10) == 0
    things.insert([{"id": "a", "at": BEGIN}], wait=True)
    progress = things.progress()
    assert progress["dead_letters"] == 1
    (letter,) = progress["last_dead_letters"]
    assert letter["offset"] == 0
    assert "not a framed Avro record" in letter["error"]


def test_a_deleted_entity_shows_again_only_with_a_later_event_time(project: Project) -> None:
    things = group(project, "mortal", features={"id": "string", "at": "timestamp", "number": "bigint"})
    things.insert([{"id": "a", "at": BEGIN, "number": 1}], wait=True)
    things.delete_rows([{"id": "a"}], event_time=BEGIN + timedelta(hours=2)).wait()
    assert things.get_vectors([{"id": "a"}])[0].status == "deleted"
    things.insert([{"id": "a", "at": BEGIN + timedelta(hours=1), "number": 2}], wait=True)
    assert things.get_vectors([{"id": "a"}])[0].status == "deleted"
    assert things.read().empty
    things.insert([{"id": "a", "at": BEGIN + timedelta(hours=3), "number": 3}], wait=True)
    assert things.get_vector({"id": "a"}) == {"id": "a", "at": BEGIN + timedelta(hours=3), "number": 3}
    assert things.read()["number"].tolist() == [3]
    assert things.read(history=True)["_operation"].tolist().count("delete") == 1


def test_a_group_is_read_as_it_was_and_what_changed_is_told(project: Project) -> None:
    things = group(project, "past", features={"id": "string", "at": "timestamp", "number": "bigint"}, partitions=2)
    other = group(project, "present", features={"id": "string", "at": "timestamp"})
    before = [{"id": name, "at": BEGIN, "number": number} for number, name in enumerate("abcd")]
    first = things.insert(before, wait=True)
    known = things.read(history=True)["_known_at"].max().to_pydatetime()
    things.insert([{"id": "a", "at": BEGIN, "number": 9}, {"id": "e", "at": BEGIN, "number": 5}]).wait()
    second = things.delete_rows([{"id": "b"}], event_time=BEGIN + timedelta(hours=1)).wait()
    for moment in (first, first.ends, known):
        then = things.read(as_of=moment).sort_values("id")
        assert then["number"].tolist() == [0, 1, 2, 3]
        changes = things.read_changes(moment).sort_values("id")
        assert changes["_operation"].tolist() == ["update", "delete", "insert"]
        assert changes["id"].tolist() == ["a", "b", "e"]
    assert sorted(things.as_of(datetime.now(UTC)).read()["id"]) == ["a", "c", "d", "e"]
    assert len(things.as_of(second.ends, exclude_until=first).read("polars")) == 3
    commits = things.commit_details()
    assert sum(commit.rows_inserted for commit in commits) == 5
    assert sum(commit.rows_updated + commit.rows_deleted for commit in commits) == 2
    assert sorted(things.read(as_of=commits[0].positions)["id"]) == ["a", "c", "d", "e"]
    wrongs: list[tuple[Any, str]] = [
        (datetime.now(UTC) + timedelta(hours=1), "in-the-future"),
        (BEGIN, "before-the-group"),
        (other.insert([{"id": "a", "at": BEGIN}]), "invalid-question"),
    ]
    for wrong, code in wrongs:
        with pytest.raises(Invalid) as refusal:
            things.read(as_of=wrong)
        assert refusal.value.code == code
    with pytest.raises(Conflict) as early:
        things.read_changes(first, [position + "000" for position in second.ends])
    assert early.value.code == "not-reached"


def test_an_insert_that_is_repeated_overwrites_nothing_that_came_between(project: Project) -> None:
    things = group(project, "again", features={"id": "string", "at": "timestamp", "number": "bigint"})
    first = things.insert([{"id": "a", "at": BEGIN, "number": 1}], insert_id=new_command_id())
    things.insert([{"id": "a", "at": BEGIN, "number": 2}])
    repeated = things.insert([{"id": "a", "at": BEGIN, "number": 1}], insert_id=first.insert_id, wait=True)
    assert repeated.insert_id == first.insert_id
    vector = things.get_vector({"id": "a"})
    assert vector is not None
    assert vector["number"] == 2
    assert things.read()["number"].tolist() == [2]
    with pytest.raises(Invalid):
        things.insert([{"id": "a", "at": BEGIN, "number": 1}], insert_id="not a uuid")


KILLED = """
import os, signal, sys
import headrace
with headrace.login(project=sys.argv[1]) as project:
    group = project.get_feature_store().get_feature_group(sys.argv[2], 1)
    group.insert_stream(sys.argv[3], until_end=True, on_refused=lambda _: os.kill(os.getpid(), signal.SIGKILL))
"""


def streamed(project: Project, name: str) -> tuple[FeatureGroup, str]:
    """A group, and a topic to be inserted into it."""
    columns = {"id": "string", "at": "timestamp", "number": "bigint"}
    return group(project, name, features=columns, partitions=2), project.get_kafka_api().create_topic(name, 2).name


def said(number: int) -> str:
    return json.dumps({"id": f"k{number}", "at": "2013-01-01T01:00:00+01:00", "number": number})


def test_a_topic_is_inserted_exactly_once_though_its_process_is_killed_within_a_transaction(
    project: Project, served: Served
) -> None:
    kafka = project.get_kafka_api()
    things, topic = streamed(project, "streamed")
    kafka.produce(topic, [*map(said, range(20)), "no json", *map(said, range(20, 40))])
    environment = os.environ | {"HEADRACE_API": served.url, "HEADRACE_API_KEY": served.key("ada")}
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, project.name, things.name, topic],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    told: list[StreamRefusal] = []
    progress: list[StreamProgress] = []
    receipt = things.insert_stream(topic, until_end=True, on_refused=told.append, on_progress=progress.append)
    assert (receipt.records, receipt.accepted, receipt.refused, receipt.ended) == (41, 40, 1, "end")
    assert (tuple(told), progress[-1].records, progress[-1].lag) == (receipt.refusals, 41, 0)
    assert "neither framed Avro nor JSON" in told[0].reason
    inserted = [record.value["id"] for record in kafka.consume(things.topic)]
    assert sorted(inserted) == sorted(f"k{number}" for number in range(40))
    # What the killed process had sent lies in the log, before the rows that count.
    assert sum(int(position.rsplit(":", 1)[1]) + 1 for position in receipt.positions) > 80
    kafka.produce(topic, [said(50)])
    more = things.insert_stream(
        topic, until_end=True, transform=lambda record: {**record.value, "number": record.partition + 7}
    )
    assert (more.records, more.accepted) == (1, 1)
    more.wait()
    vector = things.get_vector({"id": "k50"})
    assert vector is not None
    assert (vector["at"], vector["number"] in {7, 8}) == (BEGIN, True)
    assert kafka.get_group(f"insert-stream.{receipt.query_name}").lag == 0


def test_a_query_that_is_begun_elsewhere_ends_here_and_what_cannot_be_is_refused(
    project: Project, served: Served
) -> None:
    kafka = project.get_kafka_api()
    things, topic = streamed(project, "overtaken")
    kafka.produce(topic, [said(1)])
    begun = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(things.insert_stream, topic, timeout=120, on_progress=lambda _: begun.set())
        assert begun.wait(60)
        second = things.insert_stream(topic, until_end=True)
        assert (second.records, second.ended) == (0, "end")
        kafka.produce(topic, [said(2)])
        with pytest.raises(Conflict) as overtaken:
            first.result(60)
    assert overtaken.value.code == "query-overtaken"
    assert things.insert_stream(topic, until_end=True).accepted == 1
    wrongs: list[tuple[dict[str, Any], str]] = [
        ({"topic": "nothing"}, "topic-not-found"),
        ({"topic": things.topic}, "own-topic"),
        ({"topic": topic, "query_name": "with spaces"}, "invalid-name"),
        ({"topic": topic, "start": "yesterday"}, "invalid-start"),
    ]
    for wrong, code in wrongs:
        with pytest.raises(HeadraceError) as refusal:
            things.insert_stream(**wrong, until_end=True)
        assert refusal.value.code == code
    things.save_expectation_suite(
        {"expectation_suite_name": "s", "expectations": []}, validation_ingestion_policy="STRICT"
    )
    with pytest.raises(Conflict) as strict:
        things.insert_stream(topic, until_end=True)
    assert strict.value.code == "suite-is-strict"
    unvalidated = {"run_validation": False}
    assert things.insert_stream(topic, timeout=0.0, validation_options=unvalidated).ended == "timeout"
    with served.project("bob", project.name) as scientist:
        seen = scientist.get_feature_store().get_feature_group("overtaken", 1)
        with pytest.raises(Forbidden) as forbidden:
            seen.insert_stream(topic, query_name="bobs", until_end=True, validation_options=unvalidated)
        assert forbidden.value.code == "topic-not-writable"


def test_a_group_grows_while_an_old_client_goes_on(project: Project, served: Served) -> None:
    store = project.get_feature_store()
    things = group(project, "growing", features={"id": "string", "at": "timestamp", "number": "bigint"})
    old = store.get_feature_group("growing", 1)
    old.insert([{"id": "a", "at": BEGIN, "number": 1}], wait=True)
    narrow = store.create_feature_view("narrow", things.select(["number"]))
    assert old.get_vector({"id": "a"}) == {"id": "a", "at": BEGIN, "number": 1}
    born = datetime(2013, 1, 1, 12, tzinfo=timezone(timedelta(hours=1)))
    things.append_features(
        [
            Feature("share", "double", default_value=0.5),
            Feature("note", "string"),
            Feature("born", "timestamp", "", born),
        ]
    )
    assert [feature.name for feature in things.features] == ["id", "at", "number", "share", "note", "born"]
    grown: dict[str, Any] = {"share": 0.5, "note": None, "born": born}
    assert things.get_vector({"id": "a"}) == {"id": "a", "at": BEGIN, "number": 1, **grown}
    things.insert([{"id": "b", "at": BEGIN, "number": 2, "share": None, "note": "new", "born": BEGIN}])
    old.insert([{"id": "c", "at": BEGIN, "number": 3}])
    things.insert([{"id": "d", "at": BEGIN, "number": 4}], wait=True)
    whole: dict[str, dict[str, Any]] = {
        "a": {"number": 1, **grown},
        "b": {"number": 2, "share": None, "note": "new", "born": BEGIN},
        "c": {"number": 3, **grown},
        "d": {"number": 4, **grown},
    }
    assert {key: things.get_vector({"id": key}) for key in whole} == {
        key: {"id": key, "at": BEGIN, **row} for key, row in whole.items()
    }
    stored = things.read("arrow").select(["id", "number", "share", "note", "born"]).to_pylist()
    assert {row.pop("id"): row for row in stored} == whole
    assert things.progress()["dead_letters"] == 0
    path = f"/api/projects/{project.name}/feature-views/{{}}/versions/1/vectors"
    wide = store.create_feature_view("wide", things.select(["share", "note"]))
    entries = {"entries": [{"id": "a"}, {"id": "b"}]}
    for view, values in ((narrow, [[1], [2]]), (wide, [[0.5, None], [None, "new"]])):
        answer = project._api.ask(path.format(view.name), entries)
        assert [row["values"] for row in answer["vectors"]] == values
    assert group(project, "growing", features={"id": "string", "at": "timestamp"}).features == things.features
    (growth,) = project._api.get(f"/api/projects/{project.name}/feature-groups/growing/versions/1")["growth"]
    assert ([one["name"] for one in growth["features"]], growth["appended_by"]) == (
        ["share", "note", "born"],
        "user:ada",
    )


def test_what_is_inserted_is_counted(project: Project) -> None:
    things = group(project, "counted", statistics_config={"columns": ["number", "share"], "correlations": True})
    with pytest.raises(NotFound) as nothing:
        things.save(rows(1)).get_statistics()
    assert nothing.value.code == "statistics-not-found"
    first = things.insert(pl.DataFrame(rows(40)), wait=True)
    things.insert(pl.DataFrame(rows(60, 40)), wait=True)
    things.delete_rows([{"id": "k1"}]).wait()
    found = things.get_statistics()
    assert (found.rows, found.deletes, list(found.features)) == (100, 1, ["number", "share"])
    number = found.features["number"]
    assert (number.count, number.nulls, number.min, number.max, number.mean) == (100, 0, 0, 99, 49.5)
    assert number.distinct == pytest.approx(100, rel=0.05)
    assert number.quantiles[0.5] == pytest.approx(49.5, abs=1.5)
    assert number.histogram is not None
    assert found.correlations is not None
    assert found.correlations.of("number", "share") == pytest.approx(1)
    each = things.get_all_statistics(feature_names=["share"])
    assert [one.starts for one in each[:-1]] == [one.ends for one in each[1:]]
    assert sum(one.rows for one in each) == 100
    assert things.get_statistics_by_commit_window(to_commit_time=each[0].last_append).rows == 100
    with pytest.raises(Invalid) as uncounted:
        things.get_statistics(feature_names=["raw"])
    assert uncounted.value.code == "not-counted"
    there = things.compute_statistics(exact_uniqueness=True)
    assert (there.rows, there.features["number"].min, there.features["number"].distinct) == (99, 0, 99)
    assert there.correlations is not None
    before = things.compute_statistics(as_of=first, feature_names=["number"])
    assert (before.rows, before.features["number"].max) == (40, 39)
    assert things.update_statistics_config({"columns": ["share", "raw"]}).correlations is False
    again = eventually(
        lambda: next((one for one in things.get_all_statistics() if one.features.keys() == {"share", "raw"}), None),
        "all to be counted again",
    )
    assert (again.rows, again.starts, again.correlations) == (100, each[-1].starts, None)
    things.update_statistics_config(False)
    with pytest.raises(Invalid) as silent:
        things.compute_statistics()
    assert silent.value.code == "statistics-disabled"
    with pytest.raises(Invalid) as many:
        group(project, "silent", statistics_config={"columns": ["nothing"]}).save(rows(1))
    assert many.value.code == "unknown-column"


def test_rows_are_compared_with_what_is_expected_of_them(project: Project) -> None:
    things = group(project, "expected", features={"id": "string", "at": "timestamp", "number": "bigint"})
    plain = [{name: row[name] for name in ("id", "at", "number")} for row in rows(20)]
    assert things.get_expectation_suite() is None
    suite = things.suggest_expectations(plain, "things")
    saved = things.save_expectation_suite(suite)
    between = next(one for one in saved.expectations if one.expectation_type.endswith("be_between"))
    receipt = things.insert([*plain, {**plain[0], "id": "far", "number": 99}])
    assert receipt.accepted == 21
    assert receipt.validation is not None
    assert (receipt.validation.success, receipt.validation.ingestion_result) == (False, "INGESTED")
    things.save_expectation_suite(suite, validation_ingestion_policy="STRICT")
    with pytest.raises(Invalid) as refused:
        things.insert([{**plain[0], "number": 77}])
    assert refused.value.code == "not-as-expected"
    assert things.insert([{**plain[0], "number": 7, "id": "new"}]).validation is not None
    assert things.insert(
        [{**plain[0], "number": 70, "id": "out"}], validation_options={"run_validation": False}
    ).accepted
    assert [(one.number, one.success, one.ingestion_result) for one in things.get_all_validation_reports()] == [
        (3, True, "INGESTED"),
        (2, False, "REJECTED"),
        (1, False, "INGESTED"),
    ]
    assert between.id is not None
    history = things.get_validation_history(between.id)
    assert [one["result"]["partial_unexpected_list"] for one in history] == [[], [77], [99]]
    latest = things.get_latest_validation_report()
    assert latest is not None
    assert latest.insert_id is not None
    with pytest.raises(Invalid) as unknown:
        things.save_expectation_suite({"name": "s", "expectations": [{"type": "expect_luck", "kwargs": {}}]})
    assert unknown.value.code == "unknown-expectation"
    found = things.validate([{**plain[0], "number": None}])
    assert found is not None
    assert (found.success, found.number) == (False, None)
    things.delete_expectation_suite()
    assert things.validate(plain) is None
    assert len(things.get_all_validation_reports()) == 3


def test_rows_from_elsewhere_were_known_when_they_say(project: Project) -> None:
    things = group(project, "elsewhere")
    hour = timedelta(hours=1)
    told = [(1, BEGIN + hour), (2, BEGIN + 3 * hour), (3, BEGIN + 2 * hour)]
    old = [{"id": "a", "at": BEGIN, "number": number, "recorded": recorded} for number, recorded in told]
    receipt = things.insert(pl.DataFrame([*old, {"id": "b", "at": BEGIN}]), known_at="recorded", wait=True)
    assert (receipt.accepted, [one.row for one in receipt.refused]) == (3, [3])
    assert [feature.name for feature in things.features] == ["id", "at", "number"]
    for late, number in ((hour, 1), (2 * hour, 3), (3 * hour, 2)):
        assert things.read(as_of=BEGIN + late)["number"].tolist() == [number]
    assert things.get_vector({"id": "a"}) == {"id": "a", "at": BEGIN, "number": 2}


def test_nested_values_come_back_as_they_were(project: Project) -> None:
    things = group(
        project,
        "nested",
        features={
            "id": "string",
            "at": "timestamp",
            "price": "decimal(10,2)",
            "where": "struct<lat:double,names:array<string>>",
            "counts": "map<string,bigint>",
            "vector": "embedding(3)",
        },
    )
    row = {
        "id": "a",
        "at": datetime(2013, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
        "price": Decimal("12.50"),
        "where": {"lat": 47.25, "names": ["née", None]},
        "counts": {"x": 1, "y": None},
        "vector": [0.5, -1.5, 2.0],
    }
    receipt = things.insert([row, {**row, "id": "b", "vector": [0.5]}], wait=True)
    assert [refusal.row for refusal in receipt.refused] == [1]
    assert things.get_vector({"id": "a"}) == row
    (stored,) = things.read("arrow").select(list(row)).to_pylist(maps_as_pydicts="strict")
    assert stored == row
    assert things.append_features({"tags": "array<string>"}).features[-1] == Feature("tags", "array<string>")
    things.insert([{**row, "tags": ["new", None]}], wait=True)
    assert things.get_vector({"id": "a"}) == {**row, "tags": ["new", None]}


@pytest.mark.long
def test_a_group_has_ten_thousand_columns(project: Project) -> None:
    many = {f"f{number}": "double" for number in range(9_997)}
    wide = group(project, "wide", features={"id": "string", "at": "timestamp", **many})
    wide.append_features(Feature("last", "double", default_value=0.5))
    assert len(wide.features) == 10_000
    rows = [
        {"id": f"k{row}", "at": BEGIN, **{name: row + place / 8 for place, name in enumerate(many)}} for row in (1, 2)
    ]
    wide.insert(rows, wait=True)
    assert wide.get_vector({"id": "k1"}) == {**rows[0], "last": 0.5}
    assert sorted(wide.read("arrow").select(["id", "f9996", "last"]).to_pylist(), key=lambda row: str(row["id"])) == [
        {"id": row["id"], "f9996": row["f9996"], "last": 0.5} for row in rows
    ]
    with pytest.raises(Invalid) as refusal:
        wide.append_features({"more": "int"})
    assert refusal.value.code == "too-many-columns"


def test_an_append_is_refused_with_its_reason(project: Project, served: Served) -> None:
    things = group(project, "fixed", features={"id": "string", "at": "timestamp"})
    for features, kind, code in (
        ({"at": "timestamp"}, Conflict, "column-exists"),
        ({"more": "number"}, Invalid, "unknown-type"),
        ([Feature("more", "int", default_value="one")], Invalid, "invalid-default"),
    ):
        with pytest.raises(kind) as refusal:
            things.append_features(features)
        assert refusal.value.code == code
    unsaved = project.get_feature_store().create_feature_group("unsaved", primary_key=["id"])
    with pytest.raises(NotFound) as missing:
        unsaved.append_features({"more": "int"})
    assert missing.value.code == "not-saved"
    with served.project("bob", project.name) as scientist, pytest.raises(Forbidden) as forbidden:
        scientist.get_feature_store().get_feature_group("fixed", 1).append_features({"more": "int"})
    assert forbidden.value.code == "owners-only"
    assert things.append_features(Feature("more", "int")).features[-1].name == "more"


def test_a_value_past_its_time_to_live_is_expired(project: Project) -> None:
    fresh = group(project, "fresh", features={"id": "string", "at": "timestamp"}, ttl=timedelta(hours=1))
    fresh.insert([{"id": "old", "at": BEGIN}, {"id": "new", "at": datetime.now(UTC)}], wait=True)
    old, new = fresh.get_vectors([{"id": "old"}, {"id": "new"}])
    assert (old.status, old.values, old.event_time) == ("expired", {}, BEGIN)
    assert new.status == "found"


def test_a_group_is_found_again_and_another_key_is_a_conflict(project: Project) -> None:
    store = project.get_feature_store()
    one = group(project, "same", features={"id": "string", "at": "timestamp"})
    assert group(project, "same").topic == one.topic
    with pytest.raises(Conflict):
        store.get_or_create_feature_group("same", primary_key=["at"], event_time="at")
    with pytest.raises(NotFound):
        store.get_feature_group("nothing", 1)
    with pytest.raises(Invalid):
        store.create_feature_group("Bad.Name", primary_key=["id"], features={"id": "string"})


def test_a_scientist_reads_and_cannot_write(project: Project, served: Served) -> None:
    things = group(project, "guarded", features={"id": "string", "at": "timestamp"})
    things.insert([{"id": "a", "at": BEGIN}], wait=True)
    with served.project("bob", project.name) as scientist:
        seen = scientist.get_feature_store().get_feature_group("guarded", 1)
        assert seen.get_vector({"id": "a"}) is not None
        with pytest.raises(Forbidden) as refusal:
            seen.insert([{"id": "b", "at": BEGIN}])
        assert refusal.value.code == "topic-not-writable"


def test_vectors_of_a_view_follow_its_joins_and_leave_labels_out(project: Project) -> None:
    store = project.get_feature_store()
    weather = store.get_or_create_feature_group(
        "weather",
        primary_key=["airport"],
        event_time="hour",
        features={"airport": "string", "hour": "timestamp", "wind": "double"},
    )
    flights = store.get_or_create_feature_group(
        "flights",
        primary_key=["flight"],
        event_time="departs",
        features={"flight": "bigint", "departs": "timestamp", "origin": "string", "late": "boolean"},
    )
    weather.insert([{"airport": "JFK", "hour": BEGIN, "wind": 7.5}], wait=True)
    flights.insert(
        [
            {"flight": 1, "departs": BEGIN, "origin": "JFK", "late": True},
            {"flight": 2, "departs": BEGIN, "origin": "LGA", "late": False},
        ],
        wait=True,
    )
    query = flights.select(["origin", "late"]).join(weather.select(["wind"]), left_on=["origin"], right_on=["airport"])
    view = store.create_feature_view("late_flights", query, labels=["late"])
    path = f"/api/projects/{project.name}/feature-views/{view.name}/versions/{view.version}/vectors"
    entries = [{"flight": 1}, {"flight": 2}, {"flight": 3}, {"origin": "JFK"}]
    answer = project._api.ask(path, {"entries": entries})
    assert answer["features"] == ["origin", "wind"]
    assert [(row["status"], row["values"], row["statuses"]) for row in answer["vectors"]] == [
        ("complete", ["JFK", 7.5], ["found", "found"]),
        ("partial", ["LGA", None], ["found", "missing"]),
        ("missing", [None, None], ["missing", "missing"]),
        ("partial", [None, 7.5], ["missing", "found"]),
    ]
    passed = project._api.ask(path, {"entries": [{"flight": 2}], "passed_features": [{"wind": 1.5}]})
    assert passed["vectors"][0] == {"status": "complete", "values": ["LGA", 1.5], "statuses": ["found", "passed"]}
    with pytest.raises(Invalid):
        project._api.ask(path, {"entries": [{"plane": 1}]})


def test_nobody_else_may_read_vectors(project: Project, served: Served) -> None:
    stranger = served.key("eve")
    path = f"/api/projects/{project.name}/feature-groups/things/versions/1"
    for method, end in (("POST", "vectors"), ("GET", "progress"), ("GET", "rows")):
        answer = served.ask(method, f"{path}/{end}", key=stranger, json={"keys": []} if method == "POST" else None)
        assert answer.status_code == httpx.codes.NOT_FOUND
        assert answer.json()["code"] == "project-not-found"


@pytest.mark.parametrize("keys", [[{}], [{"id": None}], [{"id": 5}], [{"id": 1.5}]])
def test_a_key_that_is_none_is_refused(project: Project, served: Served, keys: list[dict[str, Any]]) -> None:
    group(project, "keyed", features={"id": "string", "at": "timestamp"})
    path = f"/api/projects/{project.name}/feature-groups/keyed/versions/1/vectors"
    answer = served.ask("POST", path, key=served.key("ada"), json={"keys": keys})
    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert answer.json()["code"] in {"missing-key", "invalid-key"}


def test_the_frame_is_untouched_by_an_insert(project: Project) -> None:
    frame = pd.DataFrame(rows(5)).drop(columns="raw")
    before = frame.copy(deep=True)
    group(project, "untouched").insert(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_a_deleted_group_is_gone_and_its_version_is_never_made_again(project: Project) -> None:
    store = project.get_feature_store()
    things = group(project, "doomed", features={"id": "string", "at": "timestamp", "number": "bigint"})
    things.insert([{"id": "a", "at": BEGIN, "number": 1}], wait=True)
    view = store.create_feature_view("doomed_view", things.select_all())
    with pytest.raises(Conflict, match="feature view doomed_view version 1"):
        things.delete()
    assert view.get_feature_vector({"id": "a"})
    view.delete()
    with pytest.raises(NotFound):
        store.get_feature_view("doomed_view", 1)

    def gone() -> bool | None:
        try:
            view.get_feature_vector({"id": "a"})
        except NotFound:
            return True
        return None

    eventually(gone, "the end of the deleted view's vectors")
    things.delete()
    with pytest.raises(NotFound):
        store.get_feature_group("doomed", 1)
    with pytest.raises(NotFound):
        things.read()
    with pytest.raises(Conflict, match="doomed version 1"):
        store.create_feature_group("doomed", 1, primary_key=["id"], features={"id": "string"})
    assert store.create_feature_group("doomed", primary_key=["id"], features={"id": "string"}).version == 2


def test_a_cleared_group_shows_only_what_is_inserted_afterwards(project: Project) -> None:
    things = group(project, "wiped", features={"id": "string", "at": "timestamp", "number": "bigint"}, partitions=2)
    late = BEGIN + timedelta(hours=9)
    things.insert([{"id": name, "at": late, "number": 1} for name in "abcdef"], wait=True)
    things.clear()
    assert {vector.status for vector in things.get_vectors([{"id": name} for name in "abcdef"])} == {"missing"}
    assert things.read(history=True).empty
    things.insert([{"id": "a", "at": BEGIN, "number": 2}], wait=True)
    things.clear()
    things.insert([{"id": "a", "at": BEGIN, "number": 3}, {"id": "b", "at": BEGIN, "number": 4}], wait=True)
    assert things.get_vector({"id": "a"}) == {"id": "a", "at": BEGIN, "number": 3}
    assert sorted(things.read(history=True)["number"].tolist()) == [3, 4]


def test_what_members_say_of_a_group_and_a_view_is_read_back(project: Project, served: Served) -> None:
    store = project.get_feature_store()
    things = group(project, "spoken_of", features={"id": "string", "at": "timestamp", "number": "bigint"})
    view = store.create_feature_view("spoken_of_view", things.select_all())
    owner = f"owner_{project.name.replace('-', '_')}"
    with served.administrator() as platform:
        schemas = platform.get_tag_schemas_api()
        assert schemas.create(owner, {"type": "object", "required": ["team"]}) in schemas.get_all()
        with pytest.raises(Invalid, match="is not taken"):
            schemas.create(f"{owner}_too", {"$ref": "https://example.org/schema.json"})
    for thing in (things, view):
        thing.update_description("all we know").add_keywords(["b", "a"]).add_keywords(["c"]).delete_keyword("b")
        thing.add_tag(owner, {"team": "meteorology"})
        assert (thing.description, thing.get_keywords()) == ("all we know", ["a", "c"])
        assert thing.get_tags() == {owner: {"team": "meteorology"}}
        with pytest.raises(Invalid, match="'team' is a required property"):
            thing.add_tag(owner, {})
        assert thing.set_keywords(["z"]).get_keywords() == ["z"]
    assert view.delete_tag(owner).get_tags() == {}
    with pytest.raises(NotFound):
        view.get_tag(owner)
    things.update_feature_description("number", "how many")
    assert [feature.description for feature in things.features] == ["", "", "how many"]
    assert not things.deprecated
    things.update_deprecated()
    with pytest.warns(FutureWarning, match="'spoken_of' version 1 is deprecated"):
        again = store.get_feature_group("spoken_of", 1)
    assert (again.deprecated, again.description, again.features[2].description) == (True, "all we know", "how many")
    again.update_deprecated(False)
    assert not store.get_feature_group("spoken_of", 1).deprecated


def test_who_uses_which_feature_is_told_and_which_ones_nobody_uses(project: Project) -> None:
    store = project.get_feature_store()
    columns = {"id": "string", "at": "timestamp", "used": "double", "idle": "double"}
    things = group(project, "partly_used", features=columns)
    store.create_feature_view("partly", things.select(["used"]))
    by_name = {use.feature: use for use in things.usage()}
    assert list(by_name) == ["id", "at", "used", "idle"]
    (view,) = by_name["used"].views
    assert (view.name, view.version, view.column, view.role) == ("partly", 1, "used", "feature")
    assert by_name["idle"].unused
    assert [one.features for one in store.unused_features() if one.name == "partly_used"] == [("idle",)]
