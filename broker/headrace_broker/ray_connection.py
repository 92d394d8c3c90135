"""How a process reaches Ray: an address and a token, both in files of the home. Nothing here imports Ray."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class RayConnection:
    """Where our Ray head writes down its address and its token, or the address that was given instead."""

    home: Path
    secrets: Path
    given: str | None = None

    @property
    def address_file(self) -> Path:
        """Holds the address while Ray answers there, then the isolation of user code; nothing while it does not."""
        return self.home / "run" / "ray.address"

    @property
    def token_file(self) -> Path:
        """Holds what clients of our Ray head must know."""
        return self.secrets / "ray.token"

    def address(self) -> str | None:
        """Where Ray answers; None while it does not."""
        return self.given or next(iter(self._written()), None)

    def isolated(self) -> bool:
        """Whether the Ray head says that user code runs as another user than the platform; of a given one, no."""
        return self.given is None and self._written()[1:] == ["platform"]

    def _written(self) -> list[str]:
        return self.address_file.read_text().split() if self.address_file.exists() else []

    def prepare(self) -> None:
        """Set what Ray reads from the environment when it is imported.

        The token; the loopback address; no reports; how many seconds a cluster that is gone is waited for.
        """
        if self.token_file.exists():
            os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": self.token_file.read_text().strip()}
        os.environ |= {
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_gcs_rpc_server_reconnect_timeout_s": "20",
        }


def ray_connection_from(environment: Mapping[str, str] = os.environ) -> RayConnection:
    """What a process of ours was told of Ray; raises KeyError naming what is missing."""
    home = Path(environment["HEADRACE_HOME"])
    return RayConnection(
        home=home,
        secrets=Path(environment.get("HEADRACE_SECRETS", home / "secrets")),
        given=environment.get("HEADRACE_RAY"),
    )
