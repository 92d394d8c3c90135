"""The platform's certificate authority: who is who on the log.

Every principal of the broker is the subject of a certificate signed here. Services are
`CN=<name>,OU=services,O=headrace`; members are `CN=<project>__<user>__<n>,OU=members,O=headrace`. The two can never
be taken for one another: a member's name holds two double underscores, a service's none, and each has an
organisational unit of its own.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from headrace_broker.private_files import create_private

ORGANISATION = "headrace"
FIRST = "headrace authority"
SERVICES = "services"
MEMBERS = "members"
SERVICE_NAME = re.compile(r"[a-z](?:-?[a-z0-9])*")
MEMBER_NAME = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]__[a-z][a-z0-9-]*[a-z0-9]__w?[0-9]+")
LONGEST_COMMON_NAME = 64
BACKDATED = timedelta(minutes=1)
AUTHORITY_LIFETIME = timedelta(days=3650)
SERVICE_LIFETIME = timedelta(days=365)
SMALLEST_RSA_KEY = 2048
SMALLEST_CURVE = 256


class InvalidSigningRequest(ValueError):
    """A certificate signing request that cannot be signed: unreadable, not signed by its own key, or a weak key."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The certificate signing request cannot be signed: {reason}.")
        self.reason = reason


class InvalidCommonName(ValueError):
    """A name that is no principal of the broker."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} names neither a service nor a generation of a member's certificate.")
        self.name = name


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A certificate and its private key (PKCS 8, unencrypted), both as PEM."""

    cert_pem: bytes
    key_pem: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCertificate:
    """A member's certificate as PEM, with what its event records of it."""

    pem: bytes
    serial: int
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateAuthority:
    """Signs the certificates of one platform. Whoever holds this object can become any principal."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def generate(cls, number: int = 1) -> Self:
        """Make a new authority, which is kept nowhere; by its name it is that number's."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(common_name=FIRST if number == 1 else f"{FIRST} {number}", unit="authority")
        certificate = (
            _unsigned(subject=name, issuer=name, key=key.public_key(), lifetime=AUTHORITY_LIFETIME)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(authority=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        return cls(certificate=certificate, key=key)

    @classmethod
    def create(cls, directory: Path) -> Self:
        """Make the first authority and keep it as `ca.pem` and `ca.key` (0600) in `directory`, which holds none yet."""
        made = cls.generate()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        create_private(directory / "ca.key", made.key_pem)
        create_private(directory / "ca.pem", made.pem)
        return made

    @classmethod
    def open(cls, directory: Path, number: int | None = None) -> Self:
        """Read the authority of that number, or the one that signs: the first in the bundle of those believed."""
        for certificate in x509.load_pem_x509_certificates((directory / "ca.pem").read_bytes()):
            if number in {None, number_of(certificate)}:
                return cls(certificate=certificate, key=_read_key(directory / key_file(number_of(certificate))))
        raise FileNotFoundError(f"{directory / 'ca.pem'} holds no authority {number}")

    @classmethod
    def read(cls, certificate: Path, key: Path) -> Self:
        """Read an authority from two files (PEM)."""
        return cls(certificate=x509.load_pem_x509_certificate(certificate.read_bytes()), key=_read_key(key))

    @property
    def number(self) -> int:
        """Its number, from 1."""
        return number_of(self.certificate)

    @property
    def key_pem(self) -> bytes:
        """Its private key (PKCS 8, unencrypted)."""
        return _key_pem(self.key)

    @property
    def pem(self) -> bytes:
        """The authority's own certificate, which clients and servers trust."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue_server(self, name: str, hosts: list[str], lifetime: timedelta = SERVICE_LIFETIME) -> Credentials:
        """Give the service `name` a key and a certificate that also proves each of `hosts`, names or addresses."""
        return self._issue(name, [_general_name(host) for host in hosts], lifetime)

    def issue_service(self, name: str, lifetime: timedelta = SERVICE_LIFETIME) -> Credentials:
        """Give the service `name` a key and a certificate to call others with."""
        return self._issue(name, [], lifetime)

    def sign_member(self, csr_pem: bytes, common_name: str, lifetime: timedelta) -> SignedCertificate:
        """Certify the requester's key as the member `<project>__<user>__<n>`; the request's own subject is ignored.

        Raises:
            InvalidSigningRequest: the request is malformed, not signed by its key, or the key is too weak.
            InvalidCommonName: `common_name` does not name a member.
        """
        if not MEMBER_NAME.fullmatch(common_name) or len(common_name) > LONGEST_COMMON_NAME:
            raise InvalidCommonName(common_name)
        key = _requested_key(csr_pem)
        certificate = (
            _unsigned(
                subject=_name(common_name=common_name, unit=MEMBERS),
                issuer=self.certificate.subject,
                key=key,
                lifetime=lifetime,
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .add_extension(self.key_identifier(), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return SignedCertificate(
            pem=certificate.public_bytes(serialization.Encoding.PEM),
            serial=certificate.serial_number,
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
        )

    def _issue(self, name: str, hosts: list[x509.GeneralName], lifetime: timedelta) -> Credentials:
        if not SERVICE_NAME.fullmatch(name) or len(name) > LONGEST_COMMON_NAME:
            raise InvalidCommonName(name)
        key = ec.generate_private_key(ec.SECP256R1())
        uses = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if hosts else [])]
        builder = (
            _unsigned(
                subject=_name(common_name=name, unit=SERVICES),
                issuer=self.certificate.subject,
                key=key.public_key(),
                lifetime=lifetime,
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            .add_extension(self.key_identifier(), critical=False)
        )
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        certificate = builder.sign(self.key, hashes.SHA256())
        return Credentials(
            cert_pem=certificate.public_bytes(serialization.Encoding.PEM),
            key_pem=_key_pem(key),
        )

    def key_identifier(self) -> x509.AuthorityKeyIdentifier:
        """What names its key in all that it signs."""
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())


def number_of(certificate: x509.Certificate) -> int:
    """The number in an authority's name."""
    (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return int(str(name.value).removeprefix(FIRST) or 1)


def key_file(number: int) -> str:
    """Where the key of an authority lies beside the bundle."""
    return "ca.key" if number == 1 else f"ca-{number}.key"


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path} does not hold an elliptic curve key.")
    return key


def _requested_key(csr_pem: bytes) -> ec.EllipticCurvePublicKey | rsa.RSAPublicKey:
    try:
        request = x509.load_pem_x509_csr(csr_pem)
        signed = request.is_signature_valid
        key = request.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InvalidSigningRequest("it is not a readable PEM request") from error
    if not signed:
        raise InvalidSigningRequest("its signature does not match its key")
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.key_size < SMALLEST_CURVE:
            raise InvalidSigningRequest(f"its curve has fewer than {SMALLEST_CURVE} bits")
        return key
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < SMALLEST_RSA_KEY:
            raise InvalidSigningRequest(f"its RSA key has fewer than {SMALLEST_RSA_KEY} bits")
        return key
    raise InvalidSigningRequest("its key is neither an elliptic curve nor an RSA key")


def _name(*, common_name: str, unit: str) -> x509.Name:
    """A subject that Java and RFC 2253 write as `CN=<common name>,OU=<unit>,O=headrace`, which is the reverse order."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _unsigned(
    *,
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    lifetime: timedelta,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + lifetime)
    )


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
