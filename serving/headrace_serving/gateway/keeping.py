"""The thread that keeps Ray Serve as the log says; until Ray answers, nothing is ready."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from headrace_serving.errors import NotReady
from headrace_serving.gateway.deploying import Deployer, Deploying
from headrace_serving.gateway.directory import Place
from headrace_serving.gateway.replicas import Replicas
from headrace_serving.model.predictor import Value

logger = logging.getLogger("headrace.gateway")

LOOK_SECONDS = 5.0
MOST_MISSES = 6


class Cluster(Deployer, Replicas, Protocol):
    """What runs replicas and asks them."""


class Keeping:
    """Connects, deploys, looks again. When the cluster is gone for good, `failed` is set."""

    def __init__(
        self,
        connect: Callable[[], Cluster | None],
        deploying: Callable[[Cluster], Deploying],
        changes: Callable[[], int],
    ) -> None:
        self.failed = threading.Event()
        self._connect = connect
        self._deploying = deploying
        self._changes = changes
        self._cluster: Cluster | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="deployments", daemon=True)
        self._thread.start()

    def ready(self, place: Place) -> bool:
        """Whether the deployment has replicas that answer."""
        return self._cluster is not None and self._cluster.ready(place)

    async def predict(self, place: Place, rows: Sequence[Sequence[Value]]) -> list[float]:
        """One number a row; raises NotReady, ModelFailed."""
        if self._cluster is None:
            raise NotReady("Ray does not answer yet: try again")
        return await self._cluster.predict(place, rows)

    def _run(self) -> None:
        try:
            cluster = self._connected()
            if cluster is not None:
                self._cluster = cluster
                self._keep(self._deploying(cluster))
        except Exception:
            logger.exception("deployments are not looked after any more")
            self.failed.set()

    def _connected(self) -> Cluster | None:
        while not self._closing.wait(0.5):
            try:
                cluster = self._connect()
            except NotReady as error:
                logger.warning("%s", error)
                continue
            if cluster is not None:
                logger.info("connected to Ray")
                return cluster
        return None

    def _keep(self, deploying: Deploying) -> None:
        seen, looked, misses = -1, 0.0, 0
        while not self._closing.wait(0.1):
            now = self._changes()
            if now == seen and time.monotonic() - looked < LOOK_SECONDS:
                continue
            seen, looked = now, time.monotonic()
            try:
                deploying.step()
                misses = 0
            except NotReady as error:
                misses += 1
                logger.warning("%s", error)
                if misses >= MOST_MISSES:
                    raise

    def close(self) -> None:
        """Stop looking; what runs goes on."""
        self._closing.set()
        self._thread.join(5.0)
