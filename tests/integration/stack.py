"""A stack of real servers for tests: what they need to know of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from headrace_broker.authority import CertificateAuthority
from headrace_broker.service_files import CredentialFiles
from headrace_compose.settings import StackSettings
from headrace_compose.site import Site
from headrace_compose.stack import Stack

CACHE = Path(__file__).parents[2] / ".cache" / "headrace"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningStack:
    """Servers that run for the length of a test session."""

    stack: Stack
    site: Site

    @property
    def bootstrap(self) -> str:
        """Where clients of the broker connect first, over mTLS."""
        return self.site.bootstrap

    @property
    def authority(self) -> CertificateAuthority:
        """What signs the certificates that the broker believes."""
        return self.site.vault.authority

    @property
    def postgres_dsn(self) -> str:
        """How to reach the database, with its password."""
        return self.site.postgres_dsn

    @property
    def opensearch_url(self) -> str:
        """How to reach the search server."""
        return self.site.opensearch_url

    @property
    def opensearch_token(self) -> str:
        """What the search server wants as a bearer token or as a password."""
        return self.site.vault.opensearch_token

    def credentials(self, service_name: str) -> CredentialFiles:
        """Give the files of a service's certificate; `broker` may do everything."""
        return self.site.credentials(service_name)


@contextmanager
def running_stack(home: Path, *services: str) -> Iterator[RunningStack]:
    """Start these services (all if none is named) and what they need, in a home of their own; stop them afterwards."""
    stack = Stack(StackSettings(home=home, cache=CACHE, free_space=0, ray_gpus=1))
    try:
        stack.up(services or None, detach=False, report=print)
        yield RunningStack(stack=stack, site=stack.site())
    finally:
        stack.down()
