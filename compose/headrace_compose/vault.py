"""The secrets folder: made once, read ever after, renewed where certificates age."""

from __future__ import annotations

import base64
import secrets
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from headrace_broker.authority import CertificateAuthority
from headrace_broker.private_files import write_private
from headrace_broker.service_files import CredentialFiles, service_files
from headrace_broker.trust import Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """The open secrets of one home."""

    folder: Path
    authority: CertificateAuthority
    cluster_id: str
    postgres_password: str
    opensearch_token: str

    @classmethod
    def open(cls, folder: Path) -> Vault:
        """Read the secrets in `folder`, making those that are not there yet.

        Afterwards it holds `ca/`, `services/`, `cluster.id`, `postgres.password`, `opensearch.token`, `bootstrap.token`
        and `master.key` (32 random bytes, base64).
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        (folder / "services").mkdir(mode=0o700, exist_ok=True)
        _kept(folder / "master.key", lambda: base64.b64encode(secrets.token_bytes(32)).decode())
        _kept(folder / "bootstrap.token", lambda: secrets.token_urlsafe(32))
        return cls(
            folder=folder,
            authority=_authority(folder / "ca"),
            cluster_id=_kept(folder / "cluster.id", _cluster_id),
            postgres_password=_kept(folder / "postgres.password", lambda: secrets.token_urlsafe(24)),
            opensearch_token=_kept(folder / "opensearch.token", lambda: secrets.token_urlsafe(24)),
        )

    def credentials(self, name: str, hosts: tuple[str, ...] = ()) -> CredentialFiles:
        """Give the service `name` its files; a certificate that is past two thirds of its life is replaced."""
        return service_files(Trust(self.folder / "ca"), self.folder / "services", name, hosts)


def _authority(folder: Path) -> CertificateAuthority:
    if not folder.exists():
        new = folder.with_name(".ca.new")
        shutil.rmtree(new, ignore_errors=True)
        CertificateAuthority.create(new)
        new.rename(folder)
    return CertificateAuthority.open(folder)


def _kept(path: Path, make: Callable[[], str]) -> str:
    if not path.exists():
        write_private(path, make().encode())
    return path.read_text().strip()


def _cluster_id() -> str:
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
