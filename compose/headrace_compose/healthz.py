"""Ask the process in this container whether it is healthy: `python -m headrace_compose.healthz`."""

from __future__ import annotations

import sys

from pydantic_settings import BaseSettings, SettingsConfigDict

from headrace_compose.ports import Address
from headrace_compose.probes import ask_healthz
from headrace_compose.service import NotReady


class MonitorSettings(BaseSettings):
    """Where the process serves its health."""

    model_config = SettingsConfigDict(env_prefix="HEADRACE_")

    monitor: str


def main() -> int:
    """Give 0 if it is, else 1."""
    monitor = Address.parse(MonitorSettings().monitor)  # type: ignore[call-arg]  # it comes from the environment
    try:
        ask_healthz(Address("127.0.0.1", monitor.port))
    except NotReady as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
