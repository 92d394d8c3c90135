"""Flink: a session cluster of one JobManager and one TaskManager, and the process that keeps our job running on it."""

from __future__ import annotations

import sys
from pathlib import Path

from headrace_compose import jars, probes
from headrace_compose.errors import MissingTool
from headrace_compose.service import BEHIND, Report, Service
from headrace_compose.site import Site

VERSION = "2.3.0"
REPOSITORY = Path(__file__).parents[3]
SOURCES = REPOSITORY / "processors" / "flink"
ENVIRONMENT = REPOSITORY / ".venv-flink"
JOBMANAGER, TASKMANAGER, JOB = "flink-jobmanager", "flink-taskmanager", "flink-job"
LISTENERS = (JOBMANAGER, "flink-rpc", "flink-blob", JOB)


def services(site: Site) -> list[Service]:
    """Describe all of Flink."""
    return [jobmanager(site), taskmanager(site), job(site)]


def jobmanager(site: Site) -> Service:
    """Describe the JobManager; its REST interface wants the cluster's own key."""
    return Service(
        name=JOBMANAGER,
        version=VERSION,
        address=site.addresses[JOBMANAGER],
        command=_become("jobmanager"),
        environment=_environment(site),
        prepare=lambda report: _prepare(site, report),
        ready=lambda: _ask(site, slots=0),
        start_seconds=120,
        niceness=BEHIND,
    )


def taskmanager(site: Site) -> Service:
    """Describe the TaskManager, ready when it has registered its slot."""
    return Service(
        name=TASKMANAGER,
        version=VERSION,
        address=site.addresses["flink-rpc"],
        command=_become("taskmanager"),
        environment=_environment(site),
        depends_on=(JOBMANAGER,),
        ready=lambda: _ask(site, slots=1),
        start_seconds=120,
        niceness=BEHIND,
    )


def job(site: Site) -> Service:
    """Describe the process that submits the job and watches it; ready when all of the job runs."""
    monitor = site.addresses[JOB]
    return Service(
        name=JOB,
        version=VERSION,
        address=monitor,
        command=(sys.executable, "-m", "headrace_processors.windows.main"),
        environment={**_environment(site), "HEADRACE_MONITOR": str(monitor)},
        depends_on=(TASKMANAGER, "prepare-broker", "api"),
        ready=lambda: probes.ask_healthz(monitor),
        start_seconds=240,
        niceness=BEHIND,
    )


def _become(role: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "headrace_processors.windows.cluster", role)


def _environment(site: Site) -> dict[str, str]:
    return {
        **site.environment("flink"),
        "HEADRACE_FLINK_ENVIRONMENT": str(ENVIRONMENT),
        "HEADRACE_FLINK_JARS": str(jars.location(site.cache, SOURCES) / "lib"),
        "HEADRACE_FLINK_REST": str(site.addresses[JOBMANAGER]),
        "HEADRACE_FLINK_RPC": str(site.addresses["flink-rpc"]),
        "HEADRACE_FLINK_BLOB": str(site.addresses["flink-blob"]),
    }


def _prepare(site: Site, report: Report) -> None:
    jars.java()
    jars.fetch(site.cache, SOURCES, report)
    if not ENVIRONMENT.exists():
        raise MissingTool("Flink's environment", f"run `make install`, which makes {ENVIRONMENT}")


def _ask(site: Site, slots: int) -> None:
    probes.ask_flink(site.addresses[JOBMANAGER], site.home.root / "flink" / "keys", slots)
