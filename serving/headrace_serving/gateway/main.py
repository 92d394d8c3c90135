"""The process of the gateway: HTTP in front, the metadata feed and Ray Serve behind.

It answers before Ray does (and says that nothing is ready). When Ray ends, it ends too, and is started again.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

import uvicorn
import uvloop
from psycopg_pool import AsyncConnectionPool

from headrace_broker.artifacts import Artifacts
from headrace_broker.command_client import CommandClient
from headrace_broker.connection import Connection, connection_from
from headrace_broker.credentials import FollowedCredentials
from headrace_broker.feed import MetadataFeed
from headrace_broker.listening import listening
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_broker.ray_connection import RayConnection, ray_connection_from
from headrace_broker.sealing import MasterKey
from headrace_serving.gateway.app import Gateway
from headrace_serving.gateway.callers import Callers
from headrace_serving.gateway.deploying import Deploying
from headrace_serving.gateway.directory import Directory
from headrace_serving.gateway.features import StoredFeatures
from headrace_serving.gateway.following import Following
from headrace_serving.gateway.keeping import Cluster, Keeping
from headrace_serving.gateway.predicting import Predicting
from headrace_serving.gateway.prediction_log import KafkaPredictionLog

logger = logging.getLogger("headrace.gateway")


def main() -> None:
    """Serve until SIGTERM; the exit status is 1 where something behind has ended."""
    log_to_stderr()
    stop_on_signals()  # the HTTP server raises the signal again when it has stopped; then everything else is closed
    status = uvloop.run(_serve())
    sys.stderr.flush()
    os._exit(status)  # Ray's own end waits a minute for a cluster that is gone


async def _serve() -> int:
    connection = connection_from()
    listen = os.environ["HEADRACE_LISTEN"]
    address = os.environ.get("HEADRACE_MONITOR")
    monitor = Monitor("gateway", address if address != listen else None)
    directory = Directory()
    following = Following(MetadataFeed(connection), directory)
    keys = FollowedCredentials(connection, MasterKey.read(Path(os.environ["HEADRACE_SECRETS"]) / "master.key"))
    commands = CommandClient(connection)
    ray = ray_connection_from()
    connected: list[str] = []
    keeping = _keeping(directory, following, commands, ray, connected)
    log = _log(connection, monitor)

    def healthy() -> bool:
        return following.caught_up.is_set() and keys.healthy and commands.healthy

    def broken() -> bool:
        if connected and ray.address() not in {None, *connected}:
            logger.warning("Ray answers at another address than %s: it was started again", connected[-1])
            return True
        return following.failed.is_set() or keeping.failed.is_set() or not keys.healthy or not commands.healthy

    pool = AsyncConnectionPool(
        os.environ["HEADRACE_POSTGRES"],
        min_size=2,
        max_size=8,
        timeout=5.0,
        open=False,
        kwargs={"autocommit": True},
    )
    async with pool:
        predicting = Predicting(directory=directory, online=StoredFeatures(pool), replicas=keeping, log=log)
        gateway = Gateway(predicting, Callers(keys, directory), healthy, monitor.registry)
        server = uvicorn.Server(_config(gateway, listen))
        watching = asyncio.create_task(_watch(server, monitor, healthy, broken))
        await server.serve()
        ended = broken()
    watching.cancel()
    if not ended:
        keeping.close()
    following.close()
    for part in (log, keys, commands):
        part.close()
    return 1 if ended else 0


def _config(gateway: Gateway, listen: str) -> uvicorn.Config:
    host, _, port = listen.rpartition(":")
    return uvicorn.Config(
        gateway.app(),
        host=host,
        port=int(port),
        loop="none",
        **listening(),
        timeout_keep_alive=75,
        timeout_graceful_shutdown=3,
    )


def _log(connection: Connection, monitor: Monitor) -> KafkaPredictionLog:
    logged = monitor.counter("predictions_logged", "Predictions that the log has")
    lost = monitor.counter("predictions_not_logged", "Predictions that the log did not take; none of them was given")
    return KafkaPredictionLog(connection, logged, lost)


def _keeping(
    directory: Directory, following: Following, commands: CommandClient, ray: RayConnection, connected: list[str]
) -> Keeping:
    store = Artifacts.at(os.environ["HEADRACE_STORAGE"])

    def connect() -> Cluster | None:
        address = ray.address()
        if address is None or not following.caught_up.is_set():
            return None
        ray.prepare()
        from headrace_serving.gateway.on_serve import ServeReplicas  # noqa: PLC0415 - Ray reads what was prepared

        running = ServeReplicas(address)
        connected.append(address)
        return running

    return Keeping(connect, lambda running: Deploying(directory, running, store, commands), lambda: directory.changes)


async def _watch(
    server: uvicorn.Server, monitor: Monitor, healthy: Callable[[], bool], broken: Callable[[], bool]
) -> None:
    while not server.should_exit:
        monitor.healthy(healthy())
        server.should_exit = broken()
        await asyncio.sleep(0.2)


if __name__ == "__main__":
    main()
