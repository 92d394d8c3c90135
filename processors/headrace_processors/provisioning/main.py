"""The process of provisioning: follows the events, and brings the brokers to what they want."""

import logging
import os
from datetime import timedelta
from pathlib import Path

from headrace_broker.admin import Admin
from headrace_broker.artifacts import Artifacts
from headrace_broker.authority import CertificateAuthority
from headrace_broker.client_quotas import ClientQuotas
from headrace_broker.command_client import CommandClient
from headrace_broker.connection import connection_from
from headrace_broker.feed import MetadataFeed
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_processors.provisioning.closing import Closing
from headrace_processors.provisioning.provisioner import Provisioner
from headrace_processors.provisioning.wanted import Wanted

logger = logging.getLogger("headrace.provisioning")


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
    commands = CommandClient(connection)
    admin = Admin(connection)
    closing = Closing(admin, os.environ["HEADRACE_POSTGRES"], Artifacts.at(os.environ["HEADRACE_STORAGE"]))
    authority = CertificateAuthority.open(secrets / "ca")
    limits = ClientQuotas(connection)
    provisioner = Provisioner(admin, commands, authority, lifetime, closing, client_quotas=limits)
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
    steps.inc(provisioner.bring_about(wanted))
    monitor.healthy(True)
    while not stop.is_set():
        for recorded in feed.poll(0.5).events:
            wanted.apply(recorded)
        steps.inc(provisioner.bring_about(wanted))
    feed.close()
    commands.close()


if __name__ == "__main__":
    main()
