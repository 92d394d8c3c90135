"""The Faust app: one agent over the windows, one table with the last windows of each monitored value.

Whatever goes wrong ends the process before the record is acknowledged, and its supervisor starts it again: Faust itself
would restart the agent and acknowledge the record it failed on.
"""

import asyncio
import logging
import os
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import faust

from headrace_broker.admin import Admin
from headrace_broker.connection import Connection
from headrace_broker.errors import Missing
from headrace_broker.topics import WINDOWS
from headrace_events.envelope import Position
from headrace_processors.alerts.deciding import Asks, Decider
from headrace_processors.alerts.knowledge import Knowledge, Rule
from headrace_processors.alerts.transport import SCHEME, register
from headrace_projections.monitoring.window import WindowCodec

logger = logging.getLogger("headrace.alerts")

APP = "headrace.alerts"
TABLE = "windows"

Healthy = Callable[[bool], None]


def fail(error: BaseException) -> NoReturn:
    """End the process at once, with the error in its log."""
    logger.critical("ending: %r", error, exc_info=error)
    logging.shutdown()
    os._exit(1)


class Worker:
    """The app with its agent and its timer; `run` is the process's main loop."""

    def __init__(
        self,
        connection: Connection,
        knowledge: Knowledge,
        commands: Asks,
        *,
        instance: str,
        scratch: Path,
        healthy: Healthy,
    ) -> None:
        self._knowledge = knowledge
        self._healthy = healthy
        self._codec = WindowCodec()
        self._topic_id = _topic_id(connection)
        self._decided: set[tuple[str, str, str]] = set()
        self._recovered = False
        self._one_at_a_time = asyncio.Lock()
        self.app = _app(connection, instance, scratch)
        self._table = self.app.Table(TABLE, partitions=1, key_type=bytes, value_type=bytes)
        self._decider = Decider(self._table.get, knowledge.rules, knowledge.reference, commands)
        windows = self.app.topic(WINDOWS, key_type=bytes, value_type=bytes, partitions=1, internal=False)
        self.app.agent(windows, name="alerts", concurrency=1)(self._watch)
        self.app.timer(0.5)(self._look)
        self.app.on_rebalance_complete.connect(self._on_recovered)

    async def _on_recovered(self, *_: Any, **__: Any) -> None:
        self._recovered = True

    async def _watch(self, stream: Any) -> None:
        async for event in stream.events():
            try:
                await self._take(event.message)
            except Exception as error:  # noqa: BLE001 - see the module: no error may reach Faust
                fail(error)

    async def _take(self, message: Any) -> None:
        await asyncio.to_thread(self._knowledge.wait)
        key = self._codec.key(message.key)
        window = self._codec.decode(message.value) if message.value is not None else None
        at = Position(self._topic_id, message.partition, message.offset)
        async with self._one_at_a_time:
            write = await asyncio.to_thread(self._decider.take, key, window, at)
            if write is not None and write.value is not None:
                self._table[write.key] = write.value
            elif write is not None:
                del self._table[write.key]

    async def _look(self) -> None:
        """Decide rules that are new here, over the windows that were there before them; and say how we are."""
        ready = self._recovered and self._knowledge.caught_up and not self.app.in_recovery and not self.app.rebalancing
        self._healthy(ready)
        if not ready:
            return
        try:
            for rule in self._knowledge.rules.all():
                await self._decide_once(rule)
        except Exception as error:  # noqa: BLE001 - see the module: no error may reach Faust
            fail(error)

    async def _decide_once(self, rule: Rule) -> None:
        name = (rule.project, rule.rule.deployment, rule.rule.rule)
        if name in self._decided:
            return
        async with self._one_at_a_time:
            await asyncio.to_thread(self._decider.decide_new, rule)
        self._decided.add(name)

    def run(self) -> NoReturn:
        """Work until SIGTERM, then leave the group and exit."""
        faust.Worker(
            self.app, loglevel="info", redirect_stdouts=False, override_logging=False
        ).execute_from_commandline()
        raise SystemExit(0)


def _app(connection: Connection, instance: str, scratch: Path) -> Any:
    register()
    context = ssl.create_default_context(cafile=connection.ca)
    context.load_cert_chain(connection.certificate, connection.key)
    return faust.App(
        APP,
        broker=[f"{SCHEME}://{address}" for address in connection.bootstrap.split(",")],
        broker_credentials=faust.SSLCredentials(context),
        key_serializer="raw",
        value_serializer="raw",
        store="memory://",
        datadir=scratch,
        topic_partitions=1,
        topic_replication_factor=1,
        topic_disable_leader=True,
        web_enabled=False,
        # A worker that was killed gets its partition back at once, instead of after the session.
        consumer_group_instance_id=f"{APP}-{instance}",
        broker_session_timeout=10.0,
        broker_heartbeat_interval=3.0,
        broker_commit_interval=1.0,
        consumer_auto_offset_reset="earliest",
        stream_wait_empty=False,
    )


def _topic_id(connection: Connection) -> str:
    found = Admin(connection).topic_ids([WINDOWS])
    if WINDOWS not in found:
        raise Missing(f"{WINDOWS} does not exist: prepare the log first")
    return found[WINDOWS][0]
