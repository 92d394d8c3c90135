"""What the story says of itself is what somebody finds who did not take part in it."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import deltalake
import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from confluent_kafka import KafkaError, Producer
from tests.e2e.departures import Departure, departures, weather
from tests.e2e.witness import Played
from tests.integration.clients import eventually
from tests.unit.dataset_vectors import ARROW, slow_hash

pytestmark = pytest.mark.timeout(900)  # the first of them starts a stack and plays a story on it

FIRST, JULY, UNTIL, END = (datetime(2013, month, day, tzinfo=UTC) for month, day in ((6, 22), (7, 1), (7, 6), (7, 7)))
LATE_ROWS = JULY - timedelta(days=1)
SPLIT = datetime(2013, 6, 28, tzinfo=UTC)
TOLERANCE = 1e-9
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def flights() -> list[Departure]:
    """Every flight of the sample."""
    return departures(FIRST, END)


def test_all_steps_were_told_and_took_their_time(played: Played, flights: list[Departure]) -> None:
    assert [step["step"] for step in played.report["steps"]] == [str(number) for number in range(11)]
    assert all(step["seconds"] > 0 and step["result"] for step in played.report["steps"])
    assert len(flights) >= 10_000


def test_where_somebody_has_taken_the_name_the_story_takes_the_next(played: Played) -> None:
    assert (played.flights, played.rival) == ("flights-2", "rival-2")
    known = {row["project"] for row in played.witness.ask("/api/projects")}
    assert {"flights", "flights-2", "rival-2"} <= known
    assert "rival" not in known


def test_the_broker_took_the_owners_record_and_none_of_the_rivals(played: Played) -> None:
    assert len(played.step(1)["refused"]) == 4
    assert len(played.witness.messages(f"{played.flights}.topics.radar")) == 1
    certificate = played.home / "clients" / f"{played.rival}__eve" / "1"
    producer = Producer(
        {
            "bootstrap.servers": played.witness.stack.bootstrap,
            "security.protocol": "ssl",
            "ssl.ca.location": str(certificate / "ca.pem"),
            "ssl.certificate.location": str(certificate / "client.pem"),
            "ssl.key.location": str(certificate / "client.key"),
        }
    )
    answers: list[int | None] = []
    for topic in (f"{played.flights}.topics.radar", f"{played.rival}.runs"):
        producer.produce(topic, b"", on_delivery=lambda error, _: answers.append(error.code() if error else None))
        producer.flush(20)
    assert answers == [KafkaError.TOPIC_AUTHORIZATION_FAILED, None]


def test_nobody_but_the_platform_wrote_events_and_none_is_missing(played: Played) -> None:
    headers = played.witness.headers(f"{played.flights}.events")
    assert [int(one["headrace_seq"]) for one in headers] == list(range(1, len(headers) + 1))
    ((count, last),) = played.witness.rows(
        "SELECT count(*), max(seq) FROM catalogue.activity WHERE project = %s", played.flights
    )
    assert count == last == len(headers)


def test_every_flight_is_on_the_topic_once(played: Played, flights: list[Departure]) -> None:
    records = played.witness.records(f"{played.flights}.features.flights.1")
    assert Counter(record["flight_id"] for record in records) == Counter(one.flight_id for one in flights)
    step = played.step(8)
    assert step["flights_on_the_topic"] == step["different_flights"] == len(flights)
    before, after = (
        {
            "weather": len(weather(start, end)),
            "flights": sum(start <= one.scheduled < end for one in flights),
            "arrivals": sum(start <= one.scheduled < min(end, landed) and one.late is not None for one in flights),
        }
        for start, end, landed in ((FIRST, JULY, LATE_ROWS), (UNTIL, END, END))
    )
    assert played.step(2)["rows"] == before
    assert step["rows"] == sum(after.values())


def test_what_does_not_fit_is_refused_or_a_dead_letter_and_the_rest_is_in_both_stores(
    played: Played, flights: list[Departure]
) -> None:
    step, witness = played.step(2), played.witness
    letters = witness.messages(f"{played.flights}.deadletters")
    headers = witness.headers(f"{played.flights}.deadletters")
    assert Counter(one["projection"] for one in headers) == {"online": 3, "offline": 3}
    assert len({one["offset"] for one in headers}) == step["dead_letters"] == 3
    assert {one["topic"] for one in headers} == {f"{played.flights}.features.weather.1"}
    assert {b"no framing at all", b""} < {letter.value() for letter in letters}
    assert all(one["error"] for one in headers)
    hours = weather(FIRST, END)
    assert len(step["refused"]) == 5
    assert len(witness.messages(f"{played.flights}.features.weather.1")) == len(hours) + 3
    landed = [one for one in flights if one.late is not None]
    for group, rows, keys in (
        ("flights", flights, len(flights)),
        ("arrivals", landed, len(landed)),
        ("weather", hours, 3),
    ):
        ((online,),) = witness.rows(f'SELECT count(*) FROM online."{played.flights}.{group}.1" WHERE NOT deleted')
        assert online == keys
        table = deltalake.DeltaTable(str(played.home / "storage" / "offline" / played.flights / f"{group}_1"))
        assert table.to_pyarrow_table(columns=["_operation"]).num_rows == len(rows)


def test_training_data_made_again_have_the_hash_that_a_third_program_computes(
    played: Played, flights: list[Departure]
) -> None:
    step = played.step(3)
    examples = [one.scheduled for one in flights if one.scheduled < LATE_ROWS and one.late is not None]
    train = sum(scheduled < SPLIT for scheduled in examples)
    assert step["rows"] == {"train": train, "test": len(examples) - train}
    made = played.witness.rows(
        "SELECT version, hash, files FROM catalogue.training_datasets WHERE project = %s ORDER BY version",
        played.flights,
    )
    first, again, shorter, *_ = made
    assert first[1] == again[1] == step["hash"] == step["hash_made_again"] == _computed(played, first[2])
    assert shorter[1] == step["hash_with_another_bound"] == _computed(played, shorter[2]) != first[1]


def test_the_study_is_on_the_log_as_it_was_told(played: Played) -> None:
    step, witness = played.step(4), played.witness
    types = Counter(one["ce_type"] for one in witness.headers(f"{played.flights}.events"))
    what = Counter(line[0] for line in step["timeline"])
    assert types["study.trial_started"] == what["started"] == len(step["trials"]) == 8
    assert types["study.trial_promoted"] == what["promoted"] > 0
    told = [line[0] for line in step["timeline"]]
    assert told.index("promoted") < max(number for number, one in enumerate(told) if one == "started")
    metrics: dict[str, dict[int, float]] = defaultdict(dict)
    for record in witness.records(f"{played.flights}.runs"):
        if record.get("name") == "auc":
            metrics[record["run"]][record["step"]] = record["value"]
    for trial in step["trials"]:
        reported = metrics[f"{step['study']}/{trial['trial']}"]
        assert max(reported) == trial["steps"]
        assert [reported[rung] for rung in sorted(reported)] == trial["auc"]


def test_every_flight_of_july_was_predicted_once_from_the_weather_at_its_departure(
    played: Played, flights: list[Departure]
) -> None:
    lived = {one.flight_id: one for one in flights if JULY <= one.scheduled < UNTIL}
    assert len({one["inference_id"] for one in played.predictions}) == len(played.predictions)
    predicted = {one["entity"]["flight_id"]: one for one in played.predictions if one["event_time"] >= JULY}
    assert set(predicted) == set(lived)
    assert len(played.predictions) == len(lived) + 1  # and the one of 30 June, when the deployment was tried
    assert played.step(6)["predictions"] == len(lived)
    hours = weather(FIRST, END)
    for flight_id, prediction in predicted.items():
        flight = lived[flight_id]
        hour = flight.scheduled.replace(minute=0)
        while (flight.origin, hour) not in hours:
            hour -= HOUR
        numbers = prediction["numbers"]
        expected = {"distance": flight.distance, **hours[flight.origin, hour]}
        assert {name: numbers.get(name) for name in expected} == expected, flight_id
    assert played.step(6)["vectors_recomputed_and_equal"] == 100


def test_outcomes_came_late_twice_and_out_of_order_and_never_where_nobody_knows(
    played: Played, flights: list[Departure]
) -> None:
    known = {one.flight_id: one.late for one in flights if one.late is not None and JULY <= one.scheduled < UNTIL}
    ids = {one["inference_id"]: one["entity"]["flight_id"] for one in played.predictions}
    assert {ids[one]: bool(record["outcome"]) for one, record in played.outcomes.items()} == known
    step = played.step(7)
    messages = played.witness.messages(f"{played.flights}.outcomes")
    assert step["outcome_records_sent_twice"] == len(messages) - len(known) >= len(known) / 100
    in_time = {one.key() for one in messages[: played.step(6)["outcome_records"]]}
    assert played.step(6)["outcomes_known"] == len(in_time)
    assert step["late_outcomes"] == len({one.key() for one in messages} - in_time) >= len(known) / 5
    assert step["outcome_records_before_their_predecessor"] >= len(known) / 20
    assert step["windows_revised"] == (UNTIL - JULY).days


def test_windows_are_what_the_log_says(played: Played) -> None:
    shown = _windows(played)["windows"]
    assert [
        [str(_day(one["window_start"]).date()), one["count"], one["matched"], one["accuracy"]] for one in shown
    ] == played.step(7)["windows"]
    for window in shown:
        predicted = [one for one in played.predictions if _within(one, window)]
        matched = [
            (one["prediction"], played.outcomes[one["inference_id"]]["outcome"])
            for one in predicted
            if one["inference_id"] in played.outcomes
        ]
        assert (window["count"], window["matched"]) == (len(predicted), len(matched))
        if matched:
            said, came = np.array(matched).T
            assert window["accuracy"] == pytest.approx(np.mean((said >= 0.5) == (came >= 0.5)), abs=TOLERANCE)
            assert window["brier_score"] == pytest.approx(np.mean((said - came) ** 2), abs=TOLERANCE)
    assert sum(window["count"] for window in shown) == len(played.predictions)


def test_drift_is_what_numpy_makes_of_the_log_and_the_training_files(played: Played) -> None:
    (files,) = (
        files
        for (files,) in played.witness.rows(
            "SELECT files FROM catalogue.training_datasets WHERE project = %s AND version = 1", played.flights
        )
    )
    training = np.array(_file(played, files, "train")["humid"].to_pylist(), dtype=float)
    edges = np.unique(np.quantile(training[np.isfinite(training)], np.linspace(0, 1, 11)[1:-1]))
    computed = []
    for window in _windows(played)["windows"]:
        values = np.array(
            [one["numbers"].get("humid") for one in played.predictions if _within(one, window)], dtype=float
        )
        q, p = (_shares(each[np.isfinite(each)], edges) for each in (training, values))
        computed.append(float(np.sum((p - q) * np.log(p / q))))
    assert played.step(7)["psi"]["humid"] == pytest.approx(computed, abs=TOLERANCE)


def test_the_flink_job_of_the_report_runs_and_its_checkpoints_are_complete(played: Played) -> None:
    step = played.step(7)
    (job,) = (one for one in played.witness.flink("/jobs/overview")["jobs"] if one["state"] == "RUNNING")
    assert (job["jid"], job["name"]) == (step["flink_job"], "headrace-windows")
    checkpoints = played.witness.flink(f"/jobs/{job['jid']}/checkpoints")
    assert checkpoints["counts"]["completed"] >= step["flink_checkpoints_completed"] > 0
    told, now = (Path(urlsplit(one).path) for one in (step["flink_last_checkpoint"], _place(checkpoints)))
    assert told.parent == now.parent
    assert told.parent.name == step["flink_job"]
    eventually(lambda: _kept(played.witness.flink(f"/jobs/{job['jid']}/checkpoints")), "the last one, until the next")


def _kept(checkpoints: Mapping[str, Any]) -> bool | None:
    """Whether the last one is there; it goes when the next is complete, which may be just now."""
    return (Path(urlsplit(_place(checkpoints)).path) / "_metadata").exists() or None


def _place(checkpoints: Mapping[str, Any]) -> str:
    return str(checkpoints["latest"]["completed"]["external_path"])


def test_an_alert_opened_and_resolved_by_its_rule_and_is_on_the_log(played: Played) -> None:
    alerts = played.witness.ask(f"/api/projects/{played.flights}/deployments/late/monitoring/alerts")
    (resolved,) = (one for one in alerts if one["rule"] == "dry_or_humid")
    assert resolved["observed"] >= 5.0
    assert resolved["resolved_observed"] <= 3.0
    assert resolved["resolved_window_start"] > resolved["window_start"]
    types = Counter(one["ce_type"] for one in played.witness.headers(f"{played.flights}.events"))
    assert types["monitor.alert_opened"] == len(alerts) >= 2
    assert types["monitor.alert_resolved"] == sum(not one["open"] for one in alerts)


def test_the_way_back_from_the_model_is_complete(played: Played) -> None:
    path = f"/api/projects/{played.flights}/lineage/model_version:late.1"
    back = {node["id"] for node in played.witness.ask(path, direction="upstream", levels=16)["nodes"]}
    study = played.step(4)["study"]
    assert {one for one in back if one.partition(":")[0] not in {"environment", "trial", "program"}} == {
        "model_version:late.1",
        "training_dataset:departures.1.1",
        "feature_view:departures.1",
        *(f"feature_group:{group}.1" for group in ("weather", "flights", "arrivals")),
        *(f"topic:{played.flights}.features.{group}.1" for group in ("weather", "flights", "arrivals")),
        f"study:{study}",
        f"project:{played.flights}",
        "person:ada",
        "person:grace",
    }
    best = [one for one in back if one.startswith("trial:")]
    assert [one.rpartition(".")[0] for one in best] == [f"trial:{study}"]
    assert f"program:{played.step(4)['program']}" in back
    assert sum(one.startswith("environment:") for one in back) == 1
    forward = {node["id"] for node in played.witness.ask(path, direction="downstream", levels=16)["nodes"]}
    assert {one.partition(":")[0] for one in forward} == {"model_version", "deployment", "predictions"}


def test_what_was_rebuilt_equals_what_was_live_and_goes_on(played: Played) -> None:
    for name in ("catalogue", "lineage"):
        rebuilt = played.step(10)[name]
        assert rebuilt["equal"] is True
        assert rebuilt["live_digest"] == rebuilt["rebuilt_digest"]
        assert rebuilt["events"] >= len(played.witness.messages(f"{played.flights}.events"))
    topic = f"{played.flights}.events"
    ((seq,),) = played.witness.rows("SELECT seq FROM catalogue.checkpoint WHERE topic = %s", topic)
    assert seq == len(played.witness.messages(topic))


def test_every_pointer_at_the_end_is_printed_and_leads_where_it_says(
    played: Played, surroundings: Mapping[str, str], tmp_path: Path
) -> None:
    pointers = played.report["next"]
    status, *signing_in = pointers["commands"]
    (tmp_path / ".venv").symlink_to(sys.prefix)
    calls = [f"{sys.executable} -c 'import headrace; print({call})'" for call in pointers["python"]]
    script = "\n".join((status, "set -e", *signing_in, 'echo "key $HEADRACE_API_KEY"', *calls))
    typed = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=False, timeout=120
    )
    assert typed.returncode == 0, typed.stderr
    assert f"api {played.report['api']}  isolation" in typed.stdout
    assert "model version late.1" in typed.stdout
    assert "PSI of humid on late" in typed.stdout
    (key,) = (line.removeprefix("key ") for line in typed.stdout.splitlines() if line.startswith("key "))
    with httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=30) as member:
        pages = {what: member.get(page) for what, page in pointers["pages"].items()}
    assert {what: page.status_code for what, page in pages.items()} == dict.fromkeys(pages, 200)
    assert pages["its OpenAPI document"].json()["openapi"]
    assert "model_version:late.1" in {node["id"] for node in pages["lineage"].json()["nodes"]}
    assert pages["monitoring"].json()["windows"] == _windows(played)["windows"]
    assert pages["serving"].json()["name"] == "late"
    for line in (*pointers["commands"], *pointers["pages"].values(), *pointers["python"]):
        assert line in played.told


def _windows(played: Played) -> Any:
    return played.witness.ask(f"/api/projects/{played.flights}/deployments/late/monitoring/windows")


def _day(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


def _within(prediction: dict[str, Any], window: dict[str, Any]) -> bool:
    start = _day(window["window_start"])
    return bool(start <= prediction["event_time"] < start + timedelta(seconds=window["window_seconds"]))


def _shares(values: Any, edges: Any) -> Any:
    counts = np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)
    shares = counts / counts.sum() + 1e-6
    return shares / shares.sum()


def _file(played: Played, files: list[dict[str, Any]], split: str) -> pa.Table:
    """A split's file, read where it is stored."""
    (sha256,) = (file["sha256"] for file in files if file["split"] == split)
    (path,) = (played.home / "storage" / "artifacts" / played.flights).rglob(sha256)
    return pq.read_table(path)


def _computed(played: Played, files: list[dict[str, Any]]) -> str:
    """The hash, value by value, over the stored files."""
    tables = {file["split"]: _file(played, files, file["split"]) for file in files}
    kind_of = {arrow: kind for kind, arrow in ARROW.items()}
    kinds = {field.name: kind_of[field.type] for field in tables["train"].schema}
    rows = {}
    for split, table in tables.items():
        columns = [
            (column.cast(pa.int64()) if kind == "timestamp" else column).to_pylist()
            for kind, column in zip(kinds.values(), table.columns, strict=True)
        ]
        rows[split] = list(zip(*columns, strict=True))
    return slow_hash(kinds, rows)
