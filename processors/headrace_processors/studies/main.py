"""The process of the study driver: it ends when Ray does, and is started again by whoever looks after it."""

import logging
import os
import threading
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from headrace_broker.artifacts import Artifacts
from headrace_broker.command_client import CommandClient
from headrace_broker.connection import Connection, connection_from
from headrace_broker.feed import MetadataFeed
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_broker.ray_connection import RayConnection, ray_connection_from
from headrace_processors.studies.certificates import WorkerCertificates
from headrace_processors.studies.driver import Driver
from headrace_processors.studies.errors import WorkersGone
from headrace_processors.studies.runs import KafkaRunLog
from headrace_processors.studies.topics import TopicReading

if TYPE_CHECKING:
    from headrace_processors.studies.on_ray import RayWorkers

logger = logging.getLogger("headrace.studies")


def main() -> None:
    """Drive studies until SIGTERM."""
    log_to_stderr()
    stop = stop_on_signals()
    connection = connection_from()
    monitor = Monitor("studies", os.environ.get("HEADRACE_MONITOR"))
    open_studies = monitor.gauge("open", "Studies that have not ended")
    lost = monitor.counter("run_records_lost", "Metrics and lines of runs that could not be written")
    artifacts = Artifacts.at(os.environ["HEADRACE_STORAGE"])
    ray = ray_connection_from()
    workers = _connected(ray, artifacts, stop)
    if workers is None:
        return
    stop = stop_on_signals()  # Ray has put its own handlers in place of ours
    commands = CommandClient(connection)
    feed = MetadataFeed(connection, patient=True)
    runs = KafkaRunLog(connection, lost)
    topics = TopicReading(WorkerCertificates(commands), partial(_brokers, connection))
    driver = Driver(feed, commands, workers, artifacts, runs, topics)
    ready = False
    try:
        while not stop.is_set():
            driver.step(seconds=0.1)
            ready = ready or driver.caught_up
            open_studies.set(len(driver.studies.open))
            monitor.healthy(ready and commands.healthy)
            if ray.address() not in {None, workers.where}:
                raise WorkersGone(f"Ray answers at another address than {workers.where}: it was started again")
    finally:
        monitor.healthy(False)
        workers.close()
        runs.close()
        feed.close()
        commands.close()


def _brokers(connection: Connection) -> Mapping[str, str]:
    """What every client is set with that reaches the brokers from elsewhere, where no files of ours are."""
    return {
        "bootstrap.servers": connection.bootstrap,
        "security.protocol": "ssl",
        "ssl.ca.pem": connection.ca.read_text(),
        "ssl.endpoint.identification.algorithm": "https",
    }


def _connected(ray: RayConnection, artifacts: Artifacts, stop: threading.Event) -> "RayWorkers | None":
    """The workers, once the cluster answers; None if the process is told to stop before."""
    while not stop.is_set():
        where = ray.address()
        if where is not None:
            ray.prepare()
            from headrace_processors.studies.on_ray import RayWorkers  # noqa: PLC0415 - Ray reads what was prepared

            try:
                return RayWorkers(where, artifacts.read, isolated=ray.isolated())
            except WorkersGone as error:
                logger.warning("%s", error)
        stop.wait(0.5)
    return None


if __name__ == "__main__":
    main()
