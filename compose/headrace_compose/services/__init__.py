"""The list of what a stack is made of."""

from __future__ import annotations

from headrace_compose.service import Service, Step
from headrace_compose.services import flink, headrace
from headrace_compose.services.kafka import kafka
from headrace_compose.services.opensearch import opensearch
from headrace_compose.services.postgres import postgres
from headrace_compose.site import Site

LISTENERS = (
    "kafka",
    "kafka-controller",
    "postgres",
    "opensearch",
    *(process.name for process in headrace.PROCESSES),
    *flink.LISTENERS,
)


def all_services(site: Site) -> list[Service]:
    """Describe every service; each comes after those it depends on."""
    return [kafka(site), postgres(site), opensearch(site), *headrace.processes(site), *flink.services(site)]


def all_steps(site: Site) -> list[Step]:
    """Describe every step between the services."""
    return [headrace.prepare_broker(site), headrace.found_platform(site)]
