"""The graph in the words of OpenLineage."""

from __future__ import annotations

from tests.unit.projections.lineage.test_edges import STUDY, edges, story

from headrace_api.openlineage.export import run_events
from headrace_api.openlineage.models import RunEvent


def exported() -> dict[str, RunEvent]:
    return {event.outputs[0].name: event for event in run_events("flights", edges(story()).values(), "producer")}


def test_every_dataset_that_was_made_is_the_output_of_one_run() -> None:
    assert set(exported()) == {
        "feature_group:weather.1",
        "feature_group:scheduled_flights.1",
        "feature_view:late_flights.1",
        "training_dataset:late_flights.1.1",
        "model_version:delay.1",
        "predictions:delays_live",
    }


def test_a_model_is_the_output_of_a_trial_of_its_study_and_training_data_its_input() -> None:
    model = exported()["model_version:delay.1"]
    assert model.job.name == f"study:{STUDY}"
    assert [each.name for each in model.inputs] == ["training_dataset:late_flights.1.1"]
    assert model.event_type == "COMPLETE"


def test_predictions_go_on_being_made_by_the_deployment_from_its_model() -> None:
    made = exported()["predictions:delays_live"]
    assert (made.job.name, made.event_type) == ("deployment:delays_live", "RUNNING")
    assert [each.name for each in made.inputs] == ["model_version:delay.1"]


def test_an_event_has_the_names_that_openlineage_wants() -> None:
    said = exported()["feature_view:late_flights.1"].model_dump(by_alias=True, mode="json")
    assert {"eventTime", "eventType", "run", "job", "inputs", "outputs", "producer", "schemaURL"} == set(said)
    assert set(said["run"]) == {"runId"}
    assert said["job"]["namespace"] == "headrace://flights"


def test_an_export_says_the_same_again() -> None:
    assert exported() == exported()
