"""The folder of those who sign: their keys, and `ca.pem`, the bundle of all whose certificates count.

The first in the bundle signs for members and clients, the oldest for servers: a client that has only seen the oldest
goes on believing the servers until that one is retired.
"""

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from headrace_broker.authority import CertificateAuthority, key_file, number_of
from headrace_broker.private_files import write_private


@dataclass(frozen=True, slots=True)
class Trust:
    """The authorities that are kept in a folder."""

    folder: Path

    @property
    def bundle(self) -> Path:
        """What clients and servers believe."""
        return self.folder / "ca.pem"

    @property
    def signing(self) -> CertificateAuthority:
        """Who signs."""
        return CertificateAuthority.open(self.folder)

    @property
    def oldest(self) -> CertificateAuthority:
        """Whom every client believes."""
        return CertificateAuthority.open(self.folder, min(self.believed()))

    def believed(self) -> list[int]:
        """The numbers of those whose certificates count, the one that signs first."""
        return [number_of(certificate) for certificate in x509.load_pem_x509_certificates(self.bundle.read_bytes())]

    def add(self, number: int) -> CertificateAuthority:
        """Believe the authority of that number too, making it if need be; it does not sign yet. Safe to repeat."""
        if number not in self.believed():
            made = CertificateAuthority.generate(number)
            write_private(self.folder / key_file(number), made.key_pem)
            write_private(self.bundle, self.bundle.read_bytes() + made.pem)
        return CertificateAuthority.open(self.folder, number)

    def promote(self, number: int) -> None:
        """Let that one sign. Safe to repeat."""
        self._believe([number, *(one for one in self.believed() if one != number)])

    def disown(self, number: int) -> CertificateAuthority | None:
        """Believe that one no more, and return it, unless it is destroyed. Safe to repeat."""
        if number in self.believed():
            write_private(self._aside(number), CertificateAuthority.open(self.folder, number).pem)
            self._believe([one for one in self.believed() if one != number])
        if not self._aside(number).exists():
            return None
        return CertificateAuthority.read(self._aside(number), self.folder / key_file(number))

    def destroy(self, number: int) -> None:
        """Remove the key of one that is believed no more. Safe to repeat."""
        if number in self.believed():
            raise ValueError(f"authority {number} is believed")
        self._aside(number).unlink(missing_ok=True)
        (self.folder / key_file(number)).unlink(missing_ok=True)

    def _aside(self, number: int) -> Path:
        return self.folder / f"disowned-{number}.pem"

    def _believe(self, numbers: list[int]) -> None:
        pems = [CertificateAuthority.open(self.folder, number).pem for number in numbers]
        write_private(self.bundle, b"".join(pems))
