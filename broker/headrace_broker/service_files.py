"""The certificates of the platform's own services, as files: made, looked at, and renewed by another authority."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from headrace_broker.authority import CertificateAuthority
from headrace_broker.private_files import write_private
from headrace_broker.trust import Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialFiles:
    """Where a principal's certificate lies, with what it trusts; all PEM."""

    ca: Path
    cert: Path
    key: Path
    keystore: Path


def service_files(
    trust: Trust, folder: Path, name: str, hosts: tuple[str, ...] = (), servers: CertificateAuthority | None = None
) -> CredentialFiles:
    """The files of the service `name`; a certificate that does not do any more is replaced.

    It does while it is not past two thirds of its life, proves the hosts, and is of the authority that signs its kind:
    for servers the oldest, unless `servers` is another one.
    """
    files = CredentialFiles(
        ca=trust.bundle,
        cert=folder / f"{name}.pem",
        key=folder / f"{name}.key",
        keystore=folder / f"{name}.keystore.pem",
    )
    authority = (servers or trust.oldest) if hosts else trust.signing
    if not _still_good(files.cert, hosts, authority):
        made = authority.issue_server(name, list(hosts)) if hosts else authority.issue_service(name)
        write_private(files.key, made.key_pem)
        write_private(files.keystore, made.key_pem + made.cert_pem)
        write_private(files.cert, made.cert_pem)
    return files


def renew_all(trust: Trust, folder: Path, servers: CertificateAuthority | None = None) -> None:
    """Replace whatever in the folder is not of the authority that signs its kind now."""
    for path in sorted(folder.glob("*.pem")):
        if not path.name.endswith(".keystore.pem"):
            hosts = _hosts(x509.load_pem_x509_certificate(path.read_bytes()))
            service_files(trust, folder, path.stem, tuple(sorted(hosts)), servers)


def _still_good(path: Path, hosts: tuple[str, ...], authority: CertificateAuthority) -> bool:
    if not path.exists():
        return False
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    young = datetime.now(UTC) < certificate.not_valid_before_utc + life * 2 / 3
    return young and set(hosts) <= _hosts(certificate) and _is_of(certificate, authority)


def _is_of(certificate: x509.Certificate, authority: CertificateAuthority) -> bool:
    try:
        certificate.verify_directly_issued_by(authority.certificate)
    except (ValueError, InvalidSignature):
        return False
    return True


def _hosts(certificate: x509.Certificate) -> set[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {str(name.value) for name in names}
