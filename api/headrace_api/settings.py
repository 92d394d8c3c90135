"""What the API's process is told by its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from headrace_api.ldap.settings import LdapSettings
from headrace_api.oidc.settings import OidcSettings
from headrace_broker.connection import Connection, connection_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where everything is; `listen` is `host:port`, the URLs are without a slash at the end.

    `trusted_proxies` are addresses, separated by commas, whose `X-Forwarded-For` says where a request comes from.
    """

    connection: Connection
    secrets: Path
    postgres: str = field(repr=False)
    storage: str
    listen: str
    url: str
    serving: str
    opensearch: str
    opensearch_token: str = field(repr=False)
    trusted_proxies: str = ""
    oidc: OidcSettings | None = None
    ldap: LdapSettings | None = None

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """The settings of this process; raises KeyError naming what is missing, ValueError what cannot be."""
        listen = environment["HEADRACE_LISTEN"]
        return cls(
            connection=connection_from(environment),
            secrets=Path(environment["HEADRACE_SECRETS"]),
            postgres=environment["HEADRACE_POSTGRES"],
            storage=environment["HEADRACE_STORAGE"],
            listen=listen,
            url=environment.get("HEADRACE_API", f"http://{listen}").rstrip("/"),
            serving=environment.get("HEADRACE_SERVING", "").rstrip("/"),
            opensearch=environment.get("HEADRACE_OPENSEARCH", ""),
            opensearch_token=environment.get("HEADRACE_OPENSEARCH_TOKEN", ""),
            trusted_proxies=environment.get("HEADRACE_TRUSTED_PROXIES", ""),
            oidc=OidcSettings.read(environment),
            ldap=LdapSettings.read(environment),
        )
