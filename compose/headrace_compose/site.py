"""What a service needs to know of the place it runs in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from headrace_broker.service_files import CredentialFiles
from headrace_compose.home import Home
from headrace_compose.ports import Address
from headrace_compose.settings import StackSettings
from headrace_compose.vault import Vault

DATABASE = "headrace"
DATABASE_USER = "headrace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One stack's home, secrets, settings and chosen addresses."""

    settings: StackSettings
    home: Home
    cache: Path
    vault: Vault
    addresses: Mapping[str, Address]

    @property
    def bootstrap(self) -> str:
        """Where clients of the log connect first."""
        return self.settings.kafka_external or str(self.addresses["kafka"])

    @property
    def broker_hosts(self) -> tuple[str, ...]:
        """The names and addresses that the broker's certificate proves."""
        return tuple(dict.fromkeys(("localhost", "127.0.0.1", self.settings.listen_host)))

    @property
    def postgres_dsn(self) -> str:
        """How to reach the database, with its password."""
        if self.settings.postgres_external is not None:
            return self.settings.postgres_external.get_secret_value()
        return f"postgresql://{DATABASE_USER}:{self.vault.postgres_password}@{self.addresses['postgres']}/{DATABASE}"

    @property
    def opensearch_url(self) -> str:
        """How to reach the search server; it wants the token of the vault."""
        return self.settings.opensearch_external or f"http://{self.addresses['opensearch']}"

    @property
    def api_url(self) -> str:
        """Where people and programs reach Headrace."""
        return f"http://{self.addresses['api']}"

    @property
    def storage_url(self) -> str:
        """Where artifacts are stored."""
        return self.settings.storage or self.home.storage.as_uri()

    def credentials(self, name: str) -> CredentialFiles:
        """Give a principal its certificate; the broker's also proves its addresses."""
        return self.vault.credentials(name, self.broker_hosts if name == "broker" else ())

    def environment(
        self, name: str, *, monitor: Address | None = None, listen: Address | None = None
    ) -> dict[str, str]:
        """Everything a process of ours is told, as the principal `name`."""
        files = self.credentials(name)
        told = {
            "HEADRACE_HOME": str(self.home.root),
            "HEADRACE_SECRETS": str(self.home.secrets),
            "HEADRACE_BOOTSTRAP": self.bootstrap,
            "HEADRACE_CA": str(files.ca),
            "HEADRACE_CERT": str(files.cert),
            "HEADRACE_KEY": str(files.key),
            "HEADRACE_POSTGRES": self.postgres_dsn,
            "HEADRACE_OPENSEARCH": self.opensearch_url,
            "HEADRACE_OPENSEARCH_TOKEN": self.vault.opensearch_token,
            "HEADRACE_STORAGE": self.storage_url,
            "HEADRACE_API": self.api_url,
            "HEADRACE_OFFLINE_SECONDS": str(self.settings.offline_seconds),
        }
        if name == "api":
            told |= self.settings.sign_on.environment()
        if name == "ray" and self.settings.ray_gpus is not None:
            told["HEADRACE_RAY_GPUS"] = str(self.settings.ray_gpus)
        if "gateway" in self.addresses:
            told["HEADRACE_SERVING"] = f"http://{self.addresses['gateway']}"
        if monitor is not None:
            told["HEADRACE_MONITOR"] = str(monitor)
        if listen is not None:
            told["HEADRACE_LISTEN"] = str(listen)
        return told
