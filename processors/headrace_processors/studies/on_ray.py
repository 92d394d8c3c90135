"""Rungs as Ray tasks: each streams back what it reports; artifacts travel through Ray's object store.

A task gets bytes and no credential of ours: the driver fetches artifacts and writes to the log. One that reads topics
is given a certificate of its own, in its arguments. Import this after
`RayConnection.prepare`.
"""

import logging
import queue
import threading
from collections.abc import Collection
from typing import Any

import ray
from ray.exceptions import RayError

from headrace_processors.studies.errors import WorkersGone
from headrace_processors.studies.worker import Failed, Finished, Message, run_rung
from headrace_processors.studies.workers import Fetch, Lost, Slot, Task

logger = logging.getLogger("headrace.studies")


class RayWorkers:
    """One Ray task per rung, with a processor and its GPUs each. Connects when it is made; raises WorkersGone."""

    def __init__(self, where: str, fetch: Fetch, *, isolated: bool) -> None:
        try:
            ray.init(address=where, namespace="headrace-studies", log_to_driver=False, configure_logging=False)
        except (RayError, ConnectionError, RuntimeError, ValueError) as error:
            raise WorkersGone(f"Ray does not answer at {where}: {error}") from error
        self.where = where
        self.isolated = isolated
        self._fetch = fetch
        self._task = ray.remote(num_cpus=1, max_retries=0, num_returns="streaming")(run_rung)
        self._told: queue.Queue[tuple[Slot, Message | Lost]] = queue.Queue()
        self._kept: dict[tuple[str, str], Any] = {}

    def most_gpus(self) -> float:
        """How many GPUs the machine has that has the most of them."""
        try:
            nodes = ray.nodes()  # type: ignore[no-untyped-call] # Ray publishes no types for it
        except RayError as error:
            raise WorkersGone(f"Ray does not say what machines it has: {error}") from error
        return max((node["Resources"].get("GPU", 0.0) for node in nodes if node["Alive"]), default=0.0)

    def start(self, task: Task) -> None:
        """Submit the rung."""
        project = task.slot.study.project
        arguments = [self._object(project, task.program)]
        arguments.append(self._object(project, task.checkpoint) if task.checkpoint else None)
        arguments += [self._object(project, sha256) for sha256 in task.files]
        try:
            options = {"name": f"{task.job.run} rung {task.job.rung}", "num_gpus": task.job.gpus}
            stream = self._task.options(**options).remote(task.job, dict(task.schemas), *arguments)
        except RayError as error:
            raise WorkersGone(f"Ray took no task: {error}") from error
        threading.Thread(target=self._read, args=(task.slot, stream), name=task.job.run, daemon=True).start()

    def _object(self, project: str, sha256: str) -> Any:
        """The artifact in the object store, put there once."""
        found = self._kept.get((project, sha256))
        if found is None:
            found = self._kept[project, sha256] = ray.put(self._fetch(project, sha256))
        return found

    def keep(self, artifacts: Collection[tuple[str, str]]) -> None:
        """Let go of every artifact but these."""
        self._kept = {key: found for key, found in self._kept.items() if key in artifacts}

    def _read(self, slot: Slot, stream: Any) -> None:
        ended = False
        try:
            for reference in stream:
                for message in ray.get(reference):
                    ended = isinstance(message, Finished | Failed)
                    self._told.put((slot, message))
        except Exception as error:  # noqa: BLE001 - whatever ends the stream, the driver must hear of it
            logger.warning("%s trial %d rung %d: %s", slot.study.study, slot.trial, slot.rung, error)
            self._told.put((slot, Lost(f"{type(error).__name__}: {error}"[:1000])))
            return
        if not ended:
            self._told.put((slot, Lost("the worker ended without a result")))

    def messages(self) -> list[tuple[Slot, Message | Lost]]:
        """What came since the last call."""
        if not ray.is_initialized():
            raise WorkersGone(f"the connection to Ray at {self.where} has ended")
        came = []
        while not self._told.empty():
            came.append(self._told.get())
        return came

    def close(self) -> None:
        """End what runs, and let go of the cluster."""
        ray.shutdown()
