"""What runs, where, and how well."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import psutil

from headrace_compose import probes
from headrace_compose.service import NotReady, Service
from headrace_compose.services import all_services
from headrace_compose.site import Site
from headrace_compose.supervision import Running

State = Literal["ready", "starting", "crashed", "stopped", "unreachable"]
ENDED = frozenset({"backoff", "fatal", "exited"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """One service as it is now.

    `rss_mb` is the memory of the process and its children, shared pages counted once, in MiB; `lag` is in records;
    both are None when unknown. `pid` is None when nothing of ours runs.
    """

    state: State
    address: str
    version: str
    pid: int | None
    rss_mb: float | None
    lag: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StackStatus:
    """Every service of a stack, and where people and programs find it.

    `isolation` is what the Ray head says of itself: `platform` where user code runs under another account than ours,
    which takes root, else `none`; `none` too where no Ray of ours answers.
    """

    services: Mapping[str, ServiceStatus]
    api: str
    web: str
    isolation: Literal["platform", "none"]

    @property
    def healthy(self) -> bool:
        """Whether every service does its work."""
        return bool(self.services) and all(service.state == "ready" for service in self.services.values())

    def as_json(self) -> dict[str, Any]:
        """Give the status in the shape that scripts read."""
        return {
            "services": {
                name: {
                    "state": service.state,
                    "address": service.address,
                    "version": service.version,
                    "pid": service.pid,
                    "rss_mb": service.rss_mb,
                    "lag": service.lag,
                }
                for name, service in self.services.items()
            },
            "api": self.api,
            "web": self.web,
            "isolation": self.isolation,
        }


def look(site: Site, running: Mapping[str, Running]) -> StackStatus:
    """Ask every service at the same time how it is."""
    services = all_services(site)
    with ThreadPoolExecutor(max_workers=len(services)) as threads:
        states = list(threads.map(lambda service: _status(service, running.get(service.name)), services))
    return StackStatus(
        services={service.name: state for service, state in zip(services, states, strict=True)},
        api=site.api_url,
        web=site.api_url,
        isolation="platform" if probes.is_isolated(site.addresses["ray"]) else "none",
    )


def _status(service: Service, running: Running | None) -> ServiceStatus:
    state = _state(service, running)
    pid = running.pid if running is not None else None
    return ServiceStatus(
        state=state,
        address=str(service.address),
        version=service.version,
        pid=pid,
        rss_mb=None if pid is None else memory(pid),
        lag=service.lag() if state == "ready" else None,
    )


def _state(service: Service, running: Running | None) -> State:
    if not service.external and (running is None or running.pid is None):
        return "crashed" if running is not None and running.state in ENDED else "stopped"
    try:
        service.ready()
    except NotReady:
        return "unreachable" if service.external else "starting"
    return "ready"


def memory(pid: int) -> float | None:
    """Measure a process and its children in MiB, each shared page counted once; None if it has ended."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        total = sum(member.memory_full_info().pss for member in family if member.is_running())
    except psutil.Error:
        return None
    return round(total / 2**20, 1)
