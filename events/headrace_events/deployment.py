"""Deployments: a model version behind the gateway."""

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import AlreadyExists, Conflict, Invalid, NotFound
from headrace_events.ids import object_name
from headrace_events.language import Command, Event, command, event, value
from headrace_events.model import Model
from headrace_events.quota import Quota, must_fit


@command("deployment.create")
class CreateDeployment(Command):
    """Serve a model version under a name with that many replicas."""

    project: str
    name: str
    model: str
    model_version: int
    replicas: int = 1

    @property
    def key(self) -> str:
        return self.name


@command("deployment.record_ready")
class RecordDeploymentReady(Command):
    """Serving says: the replicas answer."""

    project: str
    name: str

    @property
    def key(self) -> str:
        return self.name


@command("deployment.record_failure")
class RecordDeploymentFailure(Command):
    """Serving says: the replicas cannot be started, and why."""

    project: str
    name: str
    reason: str

    @property
    def key(self) -> str:
        return self.name


@command("deployment.delete")
class DeleteDeployment(Command):
    """Stop serving; the name stays taken."""

    project: str
    name: str

    @property
    def key(self) -> str:
        return self.name


@event("deployment.created")
class DeploymentCreated(Event):
    """Serving starts the replicas."""

    name: str
    model: str
    model_version: int
    replicas: int

    @property
    def key(self) -> str:
        return self.name


@event("deployment.ready")
class DeploymentReady(Event):
    """The gateway answers for it."""

    name: str

    @property
    def key(self) -> str:
        return self.name


@event("deployment.failed")
class DeploymentFailed(Event):
    """The replicas could not be started."""

    name: str
    reason: str

    @property
    def key(self) -> str:
        return self.name


@event("deployment.deleted")
class DeploymentDeleted(Event):
    """The gateway refuses requests for it."""

    name: str

    @property
    def key(self) -> str:
        return self.name


@value
class Deployment:
    """What is served, and where the deployment is in its life: created, ready, failed or deleted."""

    model: str
    model_version: int
    phase: str


def decide(state: Deployment | None, wish: Command, known: Known) -> list[Event]:
    """Take each name once; serve only what is registered."""
    match wish:
        case CreateDeployment(name=name, model=model, model_version=model_version, replicas=replicas):
            object_name(name, "deployment")
            if state is not None:
                raise AlreadyExists("deployment", name)
            found = known.state(Model, wish.project, model)
            if found is None or str(model_version) not in found.versions:
                raise NotFound("model", f"{model} version {model_version}")
            if not 1 <= replicas <= 64:
                raise Invalid("invalid-replicas", "a deployment has 1 to 64 replicas")
            must_fit(known, wish.project, {Quota.DEPLOYMENTS: 1})
            return [DeploymentCreated(name=name, model=model, model_version=model_version, replicas=replicas)]
        case RecordDeploymentReady(name=name):
            if _phase(state, name) == "deleted":
                raise Conflict("deployment-deleted", f"deployment {name!r} is deleted")
            return [] if _phase(state, name) == "ready" else [DeploymentReady(name=name)]
        case RecordDeploymentFailure(name=name, reason=reason):
            if _phase(state, name) not in {"created", "ready"}:
                raise Conflict("deployment-ended", f"deployment {name!r} is {_phase(state, name)}")
            return [DeploymentFailed(name=name, reason=reason)]
        case DeleteDeployment(name=name):
            return [] if _phase(state, name) == "deleted" else [DeploymentDeleted(name=name)]
        case _:
            raise unknown(wish)


def _phase(state: Deployment | None, name: str) -> str:
    if state is None:
        raise NotFound("deployment", name)
    return state.phase


def evolve(state: Deployment | None, fact: Event) -> Deployment:
    """Fold one event."""
    match fact:
        case DeploymentCreated(model=model, model_version=model_version):
            return Deployment(model=model, model_version=model_version, phase="created")
        case DeploymentReady() if state is not None:
            return Deployment(model=state.model, model_version=state.model_version, phase="ready")
        case DeploymentFailed() if state is not None:
            return Deployment(model=state.model, model_version=state.model_version, phase="failed")
        case DeploymentDeleted() if state is not None:
            return Deployment(model=state.model, model_version=state.model_version, phase="deleted")
        case _:
            raise unknown(fact)


aggregate("deployment", Deployment, decide=decide, evolve=evolve)
