"""The process of provisioning: follows the events, and brings the brokers to what they want."""

import functools
import logging
import math
import os
import time
from datetime import timedelta
from pathlib import Path

from prometheus_client import Gauge

from headrace_broker.admin import Admin
from headrace_broker.artifacts import Artifacts
from headrace_broker.client_quotas import ClientQuotas
from headrace_broker.command_client import CommandClient
from headrace_broker.connection import connection_from
from headrace_broker.feed import MetadataFeed
from headrace_broker.history import History
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_events.ids import Micros
from headrace_processors.provisioning.closing import Closing
from headrace_processors.provisioning.issued import standing
from headrace_processors.provisioning.provisioner import Provisioner, say
from headrace_processors.provisioning.rotation import Rotation
from headrace_processors.provisioning.wanted import Wanted

logger = logging.getLogger("headrace.provisioning")

COUNTED_S = 15.0
"""How often certificates are counted by their state while nothing happens."""


def main() -> None:
    """Provision until SIGTERM; an error ends the process, and the next start folds the events again."""
    log_to_stderr()
    stop = stop_on_signals()
    connection = connection_from()
    secrets = Path(os.environ["HEADRACE_SECRETS"])
    lifetime = timedelta(hours=float(os.environ.get("HEADRACE_CERTIFICATE_HOURS", "72")))
    monitor = Monitor("provisioning", os.environ.get("HEADRACE_MONITOR"))
    steps = monitor.counter("steps", "Steps brought about")
    drift = monitor.counter("drift_rules", "Access rules that had been changed by hand", ("what",))
    certificates = monitor.gauge("certificates", "Certificates of members that were not revoked", ("state",))
    commands = CommandClient(connection)
    admin = Admin(connection)
    artifacts = Artifacts.at(os.environ["HEADRACE_STORAGE"])
    log_of = functools.partial(History, connection)
    closing = Closing(admin, os.environ["HEADRACE_POSTGRES"], artifacts, log_of)
    rotation = Rotation(connection, secrets, functools.partial(say, commands))
    limits = ClientQuotas(connection)
    provisioner = Provisioner(
        admin,
        commands,
        rotation,
        lifetime,
        closing,
        client_quotas=limits,
    )
    wanted = Wanted()
    feed = MetadataFeed(connection)
    while not feed.at_end() and not stop.is_set():
        for recorded in feed.poll(1.0).events:
            wanted.apply(recorded)
    missing, extra = provisioner.put_back(wanted)
    drift.labels("missing").inc(len(missing))
    drift.labels("extra").inc(len(extra))
    if missing or extra:
        logger.warning("access rules were changed by hand: %d put back, %d removed", len(missing), len(extra))
    done = provisioner.bring_about(wanted)
    steps.inc(done)
    monitor.healthy(True)
    counted = -math.inf
    while not stop.is_set():
        happened = feed.poll(0.0 if done else 0.5).events
        for recorded in happened:
            wanted.apply(recorded)
        done = provisioner.bring_about(wanted)
        steps.inc(done)
        if happened or time.monotonic() - counted > COUNTED_S:
            counted = time.monotonic()
            _count(certificates, wanted)
    feed.close()
    commands.close()


def _count(certificates: Gauge, wanted: Wanted) -> None:
    now = Micros(time.time_ns() // 1000)
    issued = [project.issued for project in wanted.projects.values()]
    for state, number in standing(issued, now, wanted.authorities.retired).items():
        certificates.labels(state).set(number)


if __name__ == "__main__":
    main()
