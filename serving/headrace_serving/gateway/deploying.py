"""Keeps Serve as the log says: starts what was created, takes what runs already, stops what was deleted or put away."""

import logging
from collections.abc import Sequence
from typing import Protocol

from headrace_broker.errors import Corrupt, Missing, Unavailable
from headrace_broker.results import Result
from headrace_events.deployment import RecordDeploymentFailure, RecordDeploymentReady
from headrace_events.envelope import Request
from headrace_events.errors import Refusal
from headrace_events.ids import processor_command_id
from headrace_events.language import Command
from headrace_serving.errors import BadModel, NotServed
from headrace_serving.gateway.directory import Deployed, Directory, Place

logger = logging.getLogger("headrace.gateway")

ACTOR = "system:serving"
RUNNING = "RUNNING"


class Deployer(Protocol):
    """What runs replicas."""

    def ready(self, place: Place) -> bool:
        """Whether requests can be sent."""
        ...

    def running(self) -> dict[str, str]:
        """What runs, by `<project>.<deployment>`, and its state; raises NotReady."""
        ...

    def take(self, place: Place) -> None:
        """Use what runs already."""
        ...

    def deploy(self, deployed: Deployed, archive: bytes, inputs: Sequence[str]) -> None:
        """Start the replicas and wait until they answer; raises BadModel."""
        ...

    def remove(self, name: str) -> None:
        """Stop what runs under this name."""
        ...


class Store(Protocol):
    """Where archives lie."""

    def read(self, project: str, sha256: str) -> bytes:
        """The verified bytes; raises Missing, Corrupt, Unavailable."""
        ...


class Commands(Protocol):
    """Sends commands and waits."""

    def ask(self, request: Request, seconds: float = 30.0) -> Result:
        """Send and wait; raises the Refusal, Unavailable, TimeoutError."""
        ...


class Deploying:
    """Compares what should run with what runs, and says in the log what became of each deployment."""

    def __init__(self, directory: Directory, deployer: Deployer, store: Store, commands: Commands) -> None:
        self._directory = directory
        self._deployer = deployer
        self._store = store
        self._commands = commands

    def step(self) -> None:
        """Do what is to be done; raises NotReady where Ray does not answer. May block while replicas start."""
        known = dict(self._directory.deployments)
        due = [
            deployed
            for deployed in known.values()
            if self._directory.should_run(deployed) and not self._deployer.ready(deployed.place)
        ]
        running = self._deployer.running()
        wanted = {f"{place.project}.{place.name}": place for place in known}
        for name in running:
            if name not in wanted or not self._directory.should_run(known[wanted[name]]):
                logger.info("%s is stopped", name)
                self._deployer.remove(name)
        for deployed in due:
            self._start(deployed, running.get(f"{deployed.place.project}.{deployed.place.name}"))

    def _start(self, deployed: Deployed, state: str | None) -> None:
        place = deployed.place
        try:
            if state is not None and state.endswith(RUNNING):
                self._deployer.take(place)
            else:
                model = self._directory.find(place).model
                archive = self._store.read(place.project, model.artifact)
                self._deployer.deploy(deployed, archive, model.inputs)
        except NotServed as error:
            logger.info("%s is not started any more: %s", place, error)
            return
        except Unavailable as error:
            logger.warning("%s: its model cannot be read now: %s", place, error)
            return
        except (BadModel, Missing, Corrupt) as error:
            logger.error("%s could not be started: %s", place, error)  # noqa: TRY400 - the reason says it all
            self._say(
                deployed,
                "failed",
                RecordDeploymentFailure(project=place.project, name=place.name, reason=str(error)),
            )
            return
        logger.info("%s answers", place)
        if deployed.phase == "created":
            self._say(deployed, "ready", RecordDeploymentReady(project=place.project, name=place.name))

    def _say(self, deployed: Deployed, step: str, command: Command) -> None:
        """Send the command; a refusal says that the log has moved on, and an answer that is late comes as an event."""
        at = deployed.at
        command_id = processor_command_id(at.topic_id, at.partition, at.offset, step)
        request = Request(command=command, id=command_id, actor=ACTOR)
        try:
            self._commands.ask(request)
        except Refusal as error:
            logger.warning("%s: %s was refused: %s", deployed.place, step, error)
        except (Unavailable, TimeoutError) as error:
            logger.warning("%s: nobody knows yet that it is %s: %s", deployed.place, step, error)
