"""What becomes of a certificate that is due for renewal."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from headrace._certificates import ClientFiles, renewed
from headrace._errors import Unreachable
from headrace_broker.authority import CertificateAuthority


def files(folder: Path, lifetime: timedelta) -> ClientFiles:
    """The files of a certificate that lasts that long, and should have been renewed."""
    authority = CertificateAuthority.create(folder / "ca")
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    signed = authority.sign_member(request.public_bytes(serialization.Encoding.PEM), "flights__ada__1", lifetime)
    (folder / "client.pem").write_bytes(signed.pem)
    return ClientFiles(
        ca=folder / "ca" / "ca.pem",
        certificate=folder / "client.pem",
        key=folder / "client.key",
        bootstrap="127.0.0.1:1",
        group_prefix="flights.",
        renew_after=datetime.now(UTC) - timedelta(minutes=1),
    )


def unreachable() -> ClientFiles:
    raise Unreachable("nothing answers", code="unreachable")


def test_a_renewal_takes_the_place_of_what_was_held(tmp_path: Path) -> None:
    held = files(tmp_path, timedelta(hours=1))
    new = files(tmp_path / "new", timedelta(hours=1))
    assert renewed(held, lambda: new) is new


def test_what_cannot_be_renewed_is_used_as_long_as_it_counts_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    held = files(tmp_path, timedelta(hours=10))
    with caplog.at_level(logging.WARNING, "headrace"):
        kept = renewed(held, unreachable)
    assert kept == held
    again_in = kept.renew_after - datetime.now(UTC)
    assert timedelta(minutes=55) < again_in <= timedelta(hours=1)
    (warning,) = caplog.messages
    assert str(held.certificate) in warning
    assert "cannot be renewed: nothing answers" in warning


def test_what_has_expired_and_cannot_be_renewed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Unreachable):
        renewed(files(tmp_path, timedelta(seconds=-1)), unreachable)
