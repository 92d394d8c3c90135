"""The secrets folder: made once, read ever after, renewed where certificates age."""

from __future__ import annotations

import base64
import secrets
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from headrace_broker.authority import CertificateAuthority, Credentials
from headrace_broker.private_files import write_private


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialFiles:
    """Where a principal's certificate lies, with what it trusts; all PEM."""

    ca: Path
    cert: Path
    key: Path
    keystore: Path


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
        folder = self.folder / "services"
        files = CredentialFiles(
            ca=self.folder / "ca" / "ca.pem",
            cert=folder / f"{name}.pem",
            key=folder / f"{name}.key",
            keystore=folder / f"{name}.keystore.pem",
        )
        if not _still_good(files.cert, hosts):
            made = self.authority.issue_server(name, list(hosts)) if hosts else self.authority.issue_service(name)
            _keep(files, made)
        return files


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


def _still_good(path: Path, hosts: tuple[str, ...]) -> bool:
    if not path.exists():
        return False
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return datetime.now(UTC) < certificate.not_valid_before_utc + life * 2 / 3 and set(hosts) <= _hosts(certificate)


def _hosts(certificate: x509.Certificate) -> set[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {str(name.value) for name in names}


def _keep(files: CredentialFiles, made: Credentials) -> None:
    write_private(files.key, made.key_pem)
    write_private(files.keystore, made.key_pem + made.cert_pem)
    write_private(files.cert, made.cert_pem)
