"""How a client reaches the brokers: an address and three PEM files."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Brokers as `host:port,…`, and the paths of the CA chain, the certificate and its key, all PEM."""

    bootstrap: str
    ca: Path
    certificate: Path
    key: Path

    def librdkafka(self) -> dict[str, str | int | float | bool]:
        """The settings every client of ours starts from. Host names are verified."""
        return {
            "bootstrap.servers": self.bootstrap,
            "security.protocol": "ssl",
            "ssl.ca.location": str(self.ca),
            "ssl.certificate.location": str(self.certificate),
            "ssl.key.location": str(self.key),
            "ssl.endpoint.identification.algorithm": "https",
            "socket.nagle.disable": True,
            "log.connection.close": False,
            "reconnect.backoff.max.ms": 1_000,
            "topic.metadata.refresh.interval.ms": 60_000,
        }


def connection_from(environment: Mapping[str, str] = os.environ) -> Connection:
    """The connection a process of ours was started with; raises KeyError naming what is missing."""
    return Connection(
        bootstrap=environment["HEADRACE_BOOTSTRAP"],
        ca=Path(environment["HEADRACE_CA"]),
        certificate=Path(environment["HEADRACE_CERT"]),
        key=Path(environment["HEADRACE_KEY"]),
    )
