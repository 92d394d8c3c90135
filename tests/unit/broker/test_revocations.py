"""Revocation lists, as others read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from headrace_broker.authority import CertificateAuthority
from headrace_broker.revocations import as_pem, signed_list
from headrace_events.certificate import Ending
from headrace_events.ids import Micros
from headrace_events.revocation_list import RevokedSerial

SECOND = 1_000_000
NOW = Micros(1_700_000_000 * SECOND)
LATER = Micros(NOW + 3_600 * SECOND)


def revoked(serial: int, reason: Ending) -> RevokedSerial:
    return RevokedSerial(serial=str(serial), revoked=Micros(NOW - SECOND), expires=LATER, reason=reason)


def test_a_list_is_signed_by_its_authority_and_numbered(tmp_path: Path) -> None:
    authority = CertificateAuthority.create(tmp_path / "ours")
    document = signed_list(authority, 7, [], NOW, LATER)
    read = x509.load_der_x509_crl(document)
    key, other = authority.key.public_key(), ec.generate_private_key(ec.SECP256R1()).public_key()
    assert read.is_signature_valid(key)
    assert not read.is_signature_valid(other)
    assert read.issuer == authority.certificate.subject
    assert read.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 7
    assert read.last_update_utc <= datetime.fromtimestamp(NOW / SECOND, UTC)
    assert read.next_update_utc == datetime.fromtimestamp(NOW / SECOND, UTC) + timedelta(hours=1)
    assert x509.load_pem_x509_crl(as_pem(document)) == read
    assert len(read) == 0


def test_an_entry_says_when_and_why(tmp_path: Path) -> None:
    authority = CertificateAuthority.create(tmp_path / "ours")
    serial = x509.random_serial_number()
    entries = [revoked(serial, Ending.SUPERSEDED), revoked(5, Ending.REVOKED), revoked(6, Ending.PROJECT_DELETED)]
    read = x509.load_der_x509_crl(signed_list(authority, 1, entries, NOW, LATER))
    first = read.get_revoked_certificate_by_serial_number(serial)
    assert first is not None
    assert first.revocation_date_utc == datetime.fromtimestamp(NOW / SECOND - 1, UTC)
    assert first.extensions.get_extension_for_class(x509.CRLReason).value.reason is x509.ReasonFlags.superseded
    plain = read.get_revoked_certificate_by_serial_number(5)
    assert plain is not None
    assert list(plain.extensions) == []
    assert read.get_revoked_certificate_by_serial_number(7) is None
