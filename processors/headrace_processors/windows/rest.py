"""Asking the JobManager over its REST interface, with the cluster's key.

Source: Flink's documentation, "REST API".
"""

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headrace_processors.windows.errors import ClusterUnavailable
from headrace_processors.windows.keys import ClusterKey

NAME = "headrace-windows"
ENDED = frozenset({"FINISHED", "CANCELED", "FAILED", "SUSPENDED"})
SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job of ours on the cluster; `running` says that all of its parts run."""

    id: str
    state: str
    started: int
    running: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a job has behind it: complete and failed checkpoints, the last one's place, and restarts."""

    completed: int
    failed: int
    last: str | None
    restarts: int


class Cluster:
    """The JobManager at an address."""

    def __init__(self, address: str, key: ClusterKey) -> None:
        host, _, port = address.rpartition(":")
        self._host, self._port = host, int(port)
        self._context = ssl.create_default_context(cafile=key.certificate)
        self._context.load_cert_chain(key.certificate, key.key)

    def slots(self) -> int:
        """How many slots there are, free and taken; raises ClusterUnavailable."""
        return int(self._ask("GET", "/overview")["slots-total"])

    def jobs(self) -> list[Job]:
        """Our jobs that have not ended, the oldest first; raises ClusterUnavailable."""
        listed = self._ask("GET", "/jobs/overview")["jobs"]
        jobs = [
            Job(id=job["jid"], state=job["state"], started=job["start-time"], running=_all_run(job))
            for job in listed
            if job["name"] == NAME and job["state"] not in ENDED
        ]
        return sorted(jobs, key=lambda job: job.started)

    def progress(self, job: str) -> Progress:
        """How far the job is; raises ClusterUnavailable."""
        found = self._ask("GET", f"/jobs/{job}/checkpoints")
        metrics = self._ask("GET", f"/jobs/{job}/metrics?get=numRestarts")
        restarts = next((int(float(metric["value"])) for metric in metrics if metric["id"] == "numRestarts"), 0)
        last = (found.get("latest") or {}).get("completed") or {}
        counts = found.get("counts", {})
        return Progress(
            completed=counts.get("completed", 0),
            failed=counts.get("failed", 0),
            last=last.get("external_path"),
            restarts=restarts,
        )

    def failure(self, job: str) -> str:
        """Why a part of the job failed last; empty where none did. Raises ClusterUnavailable."""
        history = self._ask("GET", f"/jobs/{job}/exceptions?maxExceptions=1").get("exceptionHistory", {})
        entries = history.get("entries", [])
        return str(entries[0]["stacktrace"]) if entries else ""

    def cancel(self, job: str) -> None:
        """Stop the job; raises ClusterUnavailable."""
        self._ask("PATCH", f"/jobs/{job}?mode=cancel")

    def _ask(self, method: str, path: str) -> Any:
        connection = http.client.HTTPSConnection(self._host, self._port, timeout=SECONDS, context=self._context)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            body = response.read()
            if response.status not in {200, 202}:
                raise ClusterUnavailable(f"{path} answered {response.status}: {body[:300]!r}")
            return json.loads(body)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ClusterUnavailable(f"{path}: {error!r}") from error
        finally:
            connection.close()


def _all_run(job: Mapping[str, Any]) -> bool:
    tasks: Mapping[str, int] = job["tasks"]
    return job["state"] == "RUNNING" and tasks["total"] > 0 and tasks["running"] == tasks["total"]
