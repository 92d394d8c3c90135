"""Where Ray is, and what a client of it must know before it is imported."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where our Ray head writes down its address and its token, or the address that was given instead."""

    home: Path
    secrets: Path
    given: str | None = None

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Cluster":
        """As this process was told; raises KeyError."""
        home = Path(environment["HEADRACE_HOME"])
        return cls(home, Path(environment.get("HEADRACE_SECRETS", home / "secrets")), environment.get("HEADRACE_RAY"))

    def address(self) -> str | None:
        """Where Ray answers; None while it does not."""
        if self.given:
            return self.given
        written = self.home / "run" / "ray.address"
        return (written.read_text().strip() or None) if written.exists() else None

    def prepare(self) -> None:
        """Set what Ray reads from the environment when it is imported.

        The token; the loopback address; no reports; how many seconds a cluster that is gone is waited for.
        """
        token = self.secrets / "ray.token"
        if token.exists():
            os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token.read_text().strip()}
        os.environ |= {
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_gcs_rpc_server_reconnect_timeout_s": "20",
        }
