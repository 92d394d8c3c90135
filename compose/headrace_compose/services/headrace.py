"""Our own processes, and the steps between them. Each runs under a principal of its own."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from headrace_compose import probes
from headrace_compose.service import BEHIND, Service, Step
from headrace_compose.site import Site

STORED = ("prepare-broker", "postgres")
DECIDED = ("prepare-broker", "command-processor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One of our processes: the module that runs, what has to be ready before, and whether it serves HTTP itself.

    For one that `follows` nobody waits: a command, a project, a row or a vector is there without it.
    """

    name: str
    module: str
    after: tuple[str, ...] = ("prepare-broker",)
    serves: bool = False
    follows: bool = False
    start_seconds: float = 120
    scratch: bool = True


PROCESSES: tuple[Process, ...] = (
    Process(name="command-processor", module="headrace_processors.commands.main"),
    Process(name="provisioning", module="headrace_processors.provisioning.main"),
    Process(name="projector", module="headrace_projections.catalogue.main", after=STORED),
    Process(name="api", module="headrace_api.main", after=("command-processor", "projector"), serves=True),
    Process(name="online", module="headrace_projections.online.main", after=STORED),
    Process(name="offline", module="headrace_projections.offline.main", after=STORED, follows=True),
    Process(name="training-datasets", module="headrace_processors.training.main", after=DECIDED, follows=True),
    Process(name="lineage", module="headrace_processors.lineage.main", after=STORED, follows=True),
    Process(name="search", module="headrace_projections.search.main", after=(*STORED, "opensearch"), follows=True),
    Process(name="observer", module="headrace_processors.observer.main", after=DECIDED, follows=True),
    Process(name="streams", module="headrace_processors.streams.main", after=DECIDED, follows=True),
    Process(name="monitoring", module="headrace_projections.monitoring.main", after=STORED, follows=True),
    Process(name="audit", module="headrace_projections.audit.main", after=STORED, follows=True),
    Process(name="alerts", module="headrace_processors.alerts.main", after=DECIDED, follows=True),
    Process(name="ray", module="headrace_serving.ray_head", after=(), start_seconds=180, scratch=False),
    Process(name="studies", module="headrace_processors.studies.main", after=(*DECIDED, "ray"), follows=True),
    Process(
        name="gateway",
        module="headrace_serving.gateway.main",
        after=(*DECIDED, *STORED, "projector", "ray"),
        serves=True,
        start_seconds=180,
    ),
)
"""Every process of ours, each after those it depends on."""


def processes(site: Site) -> list[Service]:
    """Describe all our processes."""
    return [_service(site, process) for process in PROCESSES]


def prepare_broker(site: Site) -> Step:
    """Make the internal topics and the servers' ACLs, as the broker itself."""
    return Step(
        name="prepare-broker",
        command=(sys.executable, "-m", "headrace_broker.internal"),
        environment=site.environment("broker"),
        depends_on=("kafka",),
    )


def found_platform(site: Site) -> Step:
    """Make the first administrator, and leave the key in the secrets folder."""
    return Step(
        name="found-platform",
        command=(sys.executable, "-m", "headrace_compose.founding"),
        environment=site.environment("api"),
        depends_on=("api",),
    )


def our_version() -> str:
    """Give the version of the installed distribution."""
    try:
        return version("headrace")
    except PackageNotFoundError:
        return "0"


def _service(site: Site, process: Process) -> Service:
    address = site.addresses[process.name]
    listen = address if process.serves else None
    return Service(
        name=process.name,
        version=our_version(),
        address=address,
        command=(sys.executable, "-m", process.module),
        environment=site.environment(process.name, monitor=address, listen=listen),
        depends_on=process.after,
        ready=lambda: probes.ask_healthz(address),
        lag=lambda: probes.read_lag(address),
        start_seconds=process.start_seconds,
        scratch=process.scratch,
        niceness=BEHIND if process.follows else 0,
    )
