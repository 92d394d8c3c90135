"""The key that the Flink processes know each other by: self-signed, for this cluster alone, made anew when it is gone.

Whoever does not hold it can neither join the cluster nor reach its REST interface. Source: Flink's documentation,
"SSL setup", which recommends a dedicated self-signed certificate as key and trust store of a cluster.
"""

import fcntl
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from headrace_broker.private_files import write_private

LIFE = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class ClusterKey:
    """Where the cluster's key lies: for Java as a store with a password, for Python as PEM."""

    folder: Path

    @property
    def store(self) -> Path:
        """PKCS 12."""
        return self.folder / "store.p12"

    @property
    def certificate(self) -> Path:
        """PEM."""
        return self.folder / "certificate.pem"

    @property
    def key(self) -> Path:
        """PEM."""
        return self.folder / "key.pem"

    @property
    def password(self) -> str:
        """Of the store."""
        return (self.folder / "password").read_text()


def cluster_key(folder: Path, host: str) -> ClusterKey:
    """The key in that folder, made for `host` where there is none; processes may call this at the same time."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = ClusterKey(folder)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.store.exists():
            _make(made, host)
    return made


def _make(to: ClusterKey, host: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "headrace-flink")])
    now = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    if host not in {"localhost", "127.0.0.1"}:
        names.append(x509.DNSName(host))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    password = secrets.token_urlsafe(24)
    encryption = serialization.BestAvailableEncryption(password.encode())
    store = pkcs12.serialize_key_and_certificates(b"flink", key, certificate, None, encryption)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_private(to.folder / "password", password.encode())
    write_private(to.key, pem)
    write_private(to.certificate, certificate.public_bytes(serialization.Encoding.PEM))
    write_private(to.store, store)
