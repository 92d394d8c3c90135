"""What containers find when they start: secrets, certificates and the broker's configuration.

Run once, before any server, as `python -m headrace_compose.containers`; safe to repeat.
"""

from __future__ import annotations

from headrace_broker.private_files import write_private
from headrace_compose.home import Home
from headrace_compose.ports import Address
from headrace_compose.services import LISTENERS, all_services
from headrace_compose.services.kafka import as_text, properties
from headrace_compose.settings import StackSettings
from headrace_compose.site import Site
from headrace_compose.vault import Vault

PORTS = {"kafka": 9093, "kafka-controller": 9094, "postgres": 5432, "opensearch": 9200, "api": 8080}
MONITOR_PORT = 9100


def container_site(settings: StackSettings) -> Site:
    """Describe a stack in which every service is a host of its own name."""
    home = Home(settings.home.absolute())
    home.make()
    return Site(
        settings=settings.model_copy(update={"listen_host": "kafka"}),
        home=home,
        cache=settings.cache.absolute(),
        vault=Vault.open(home.secrets),
        addresses={name: Address(name, PORTS.get(name, MONITOR_PORT)) for name in LISTENERS},
    )


def prepare(settings: StackSettings) -> None:
    """Make the secrets, every service's certificate, and the broker's and its probe's configuration."""
    site = container_site(settings)
    all_services(site)
    broker = properties(site)
    probe = {name: value for name, value in broker.items() if name.startswith(("ssl.keystore", "ssl.truststore"))}
    folder = site.home.kafka / "config"
    folder.mkdir(mode=0o700, exist_ok=True)
    write_private(folder / "server.properties", as_text(broker).encode())
    write_private(folder / "client.properties", as_text({"security.protocol": "SSL", **probe}).encode())


if __name__ == "__main__":
    prepare(StackSettings())
