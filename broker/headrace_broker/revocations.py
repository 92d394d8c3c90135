"""Certificate revocation lists (RFC 5280, section 5), signed by the authority that issued what is on them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from headrace_broker.authority import BACKDATED, CertificateAuthority
from headrace_events.certificate import Ending
from headrace_events.ids import Micros
from headrace_events.revocation_list import RevokedSerial

_REASONS = {
    Ending.SUPERSEDED: x509.ReasonFlags.superseded,
    Ending.MEMBER_REMOVED: x509.ReasonFlags.privilege_withdrawn,
    Ending.PERSON_DEACTIVATED: x509.ReasonFlags.privilege_withdrawn,
    Ending.PROJECT_DELETED: x509.ReasonFlags.cessation_of_operation,
    Ending.RUN_ENDED: x509.ReasonFlags.cessation_of_operation,
}
"""Why a certificate ended → the reason of its entry; where there is none, the entry says none (section 5.3.1)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def signed_list(
    authority: CertificateAuthority, number: int, revoked: Iterable[RevokedSerial], now: Micros, next_update: Micros
) -> bytes:
    """The list of that number with these entries, as DER; it says that there is a newer one by `next_update`."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(_moment(now) - BACKDATED)
        .next_update(_moment(next_update))
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(authority.key_identifier(), critical=False)
    )
    for one in revoked:
        builder = builder.add_revoked_certificate(_entry(one))
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def as_pem(document: bytes) -> bytes:
    """A list in the other of its two forms."""
    return x509.load_der_x509_crl(document).public_bytes(serialization.Encoding.PEM)


def _entry(one: RevokedSerial) -> x509.RevokedCertificate:
    entry = x509.RevokedCertificateBuilder().serial_number(int(one.serial)).revocation_date(_moment(one.revoked))
    reason = _REASONS.get(one.reason)
    if reason is not None:
        entry = entry.add_extension(x509.CRLReason(reason), critical=False)
    return entry.build()


def _moment(micros: Micros) -> datetime:
    return (_EPOCH + timedelta(microseconds=micros)).replace(microsecond=0)
