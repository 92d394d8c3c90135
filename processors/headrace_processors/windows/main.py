"""The process that keeps the job running: submit it, watch it, and start it again from its newest checkpoint.

A task that fails is restarted by the JobManager. A job that is gone (its JobManager was killed, or it was cancelled) is
submitted again here. Where that fails, the process ends with an error and its supervisor starts it again.
"""

import logging
import os
import time

from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_processors.windows.cluster import prepare
from headrace_processors.windows.errors import ClusterUnavailable
from headrace_processors.windows.job import checkpoints, submit
from headrace_processors.windows.keys import ClusterKey
from headrace_processors.windows.rest import Cluster, Job
from headrace_processors.windows.settings import FlinkSettings, settings_from

logger = logging.getLogger("headrace.flink-job")

CLUSTER_SECONDS = 120.0
"""How long the cluster may be away before this process gives up."""


class Watch:
    """One look after the other at the cluster."""

    def __init__(self, settings: FlinkSettings, cluster: Cluster) -> None:
        self._settings = settings
        self._cluster = cluster
        self._checkpoints = checkpoints(settings)
        self._failure = ""

    def look(self) -> Job | None:
        """The one job of ours, submitted if there is none; None until the cluster has room for it.

        Raises ClusterUnavailable, NotSubmitted.
        """
        jobs = self._cluster.jobs()
        for extra in jobs[:-1]:
            logger.warning("job %s is not the last one submitted: cancelling it", extra.id)
            self._cluster.cancel(extra.id)
        if jobs:
            self._tend(jobs[-1])
            return jobs[-1]
        if self._cluster.slots() == 0:
            return None
        self._start()
        return None

    def _start(self) -> None:
        restore = self._checkpoints.newest()
        began = time.monotonic()
        job = submit(self._settings, restore)
        came_from = f"checkpoint {restore}" if restore else "the beginning of the topics"
        logger.info("job %s submitted in %.0f s, from %s", job, time.monotonic() - began, came_from)

    def _tend(self, job: Job) -> None:
        for other in self._checkpoints.forget_others(job.id):
            logger.info("removed the checkpoints of job %s", other)
        if job.running:
            return
        failure = self._cluster.failure(job.id)
        if failure and failure != self._failure:
            self._failure = failure
            logger.warning("job %s is %s: %s", job.id, job.state, failure[:4000])


def main() -> None:
    """Keep the job running until SIGTERM; the job itself goes on."""
    log_to_stderr()
    stop = stop_on_signals()
    settings = settings_from(os.environ)
    prepare(settings)
    cluster = Cluster(settings.rest, ClusterKey(settings.folder / "keys"))
    monitor = Monitor("flink_job", os.environ.get("HEADRACE_MONITOR"))
    completed = monitor.gauge("checkpoints_completed", "Complete checkpoints of the job")
    restarts = monitor.gauge("restarts", "Restarts of the job's tasks")
    watch = Watch(settings, cluster)
    answered = time.monotonic()
    while not stop.is_set():
        try:
            job = watch.look()
            answered = time.monotonic()
            if job is not None:
                progress = cluster.progress(job.id)
                completed.set(progress.completed)
                restarts.set(progress.restarts)
            monitor.healthy(job is not None and job.running)
        except ClusterUnavailable as error:
            monitor.healthy(False)
            if time.monotonic() - answered > CLUSTER_SECONDS:
                raise
            logger.info("the cluster does not answer: %s", error)
        stop.wait(1.0)


if __name__ == "__main__":
    main()
