"""The life of a deployment: created, ready or failed, deleted; its name is taken once."""

from dataclasses import replace

import pytest
from tests.unit.events.scenario import Scenario, project
from tests.unit.events.test_models import CREATE as MODEL

from headrace_events.deployment import (
    CreateDeployment,
    DeleteDeployment,
    Deployment,
    DeploymentCreated,
    DeploymentDeleted,
    DeploymentFailed,
    DeploymentReady,
    RecordDeploymentFailure,
    RecordDeploymentReady,
)

CREATE = CreateDeployment(project="flights", name="late", model="late", model_version=1, replicas=2)
READY = RecordDeploymentReady(project="flights", name="late")
FAILURE = RecordDeploymentFailure(project="flights", name="late", reason="it cannot be unpickled")
DELETE = DeleteDeployment(project="flights", name="late")
SERVING = "system:serving"


def registered() -> Scenario:
    """A project with a model."""
    scenario = project()
    scenario.events(MODEL)
    return scenario


def deployed() -> Scenario:
    """A project with a model that is deployed, whose replicas do not answer yet."""
    scenario = registered()
    scenario.events(CREATE)
    return scenario


def phase(scenario: Scenario) -> str:
    state = scenario.world.state(Deployment, "flights", "late")
    assert state is not None
    assert (state.model, state.model_version) == ("late", 1)
    return state.phase


def test_from_creation_to_deletion() -> None:
    scenario = registered()
    assert scenario.events(CREATE) == [DeploymentCreated(name="late", model="late", model_version=1, replicas=2)]
    assert phase(scenario) == "created"
    assert scenario.events(READY, SERVING) == [DeploymentReady(name="late")]
    assert phase(scenario) == "ready"
    assert scenario.events(DELETE) == [DeploymentDeleted(name="late")]
    assert phase(scenario) == "deleted"


def test_only_a_registered_version_is_served() -> None:
    assert project().refusal(CREATE) == "model-not-found"
    assert registered().refusal(replace(CREATE, model_version=2)) == "model-not-found"


@pytest.mark.parametrize(
    ("change", "code"),
    [({"replicas": 0}, "invalid-replicas"), ({"replicas": 65}, "invalid-replicas"), ({"name": "a.b"}, "invalid-name")],
)
def test_a_deployment_is_refused_for(change: dict[str, object], code: str) -> None:
    assert registered().refusal(replace(CREATE, **change)) == code  # type: ignore[arg-type] # one field each


def test_a_scientist_neither_deploys_nor_deletes() -> None:
    assert registered().refusal(CREATE, "user:bob") == "owners-only"
    assert deployed().refusal(DELETE, "user:bob") == "owners-only"


def test_only_serving_says_how_the_replicas_are() -> None:
    for wish in (READY, FAILURE):
        assert deployed().refusal(wish, "user:ada") == "not-yours-to-send"
        assert deployed().refusal(wish, "system:studies") == "not-yours-to-send"


def test_readiness_is_said_once() -> None:
    scenario = deployed()
    scenario.events(READY, SERVING)
    assert scenario.events(READY, SERVING) == []


@pytest.mark.parametrize("before", [(), (READY,)])
def test_what_starts_or_runs_can_fail_once_and_come_back(before: tuple[RecordDeploymentReady, ...]) -> None:
    scenario = deployed()
    for wish in before:
        scenario.events(wish, SERVING)
    assert scenario.events(FAILURE, SERVING) == [DeploymentFailed(name="late", reason="it cannot be unpickled")]
    assert phase(scenario) == "failed"
    assert scenario.refusal(FAILURE, SERVING) == "deployment-ended"
    assert scenario.events(READY, SERVING) == [DeploymentReady(name="late")]


def test_what_is_deleted_stays_deleted_and_keeps_its_name() -> None:
    scenario = deployed()
    scenario.events(DELETE)
    assert scenario.events(DELETE) == []
    assert scenario.refusal(READY, SERVING) == "deployment-deleted"
    assert scenario.refusal(FAILURE, SERVING) == "deployment-ended"
    assert scenario.refusal(CREATE) == "deployment-exists"


@pytest.mark.parametrize(("wish", "actor"), [(READY, SERVING), (FAILURE, SERVING), (DELETE, "user:ada")])
def test_nothing_happens_to_what_was_never_deployed(
    wish: RecordDeploymentReady | RecordDeploymentFailure | DeleteDeployment, actor: str
) -> None:
    assert project().refusal(wish, actor) == "deployment-not-found"
