"""The folder of authorities, while one follows another."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography import x509

from headrace_broker.authority import CertificateAuthority
from headrace_broker.service_files import CredentialFiles, renew_all, service_files
from headrace_broker.trust import Trust


@pytest.fixture
def trust(tmp_path: Path) -> Trust:
    CertificateAuthority.create(tmp_path / "ca")
    return Trust(tmp_path / "ca")


def signer(files: CredentialFiles) -> str:
    return x509.load_pem_x509_certificate(files.cert.read_bytes()).issuer.rfc4514_string()


def services(trust: Trust, folder: Path) -> tuple[CredentialFiles, CredentialFiles]:
    """A client's files and a server's."""
    folder.mkdir(exist_ok=True)
    return service_files(trust, folder, "api"), service_files(trust, folder, "broker", ("localhost", "127.0.0.1"))


def test_one_is_believed_before_it_signs_and_all_are_in_the_bundle(trust: Trust) -> None:
    first = trust.signing
    second = trust.add(2)
    assert (trust.believed(), trust.signing.pem) == ([1, 2], first.pem)
    trust.promote(2)
    assert (trust.believed(), trust.signing.pem) == ([2, 1], second.pem)
    assert trust.oldest.pem == first.pem
    assert (first.number, second.number) == (1, 2)
    assert trust.bundle.read_bytes() == second.pem + first.pem
    assert {stat.S_IMODE(path.stat().st_mode) for path in trust.folder.iterdir()} == {0o600}


def test_adding_again_after_being_killed_is_the_same_authority(trust: Trust) -> None:
    once = trust.add(2)
    assert trust.add(2).pem == once.pem
    for _ in range(2):
        trust.promote(2)
    assert trust.believed() == [2, 1]


def test_one_that_is_disowned_signs_no_more_and_its_key_goes(trust: Trust) -> None:
    trust.add(2)
    trust.promote(2)
    with pytest.raises(ValueError, match="authority 1 is believed"):
        trust.destroy(1)
    first = trust.oldest
    for _ in range(2):
        disowned = trust.disown(1)
        assert disowned is not None
        assert (disowned.pem, disowned.key_pem) == (first.pem, first.key_pem), "whoever is killed here goes on with it"
    for _ in range(2):
        trust.destroy(1)
    assert trust.disown(1) is None
    assert trust.believed() == [2]
    assert trust.oldest.number == 2
    assert sorted(path.name for path in trust.folder.iterdir()) == ["ca-2.key", "ca.pem"]


def test_servers_are_renewed_last_so_that_old_clients_go_on_believing_them(trust: Trust, tmp_path: Path) -> None:
    folder = tmp_path / "services"
    services(trust, folder)
    newer = trust.add(2)
    renew_all(trust, folder)
    assert "authority 2" not in signer(services(trust, folder)[0])
    trust.promote(2)
    renew_all(trust, folder)
    api, broker = services(trust, folder)
    assert ("authority 2" in signer(api), "authority 2" in signer(broker)) == (True, False)
    renew_all(trust, folder, servers=newer)
    trust.disown(1)
    kept = [path.read_bytes() for path in sorted(folder.iterdir())]
    api, broker = services(trust, folder)
    assert ("authority 2" in signer(api), "authority 2" in signer(broker)) == (True, True)
    names = x509.load_pem_x509_certificate(broker.cert.read_bytes()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert {str(name.value) for name in names.value} == {"localhost", "127.0.0.1"}
    assert [path.read_bytes() for path in sorted(folder.iterdir())] == kept
