"""Models on Ray Serve, called through handles; Serve's HTTP proxy is off. Import it after `RayConnection.prepare`."""

import asyncio
from collections.abc import Sequence
from typing import Any

import ray
from ray import serve
from ray.exceptions import RayError
from ray.serve.exceptions import RayServeException

from headrace_serving.errors import BadModel, ModelFailed, NotReady
from headrace_serving.gateway.directory import Deployed, Place
from headrace_serving.model.predictor import Value, why_not
from headrace_serving.model.replica import Replica

LARGEST = 64 * 2**20
_ANSWER_SECONDS = 30.0


def app_name(place: Place) -> str:
    """What the deployment is called in Serve; neither part has a dot."""
    return f"{place.project}.{place.name}"


class ServeReplicas:
    """The deployments that Serve runs, and a handle to each. Connects when it is made; raises NotReady."""

    def __init__(self, address: str) -> None:
        try:
            ray.init(address=address, namespace="headrace-gateway", log_to_driver=False, configure_logging=False)
            serve.start(proxy_location="Disabled")
        except (RayError, RayServeException, ConnectionError, RuntimeError, ValueError) as error:
            raise NotReady(f"Ray does not answer at {address}: {error}") from error
        self._handles: dict[Place, Any] = {}

    def ready(self, place: Place) -> bool:
        """Whether there is a handle."""
        return place in self._handles

    async def predict(self, place: Place, rows: Sequence[Sequence[Value]]) -> list[float]:
        """Ask a replica."""
        handle = self._handles.get(place)
        if handle is None:
            raise NotReady(f"deployment {place.name!r} has no replica that answers yet: try again")
        try:
            numbers, failure = await asyncio.wait_for(handle.predict.remote(rows), _ANSWER_SECONDS)
        except (RayError, RayServeException, TimeoutError) as error:
            raise NotReady(f"no replica of {place.name!r} answers ({type(error).__name__}): try again") from error
        if failure is not None:
            raise ModelFailed(failure)
        return list(numbers)

    def running(self) -> dict[str, str]:
        """What Serve runs, by name, and its state; raises NotReady."""
        try:
            return {name: str(app.status) for name, app in serve.status().applications.items()}
        except (RayError, RayServeException, RuntimeError) as error:
            raise NotReady(f"Ray Serve does not answer: {error}") from error

    def take(self, place: Place) -> None:
        """Use what Serve runs already under the deployment's name."""
        self._handles[place] = serve.get_app_handle(app_name(place))

    def deploy(self, deployed: Deployed, archive: bytes, inputs: Sequence[str]) -> None:
        """Start the replicas and wait until they answer; raises BadModel where the model cannot be loaded."""
        if len(archive) > LARGEST:
            raise BadModel(f"the archive has {len(archive)} bytes; {LARGEST} can be served")
        try:
            reason = ray.get(ray.remote(num_cpus=0)(why_not).remote(archive, list(inputs)))
        except RayError as error:
            raise BadModel(f"loading the model ended its process: {error}"[:1000]) from error
        if reason is not None:
            raise BadModel(reason)
        model: Any = serve.deployment(
            name="model",
            num_replicas=deployed.replicas,
            max_ongoing_requests=64,
            graceful_shutdown_timeout_s=2.0,
            ray_actor_options={"num_cpus": 0},  # a deployment never waits for a trial to free a processor
        )(Replica)
        place = deployed.place
        try:
            handle = serve.run(model.bind(archive, list(inputs)), name=app_name(place), route_prefix=None)
        except (RayError, RayServeException, RuntimeError) as error:
            raise BadModel(f"the replicas did not start: {error}"[:1000]) from error
        self._handles[place] = handle

    def remove(self, name: str) -> None:
        """Stop what Serve runs under this name."""
        for place in [place for place in self._handles if app_name(place) == name]:
            del self._handles[place]
        serve.delete(name)

    def close(self) -> None:
        """Let go of Ray; what Serve runs goes on."""
        ray.shutdown()
