"""What the certificate authority signs, and what it refuses."""

from __future__ import annotations

import ipaddress
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from headrace_broker.authority import CertificateAuthority, InvalidCommonName, InvalidSigningRequest

HOUR = timedelta(hours=1)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority.create(tmp_path_factory.mktemp("authority"))


def request(key: Key | None = None, common_name: str = "whoever") -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    return builder.sign(key or ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(
        serialization.Encoding.PEM
    )


def test_an_opened_authority_is_the_one_that_was_created(tmp_path: Path) -> None:
    created = CertificateAuthority.create(tmp_path / "ca")
    assert CertificateAuthority.open(tmp_path / "ca").pem == created.pem
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "ca").iterdir()} == {0o600}


def test_an_authority_is_never_overwritten(tmp_path: Path) -> None:
    CertificateAuthority.create(tmp_path)
    with pytest.raises(FileExistsError):
        CertificateAuthority.create(tmp_path)


def test_a_service_is_named_by_its_whole_subject(authority: CertificateAuthority) -> None:
    certificate = x509.load_pem_x509_certificate(authority.issue_service("api").cert_pem)
    assert certificate.subject.rfc4514_string() == "CN=api,OU=services,O=headrace"
    certificate.verify_directly_issued_by(authority.certificate)


def test_a_server_proves_its_names_and_addresses(authority: CertificateAuthority) -> None:
    issued = authority.issue_server("broker", ["localhost", "127.0.0.1"])
    extensions = x509.load_pem_x509_certificate(issued.cert_pem).extensions
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("127.0.0.1")]
    uses = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(uses) == {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH}


def test_a_members_subject_comes_from_the_argument_and_not_from_the_request(authority: CertificateAuthority) -> None:
    signed = authority.sign_member(request(common_name="broker"), "fraud__ada__3", HOUR)
    certificate = x509.load_pem_x509_certificate(signed.pem)
    assert certificate.subject.rfc4514_string() == "CN=fraud__ada__3,OU=members,O=headrace"
    assert certificate.serial_number == signed.serial
    assert certificate.not_valid_after_utc == signed.not_after
    certificate.verify_directly_issued_by(authority.certificate)


def test_a_members_certificate_holds_the_key_of_the_request(authority: CertificateAuthority) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    signed = authority.sign_member(request(key), "fraud__ada__w1", HOUR)
    assert x509.load_pem_x509_certificate(signed.pem).public_key() == key.public_key()


def test_a_members_certificate_is_good_for_its_lifetime_and_for_clients_only(authority: CertificateAuthority) -> None:
    certificate = x509.load_pem_x509_certificate(authority.sign_member(request(), "fraud__ada__1", HOUR).pem)
    now = datetime.now(UTC)
    assert timedelta(seconds=50) < now - certificate.not_valid_before_utc < timedelta(seconds=90)
    assert HOUR - timedelta(seconds=30) < certificate.not_valid_after_utc - now <= HOUR
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(uses) == {ExtendedKeyUsageOID.CLIENT_AUTH}


def test_what_a_request_asks_for_beyond_its_key_is_ignored(authority: CertificateAuthority) -> None:
    asking = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    certificate = x509.load_pem_x509_certificate(authority.sign_member(asking, "fraud__ada__1", HOUR).pem)
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_two_certificates_never_share_a_serial(authority: CertificateAuthority) -> None:
    csr = request()
    serials = {authority.sign_member(csr, "fraud__ada__1", HOUR).serial for _ in range(20)}
    assert len(serials) == 20


def test_a_request_signed_by_another_key_is_refused(authority: CertificateAuthority) -> None:
    honest = x509.load_pem_x509_csr(request()).public_bytes(serialization.Encoding.DER)
    forged = bytearray(honest)
    forged[-1] ^= 1
    pem = x509.load_der_x509_csr(bytes(forged)).public_bytes(serialization.Encoding.PEM)
    with pytest.raises(InvalidSigningRequest, match="signature"):
        authority.sign_member(pem, "fraud__ada__1", HOUR)


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP224R1()), rsa.generate_private_key(65537, 1024)],  # noqa: S505 - weak on purpose
    ids=["curve of 224 bits", "RSA of 1024 bits"],
)
def test_a_weak_key_is_refused(authority: CertificateAuthority, key: Key) -> None:
    with pytest.raises(InvalidSigningRequest, match="fewer than"):
        authority.sign_member(request(key), "fraud__ada__1", HOUR)


def test_a_kind_of_key_the_broker_does_not_know_is_refused(authority: CertificateAuthority) -> None:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    pem = builder.sign(ed25519.Ed25519PrivateKey.generate(), None).public_bytes(serialization.Encoding.PEM)
    with pytest.raises(InvalidSigningRequest, match="neither"):
        authority.sign_member(pem, "fraud__ada__1", HOUR)


@given(st.binary(max_size=200))
def test_no_bytes_but_a_request_are_signed(authority: CertificateAuthority, junk: bytes) -> None:
    for csr in (junk, b"-----BEGIN CERTIFICATE REQUEST-----\n" + junk + b"\n-----END CERTIFICATE REQUEST-----\n"):
        with pytest.raises(InvalidSigningRequest):
            authority.sign_member(csr, "fraud__ada__1", HOUR)


@pytest.mark.parametrize(
    "name",
    [
        "broker",
        "fraud__ada",
        "fraud__ada__x1",
        "fraud__ada__1,OU=services",
        "__ada__1",
        "fraud.__ada__1",
        "ab__cd__1\n",
    ],
)
def test_a_member_has_a_project_a_user_and_a_generation(authority: CertificateAuthority, name: str) -> None:
    with pytest.raises(InvalidCommonName):
        authority.sign_member(request(), name, HOUR)


@pytest.mark.parametrize("name", ["fraud__ada__1", "Broker", "a.b", "", "api,OU=members", "x" * 65])
def test_a_service_is_never_named_like_a_member(authority: CertificateAuthority, name: str) -> None:
    with pytest.raises(InvalidCommonName):
        authority.issue_service(name)


def test_a_private_key_is_not_shown(authority: CertificateAuthority) -> None:
    assert "PRIVATE" not in repr(authority.issue_service("api"))
    assert "key" not in repr(authority)
