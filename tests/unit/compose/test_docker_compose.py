"""The stack for Docker is the stack of this machine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from headrace_compose.containers import container_site, prepare
from headrace_compose.service import Service, Step
from headrace_compose.services import all_services, all_steps
from headrace_compose.services.kafka import VERSION as KAFKA
from headrace_compose.services.opensearch import VERSION as OPENSEARCH
from headrace_compose.services.postgres import VERSION as POSTGRES
from headrace_compose.settings import StackSettings
from headrace_compose.site import Site

FILE = Path(__file__).parents[3] / "compose" / "docker-compose.yml"
IMAGES = {
    "kafka": f"apache/kafka:{KAFKA}",
    "postgres": f"postgres:{POSTGRES}",
    "opensearch": f"opensearchproject/opensearch:{OPENSEARCH}",
}


@pytest.fixture(scope="module")
def declared() -> dict[str, dict[str, Any]]:
    document = yaml.safe_load(FILE.read_text())
    assert set(document) == {"name", "services", "volumes", "x-process", "x-environment"}
    services: dict[str, dict[str, Any]] = document["services"]
    return services


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return container_site(StackSettings(home=tmp_path_factory.mktemp("home")))


def parts(site: Site) -> list[Service | Step]:
    return [*all_services(site), *all_steps(site)]


def test_the_same_services_and_steps_are_declared(declared: dict[str, dict[str, Any]], site: Site) -> None:
    assert set(declared) == {part.name for part in parts(site)} | {"secrets"}


def test_each_waits_for_what_it_depends_on(declared: dict[str, dict[str, Any]], site: Site) -> None:
    for part in parts(site):
        waits = declared[part.name].get("depends_on", {})
        assert set(waits) - {"secrets"} == set(part.depends_on)
    steps = {step.name for step in all_steps(site)} | {"secrets"}
    for service in declared.values():
        for other, condition in service.get("depends_on", {}).items():
            until = "service_completed_successfully" if other in steps else "service_healthy"
            assert condition == {"condition": until}


def test_every_service_is_asked_for_its_health_and_no_step_is(declared: dict[str, dict[str, Any]], site: Site) -> None:
    for part in parts(site):
        healthcheck = declared[part.name]["healthcheck"]
        assert ("test" in healthcheck) == isinstance(part, Service)


def test_images_have_their_official_names_and_the_same_versions(declared: dict[str, dict[str, Any]]) -> None:
    for name, image in IMAGES.items():
        assert declared[name]["image"].startswith(image)
    for service in declared.values():
        assert re.fullmatch(r"[a-z/]+:[0-9]+(\.[0-9]+)+", service["image"])


def test_our_processes_run_the_same_command_and_are_told_the_same_things(
    declared: dict[str, dict[str, Any]], site: Site
) -> None:
    ours = [part for part in parts(site) if part.name not in IMAGES]
    assert len(ours) > 3
    for part in ours:
        assert declared[part.name]["command"][1:] == list(part.command[1:])
        assert set(part.environment) <= set(declared[part.name]["environment"])


def test_each_process_is_a_principal_that_the_preparation_certifies(
    declared: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    prepare(StackSettings(home=tmp_path))
    for service in declared.values():
        for variable in ("HEADRACE_CA", "HEADRACE_CERT", "HEADRACE_KEY"):
            path = service.get("environment", {}).get(variable)
            assert path is None or (tmp_path / Path(path).relative_to("/var/lib/headrace")).exists()
    told = (tmp_path / "kafka" / "config" / "server.properties").read_text()
    assert "advertised.listeners=CLIENT://kafka:9093\n" in told
    assert (tmp_path / "kafka" / "config" / "client.properties").exists()


def test_only_the_api_and_the_gateway_are_published_and_on_loopback(declared: dict[str, dict[str, Any]]) -> None:
    assert {name: service["ports"] for name, service in declared.items() if "ports" in service} == {
        "api": ["127.0.0.1:8080:8080"],
        "gateway": ["127.0.0.1:8081:8081"],
    }
