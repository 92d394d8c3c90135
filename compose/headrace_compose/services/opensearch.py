"""The search index: one OpenSearch node in our own launcher, on loopback, for whoever knows its token."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import urlsplit

from headrace_compose import jars, probes
from headrace_compose.ports import Address
from headrace_compose.service import Report, Service
from headrace_compose.site import Site

VERSION = "2.19.3"
SOURCE = Path(__file__).parent.parent / "opensearch"
JAVA_OPTIONS = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-Djava.awt.headless=true",
    "-Dlog4j2.disable.jmx=true",
    "-Dio.netty.noUnsafe=true",
    "-Dio.netty.noKeySetOptimization=true",
    "-Dio.netty.recycler.maxCapacityPerThread=0",
)


def opensearch(site: Site) -> Service:
    """Describe the search server of this site."""
    elsewhere = site.settings.opensearch_external
    address = site.addresses["opensearch"] if elsewhere is None else _address(elsewhere)
    return Service(
        name="opensearch",
        version=VERSION,
        address=address,
        command=() if elsewhere else _command(site, address),
        environment={"HEADRACE_OPENSEARCH_TOKEN": site.vault.opensearch_token},
        prepare=lambda report: _prepare(site, report),
        ready=lambda: probes.ask_opensearch(site.opensearch_url, site.vault.opensearch_token),
        start_seconds=90,
        stop_seconds=30,
    )


def _command(site: Site, address: Address) -> tuple[str, ...]:
    server = jars.location(site.cache, SOURCE)
    heap = f"-Xmx{site.settings.opensearch_heap}"
    path = f"{server / 'classes'}:{server / 'lib'}/*"
    return (
        "java",
        heap,
        f"-Djava.io.tmpdir={site.home.scratch('opensearch')}",
        *JAVA_OPTIONS,
        "-cp",
        path,
        "Launcher",
        str(site.home.opensearch),
        address.host,
        str(address.port),
    )


def _prepare(site: Site, report: Report) -> None:
    jars.java()
    jars.fetch(site.cache, SOURCE, report)
    configuration = site.home.opensearch / "config"
    configuration.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(SOURCE / "log4j2.properties", configuration)


def _address(url: str) -> Address:
    parts = urlsplit(url)
    return Address(parts.hostname or "localhost", parts.port or (443 if parts.scheme == "https" else 80))
