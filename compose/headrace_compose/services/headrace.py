"""Our own processes, and the steps between them. Each runs under a principal of its own."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version

from headrace_compose import probes
from headrace_compose.ports import Address
from headrace_compose.service import Service, Step
from headrace_compose.site import Site

STORES = ("postgres", "opensearch")


def prepare_broker(site: Site) -> Step:
    """Make the internal topics and the servers' ACLs, as the broker itself."""
    return Step(
        name="prepare-broker",
        command=(sys.executable, "-m", "headrace_broker.internal"),
        environment=site.environment("broker"),
        depends_on=("kafka",),
    )


def command_processor(site: Site) -> Service:
    """Describe the only writer of metadata events."""
    return _process(site, "command-processor", "headrace_processors.commands.main", ("prepare-broker",))


def provisioning(site: Site) -> Service:
    """Describe the holder of the authority's key, which makes topics, ACLs and certificates."""
    return _process(site, "provisioning", "headrace_processors.provisioning.main", ("prepare-broker",))


def projector(site: Site) -> Service:
    """Describe what keeps tables and the search index in step with the log."""
    return _process(site, "projector", "headrace_projections.main", ("prepare-broker", *STORES))


def api(site: Site) -> Service:
    """Describe the HTTP server, whose health is asked on its own address."""
    address = site.addresses["api"]
    return Service(
        name="api",
        version=our_version(),
        address=address,
        command=(sys.executable, "-m", "headrace_api.main"),
        environment=site.environment("api", listen=address, monitor=address),
        depends_on=("command-processor", *STORES),
        ready=lambda: probes.ask_healthz(address),
        lag=lambda: probes.read_lag(address),
    )


def our_version() -> str:
    """Give the version of the installed distribution."""
    try:
        return version("headrace")
    except PackageNotFoundError:
        return "0"


def _process(site: Site, name: str, module: str, depends_on: tuple[str, ...]) -> Service:
    monitor: Address = site.addresses[name]
    return Service(
        name=name,
        version=our_version(),
        address=monitor,
        command=(sys.executable, "-m", module),
        environment=site.environment(name, monitor=monitor),
        depends_on=depends_on,
        ready=lambda: probes.ask_healthz(monitor),
        lag=lambda: probes.read_lag(monitor),
    )
