"""A model on Ray Serve behind the gateway: predictions, their log, outcomes, and what survives a kill."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from tests.integration.clients import eventually
from tests.integration.served import unique
from tests.integration.serving.flights import Echo, Flights

from headrace import Deployment, Failed, Forbidden, HeadraceError, Invalid, NotFound, builtin_transformations
from headrace_compose.supervision import Supervisor

EVENT_TIME = datetime(2013, 7, 1, 8, tzinfo=UTC)

pytestmark = pytest.mark.timeout(600)  # the first test of a session starts Ray, which takes a minute on busy cores


@pytest.fixture(scope="module")
def deployment(found: Flights) -> Deployment:
    """The best trial, registered by the scientist and deployed by the owner."""
    registry = found.scientist.get_model_registry()
    model = registry.python.create_model(
        "late_by_wind",
        metrics={"accuracy": found.found.best_val or 0.0},
        description="Late where the wind is strong",
        feature_view=found.view,
        experiment=found.found,
        input_example=[{"origin": "JFK", "distance": 100.0, "wind": 2.0}],
    )
    model.save(found.found.checkpoint())
    assert model.version == 1
    with pytest.raises(Forbidden):
        model.deploy("late")
    owned = found.owner.get_model_registry().get_model("late_by_wind")
    return owned.deploy("late")


def threshold(found: Flights) -> float:
    assert found.found.best_config is not None
    return float(found.found.best_config["threshold"])


def test_the_model_knows_where_it_comes_from(deployment: Deployment, found: Flights) -> None:
    model = found.owner.get_model_registry().get_best_model("late_by_wind", "accuracy", "max")
    assert (model.study, model.trial, model.program) == (found.found.study, found.found.best_id, found.found.program)
    assert model.trained_on == found.found.trained_on
    assert model.inputs == ("origin", "distance", "wind")
    assert model.input_example == [{"origin": "JFK", "distance": 100.0, "wind": 2.0}]
    assert model.load().threshold == threshold(found)
    assert deployment.model_version == 1
    assert deployment.is_running()


def test_given_features_are_predicted(deployment: Deployment, found: Flights) -> None:
    strong, weak = threshold(found) + 1, threshold(found) - 1
    answer = deployment.predict(
        inputs=[{"origin": "JFK", "distance": 1.0, "wind": strong}, ["LGA", 2.0, weak]], event_time=EVENT_TIME
    )
    assert answer["predictions"] == [1.0, 0.0]


def test_features_are_found_by_key(deployment: Deployment, found: Flights) -> None:
    view = found.view.get_feature_vectors([{"flight": "f007"}], return_type="dict")
    answer = deployment.predict(inputs=[{"flight": "f007"}, {"flight": "nowhere"}])
    assert answer["predictions"] == [1.0 if view[0]["wind"] > threshold(found) else 0.0, None]
    assert answer["errors"][1].startswith("entity-not-found")


def test_a_deployment_transforms_as_the_training_data_was(flights: Flights) -> None:
    fs = flights.owner.get_feature_store()
    query = (
        fs.get_feature_group("flights")
        .select(["distance", "late"])
        .join(fs.get_feature_group("weather").select(["wind"]), on=["origin"])
    )
    view = fs.create_feature_view(
        "scaled",
        query,
        labels=["late"],
        transformation_functions=[
            builtin_transformations.standard_scaler("wind").alias("scaled_wind"),
            builtin_transformations.winsorize("distance"),
        ],
    )
    version, dataset = view.create_training_data(show_progress=False)
    registry = flights.owner.get_model_registry()
    model = registry.python.create_model("scaled", feature_view=view, training_dataset_version=version)
    running = model.save(Echo()).deploy("scaled")
    assert model.inputs == ("distance", "wind")
    view.init_serving(version)
    (scaled, _) = view.get_feature_vector({"flight": "f007"})
    wind = dataset.statistics["train"]["wind"]
    by_key, given = running.predict(inputs=[{"flight": "f007"}, {"distance": 100.0, "wind": 9.0}])["predictions"]
    assert by_key == pytest.approx(scaled)
    assert given == pytest.approx((9.0 - (wind.mean or 0)) / (wind.std or 0))
    running.delete()


def test_the_open_inference_protocol_answers(deployment: Deployment, found: Flights) -> None:
    answer = ask(
        found,
        "/v2/models/late/infer",
        {"id": "oip", "inputs": [{"name": "flight", "shape": [1], "datatype": "BYTES", "data": ["f001"]}]},
    )
    assert answer["id"] == "oip"
    assert answer["outputs"][0]["datatype"] == "FP64"
    assert ask(found, "/v2/models/late", None)["inputs"][0] == {"name": "origin", "datatype": "BYTES", "shape": [-1]}


def ask(found: Flights, path: str, body: Any) -> dict[str, Any]:
    served = found.served
    url = served.ask("GET", f"/api/projects/{found.owner.name}/serving", key=served.key("bob")).json()["url"]
    headers = {"Authorization": f"Bearer {served.key('bob')}"}
    way = "GET" if body is None else "POST"
    answer = httpx.request(way, url + path, json=body, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    given: dict[str, Any] = answer.json()
    return given


def test_every_prediction_is_on_the_log_before_it_is_given(deployment: Deployment, found: Flights) -> None:
    answer = deployment.predict(inputs=[{"flight": f"f{n:03d}"} for n in range(40)], event_time=EVENT_TIME)
    record = logged(found, answer["ids"])[answer["ids"][7]]
    assert record["event_time"] == EVENT_TIME
    assert record["entity"] == {"flight": "f007"}
    assert record["texts"] == {"origin": "JFK"}
    assert record["prediction"] == answer["predictions"][7]


def test_a_row_with_a_missing_feature_is_an_error_of_that_row_and_is_on_the_log(
    deployment: Deployment, found: Flights
) -> None:
    strong = threshold(found) + 1
    rows = [{"origin": "JFK", "wind": strong}, {"origin": "JFK", "distance": 1.0, "wind": strong}]
    answer = deployment.predict(inputs=rows, event_time=EVENT_TIME)
    assert answer["predictions"] == [None, 1.0]
    assert answer["errors"][0].startswith("missing-feature:")
    assert "distance" in answer["errors"][0]
    assert answer["errors"][1] is None
    records = logged(found, answer["ids"])
    assert [records[one]["error"] for one in answer["ids"]] == answer["errors"]
    assert [records[one]["prediction"] for one in answer["ids"]] == answer["predictions"]
    rows[0] = {**rows[0], "distance": None}
    allowed = deployment.predict(inputs=rows, event_time=EVENT_TIME, allow_missing=True)
    assert allowed["predictions"] == [1.0, 1.0]


def logged(found: Flights, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The project's predictions on the log, as soon as these are among them."""
    wanted = set(ids)
    consumer = found.scientist.consumer(f"{found.owner.name}.predictions", group=unique("look"))
    records: dict[str, dict[str, Any]] = {}
    deadline = time.monotonic() + 20
    while not wanted <= set(records) and time.monotonic() < deadline:
        for message in consumer.consume(500, 0.5):
            record = consumer.decode(message)
            assert record is not None
            assert message.key() == record["inference_id"].encode()
            records[record["inference_id"]] = record
    consumer.close()
    assert wanted <= set(records)
    return records


def test_outcomes_go_to_their_topic_and_only_finite_ones(deployment: Deployment, found: Flights) -> None:
    answer = deployment.predict(inputs=[{"flight": "f001"}])
    assert deployment.log_outcomes([(answer["ids"][0], 1.0, EVENT_TIME), ("unknown/0", 0.0)]) == 2
    with pytest.raises(Invalid, match="only finite numbers") as refused:
        deployment.log_outcomes([(answer["ids"][0], float("nan"))])
    assert refused.value.code == "non-finite-number"
    theirs = found.scientist.get_model_serving().get_deployment("late")
    with pytest.raises(Failed, match="not on the log"):
        theirs.log_outcomes([(answer["ids"][0], 1.0)])


def test_a_model_that_cannot_be_loaded_fails_with_the_reason(found: Flights) -> None:
    registry = found.owner.get_model_registry()
    broken = registry.python.create_model("broken", inputs=["x"]).save(Unloadable())
    with pytest.raises(Failed, match="cannot be loaded: RuntimeError: not today"):
        broken.deploy()
    with pytest.raises(NotFound):
        found.owner.get_model_serving().get_deployment("none")


class Unloadable:
    """Cannot be unpickled."""

    def __reduce__(self) -> Any:
        return _refuse, ()

    def predict(self, rows: Any) -> list[float]:
        """Never called."""
        raise AssertionError


def _refuse() -> None:
    raise RuntimeError("not today")


def test_a_deleted_deployment_answers_no_more(found: Flights, deployment: Deployment) -> None:
    model = found.owner.get_model_registry().get_model("late_by_wind")
    short = model.deploy("short")
    assert short.is_running()
    short.delete()
    assert short.get_state().status == "deleted"
    with pytest.raises(NotFound):
        short.predict(inputs=[{"flight": "f001"}])
    assert deployment.is_running()


def test_deployments_come_back_after_the_gateway_was_killed(found: Flights, deployment: Deployment) -> None:
    before = pid_of(found, "gateway")
    os.kill(before, signal.SIGKILL)
    eventually(lambda: pid_of(found, "gateway") not in {0, before} or None, "another gateway", seconds=60)
    eventually(lambda: answered(deployment), "predictions by another gateway", seconds=60)


def test_deployments_come_back_after_ray_was_killed(found: Flights, deployment: Deployment) -> None:
    address = found.served.platform.stack.stack.home.run / "ray.address"
    before = address.read_text()
    os.kill(pid_of(found, "ray"), signal.SIGKILL)
    eventually(lambda: address.read_text() not in {"", before} or None, "another Ray", seconds=90)
    eventually(lambda: answered(deployment), "predictions by other replicas", seconds=90)


def pid_of(found: Flights, service: str) -> int:
    return Supervisor(found.served.platform.stack.stack.home).running()[service].pid or 0


def answered(deployment: Deployment) -> bool | None:
    try:
        return deployment.predict(inputs=[["JFK", 1.0, 9.0]])["predictions"] == [1.0] or None
    except HeadraceError:
        return None
