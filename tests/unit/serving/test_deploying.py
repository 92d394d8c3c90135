"""What runs is made what the log says: started, taken over, stopped, and told about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.unit.serving.gateway import DELAY, MODEL, Served, served

from headrace_broker.errors import Missing, Unavailable
from headrace_broker.results import Result
from headrace_events.deployment import DeploymentDeleted, RecordDeploymentFailure, RecordDeploymentReady
from headrace_events.envelope import Request
from headrace_events.errors import Conflict
from headrace_events.project import ProjectArchived, ProjectUnarchived
from headrace_serving.errors import BadModel
from headrace_serving.gateway.deploying import Deploying
from headrace_serving.gateway.directory import Deployed, Place


@dataclass(slots=True)
class Runs:
    """Runs replicas in memory."""

    held: set[Place] = field(default_factory=set)
    apps: dict[str, str] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    bad: bool = False

    def ready(self, place: Place) -> bool:
        """Whether it answers."""
        return place in self.held

    def running(self) -> dict[str, str]:
        """What runs."""
        return dict(self.apps)

    def take(self, place: Place) -> None:
        """Use it."""
        self.done.append(f"take {place.name}")
        self.held.add(place)

    def deploy(self, deployed: Deployed, archive: bytes, inputs: Sequence[str]) -> None:
        """Start it."""
        if self.bad:
            raise BadModel("the model cannot be loaded: boom")
        self.done.append(f"deploy {deployed.place.name} {archive.decode()} {','.join(inputs)}")
        self.held.add(deployed.place)
        self.apps[f"{deployed.place.project}.{deployed.place.name}"] = "RUNNING"

    def remove(self, name: str) -> None:
        """Stop it."""
        self.done.append(f"remove {name}")
        self.apps.pop(name)
        self.held = {place for place in self.held if f"{place.project}.{place.name}" != name}


@dataclass(slots=True)
class Store:
    """One archive, or why there is none."""

    error: Exception | None = None

    def read(self, project: str, sha256: str) -> bytes:
        """Give it."""
        assert (project, sha256) == ("flights", MODEL.artifact)
        if self.error is not None:
            raise self.error
        return b"archive"


@dataclass(slots=True)
class Told:
    """Keeps the commands."""

    requests: list[Request] = field(default_factory=list)
    error: Exception | None = None

    def ask(self, request: Request, seconds: float = 30.0) -> Result:
        """Keep it."""
        del seconds
        self.requests.append(request)
        if self.error is not None:
            raise self.error
        return Result(command_id=request.id, accepted=True)


def deploying(gateway: Served, runs: Runs, store: Store | None = None, told: Told | None = None) -> Deploying:
    return Deploying(gateway.directory, runs, store or Store(), told or Told())


def test_what_was_created_is_started_and_said_to_be_ready_once() -> None:
    runs, told = Runs(), Told()
    keeping = deploying(served(ready=False), runs, told=told)
    keeping.step()
    keeping.step()
    assert runs.done == ["deploy delay archive distance,carrier,wind_speed"]
    assert [request.command for request in told.requests] == [RecordDeploymentReady(project="flights", name="delay")]
    assert told.requests[0].actor == "system:serving"


def test_what_runs_already_is_taken_over_and_nothing_is_said_again() -> None:
    runs, told = Runs(apps={"flights.delay": "ApplicationStatus.RUNNING"}), Told()
    deploying(served(), runs, told=told).step()
    assert runs.done == ["take delay"]
    assert told.requests == []


def test_what_was_ready_before_a_restart_is_started_again() -> None:
    runs, told = Runs(apps={"flights.delay": "DEPLOY_FAILED"}), Told()
    deploying(served(), runs, told=told).step()
    assert runs.done == ["deploy delay archive distance,carrier,wind_speed"]
    assert told.requests == []


def test_a_model_that_cannot_be_loaded_fails_with_the_reason() -> None:
    told = Told()
    deploying(served(ready=False), Runs(bad=True), told=told).step()
    reason = "the model cannot be loaded: boom"
    assert [request.command for request in told.requests] == [
        RecordDeploymentFailure(project="flights", name="delay", reason=reason)
    ]


def test_an_archive_that_is_gone_fails_and_one_that_cannot_be_read_now_does_not() -> None:
    told = Told()
    deploying(served(ready=False), Runs(), Store(Missing("no artifact")), told).step()
    assert isinstance(told.requests[0].command, RecordDeploymentFailure)
    later = Told()
    deploying(served(ready=False), Runs(), Store(Unavailable("storage is away")), later).step()
    assert later.requests == []


def test_what_was_deleted_or_was_never_asked_for_is_stopped() -> None:
    gateway = served()
    runs = Runs(apps={"flights.delay": "RUNNING", "flights.old": "RUNNING"})
    gateway.happen(DeploymentDeleted(name="delay"))
    deploying(gateway, runs).step()
    assert sorted(runs.done) == ["remove flights.delay", "remove flights.old"]


def test_what_is_archived_rests_until_it_is_taken_up_again() -> None:
    gateway, runs, told = served(), Runs(), Told()
    keeping = deploying(gateway, runs, told=told)
    keeping.step()
    gateway.happen(ProjectArchived(project="flights"))
    keeping.step()
    assert (runs.apps, gateway.predict({"instances": []}).json()["code"]) == ({}, "project-archived")
    assert gateway.send("POST", "/projects/flights/v1/models/delay:predict", {}, key="k2.x").status_code == 401
    gateway.happen(ProjectUnarchived(project="flights"))
    keeping.step()
    started = "deploy delay archive distance,carrier,wind_speed"
    assert runs.done == [started, "remove flights.delay", started]
    assert told.requests == []


def test_a_refusal_does_not_stop_the_others() -> None:
    told = Told(error=Conflict("deployment-deleted", "it is deleted"))
    runs = Runs()
    deploying(served(ready=False), runs, told=told).step()
    assert DELAY in runs.held
