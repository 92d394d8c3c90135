"""What the stack tells its processes, before any of them runs."""

from __future__ import annotations

import base64
import re
import stat
from configparser import RawConfigParser
from pathlib import Path

import pytest

from headrace_compose.home import Home, tail
from headrace_compose.ports import Address, choose
from headrace_compose.services import LISTENERS, all_services, all_steps
from headrace_compose.services.headrace import PROCESSES
from headrace_compose.services.kafka import PRINCIPALS, properties
from headrace_compose.settings import StackSettings
from headrace_compose.site import Site
from headrace_compose.stack import Stack
from headrace_compose.supervision import render
from headrace_compose.vault import Vault

OWN = {process.name for process in PROCESSES}
CONTRACT = {
    "HEADRACE_HOME",
    "HEADRACE_SECRETS",
    "HEADRACE_BOOTSTRAP",
    "HEADRACE_CA",
    "HEADRACE_CERT",
    "HEADRACE_KEY",
    "HEADRACE_POSTGRES",
    "HEADRACE_OPENSEARCH",
    "HEADRACE_OPENSEARCH_TOKEN",
    "HEADRACE_STORAGE",
    "HEADRACE_API",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Stack(StackSettings(home=tmp_path_factory.mktemp("a home"))).site()


def principal(subject: str) -> str | None:
    """Read a subject as the broker does: the first rule that matches, or nobody."""
    for rule in PRINCIPALS.split(",RULE:"):
        pattern = rule.removeprefix("RULE:").removesuffix("/$1/")
        if found := re.fullmatch(pattern, subject):
            return found.group(1)
    return None


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("CN=broker,OU=services,O=headrace", "broker"),
        ("CN=command-processor,OU=services,O=headrace", "command-processor"),
        ("CN=fraud__ada__3,OU=members,O=headrace", "fraud__ada__3"),
        ("CN=fraud__ada__w3,OU=members,O=headrace", "fraud__ada__w3"),
        ("CN=broker,OU=members,O=headrace", None),
        ("CN=fraud__ada__3,OU=services,O=headrace", None),
        ("CN=broker,OU=services,O=headrace,C=CH", None),
        ("C=CH,CN=broker,OU=services,O=headrace", None),
        ("CN=headrace authority,OU=authority,O=headrace", None),
    ],
)
def test_only_a_whole_subject_is_a_principal(subject: str, expected: str | None) -> None:
    assert principal(subject) == expected


def test_the_broker_denies_by_default_and_listens_with_mutual_tls_only(site: Site) -> None:
    told = properties(site)
    assert told["ssl.client.auth"] == "required"
    assert told["allow.everyone.if.no.acl.found"] == "false"
    assert told["super.users"] == "User:broker"
    assert set(told["listener.security.protocol.map"].split(",")) == {"CLIENT:SSL", "CONTROLLER:SSL"}
    assert "DEFAULT" not in PRINCIPALS


def test_secrets_are_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    first = Vault.open(tmp_path / "secrets")
    first.credentials("api")
    assert Vault.open(tmp_path / "secrets").postgres_password == first.postgres_password
    files = [path for path in (tmp_path / "secrets").rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert len(base64.b64decode((tmp_path / "secrets" / "master.key").read_text())) == 32


def test_a_certificate_is_kept_until_it_must_prove_more(tmp_path: Path) -> None:
    vault = Vault.open(tmp_path)
    first = vault.credentials("broker", ("localhost",)).cert.read_bytes()
    assert vault.credentials("broker", ("localhost",)).cert.read_bytes() == first
    assert vault.credentials("broker", ("localhost", "10.0.0.1")).cert.read_bytes() != first


def test_each_process_of_ours_is_told_everything_under_a_name_of_its_own(site: Site) -> None:
    own = [service for service in all_services(site) if service.name in OWN]
    assert {service.name for service in own} == OWN
    for service in own:
        assert set(service.environment) >= CONTRACT | {"HEADRACE_MONITOR"}
    assert len({service.environment["HEADRACE_CERT"] for service in own}) == len(OWN)


def test_no_secret_stands_in_a_command_or_in_the_managers_configuration(site: Site) -> None:
    secrets = (site.vault.postgres_password, site.vault.opensearch_token)
    text = render(site.home, Path("/run/s"), all_services(site))
    text += repr([(service.command, service) for service in all_services(site)]) + repr(all_steps(site))
    assert not [secret for secret in secrets if secret in text]


def test_the_manager_knows_every_service_in_order_and_starts_none_by_itself(site: Site) -> None:
    parser = RawConfigParser()
    parser.read_string(render(site.home, Path("/run/s"), all_services(site)))
    programs = [name for name in parser.sections() if name.startswith("program:")]
    assert programs == [f"program:{service.name}" for service in all_services(site)]
    assert {parser[name]["autostart"] for name in programs} == {"false"}
    assert {parser[name]["autorestart"] for name in programs} == {"true"}
    assert [int(parser[name]["priority"]) for name in programs] == list(range(1, len(programs) + 1))


def test_every_service_is_listed_after_what_it_depends_on(site: Site) -> None:
    seen = {step.name for step in all_steps(site)}
    for service in all_services(site):
        assert set(service.depends_on) <= seen
        seen.add(service.name)


def test_a_server_that_runs_elsewhere_is_not_started(tmp_path: Path) -> None:
    settings = StackSettings.model_validate(
        {
            "home": tmp_path,
            "kafka_external": "log.example:9093",
            "postgres_external": "postgresql://u:p@db.example:5433/x",
            "opensearch_external": "https://search.example",
        }
    )
    external = {service.name: service for service in all_services(Stack(settings).site()) if service.external}
    assert {name: str(service.address) for name, service in external.items()} == {
        "kafka": "log.example:9093",
        "postgres": "db.example:5433",
        "opensearch": "search.example:443",
    }


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_HOME", "/srv/headrace")
    monkeypatch.setenv("HEADRACE_KAFKA_PORT", "9093")
    settings = StackSettings()
    assert (settings.home, settings.kafka_port) == (Path("/srv/headrace"), 9093)


def test_addresses_stay_the_same_and_differ_from_each_other(tmp_path: Path) -> None:
    wanted = dict.fromkeys(LISTENERS)
    first = choose(tmp_path / "ports.json", "127.0.0.1", wanted, frozenset())
    assert len({address.port for address in first.values()}) == len(LISTENERS)
    assert choose(tmp_path / "ports.json", "127.0.0.1", wanted, frozenset()) == first


def test_an_address_is_read_as_it_is_written() -> None:
    assert str(Address.parse("127.0.0.1:9093")) == "127.0.0.1:9093"


def test_a_tail_is_the_end_of_a_file_and_empty_without_one(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    assert tail(log) == ""
    log.write_text("".join(f"{number}\n" for number in range(100000)))
    assert tail(log, 2) == "99998\n99999"


def test_everything_of_a_home_lies_under_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.make()
    assert stat.S_IMODE(home.root.stat().st_mode) == 0o700
    for path in (home.secrets, home.kafka, home.postgres, home.opensearch, home.storage, home.run):
        assert path.is_dir()
        assert path.is_relative_to(home.root)


def test_the_api_alone_is_told_where_people_sign_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_OIDC_ISSUER", "https://login.example")
    monkeypatch.setenv("HEADRACE_OIDC_CLIENT_SECRET_FILE", "client.secret")
    monkeypatch.setenv("HEADRACE_OIDC_EMAIL_DOMAIN", "misspelt.example")
    site = Stack(StackSettings(home=tmp_path / "home")).site()
    told = {name: text for name, text in site.environment("api").items() if name.startswith("HEADRACE_OIDC_")}
    assert told == {
        "HEADRACE_OIDC_ISSUER": "https://login.example",
        "HEADRACE_OIDC_CLIENT_SECRET_FILE": str(Path("client.secret").absolute()),
        "HEADRACE_OIDC_EMAIL_DOMAIN": "misspelt.example",
    }
    assert not any(name.startswith("HEADRACE_OIDC_") for name in site.environment("gateway"))


@pytest.mark.parametrize(("gpus", "told"), [(None, None), (0, "0"), (4, "4")])
def test_ray_alone_is_told_how_many_gpus_it_has_where_somebody_says_so(
    gpus: int | None, told: str | None, tmp_path: Path
) -> None:
    site = Stack(StackSettings(home=tmp_path, ray_gpus=gpus)).site()
    assert site.environment("ray").get("HEADRACE_RAY_GPUS") == told
    assert "HEADRACE_RAY_GPUS" not in site.environment("studies")
