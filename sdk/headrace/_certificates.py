"""A member's certificate: made once, kept privately, renewed at two thirds of its life. The key never leaves here."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from headrace._errors import Failed, HeadraceError, NotFound
from headrace._http import Api
from headrace._private import make_private, write_private

logger = logging.getLogger("headrace")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFiles:
    """PEM files of one generation, and what else a Kafka client of the project needs."""

    ca: Path
    certificate: Path
    key: Path
    bootstrap: str
    group_prefix: str
    renew_after: datetime = field(compare=False)

    def librdkafka(self) -> dict[str, Any]:
        """The settings every client starts from; host names are verified."""
        return {
            "bootstrap.servers": self.bootstrap,
            "security.protocol": "ssl",
            "ssl.ca.location": str(self.ca),
            "ssl.certificate.location": str(self.certificate),
            "ssl.key.location": str(self.key),
            "ssl.endpoint.identification.algorithm": "https",
        }


def client_files(api: Api, project: str, user: str, clients: Path) -> ClientFiles:
    """The files of a certificate that counts, in `<clients>/<project>__<user>/<generation>/`; a new one if need be.

    Raises:
        HeadraceError: the API refuses, or the certificate was not issued in time.
    """
    kafka = api.get(f"/api/projects/{project}/kafka")
    folder = clients / f"{project}__{user}"
    kept = sorted((path for path in folder.glob("[0-9]*") if path.name.isdecimal()), key=lambda path: int(path.name))
    counting = (_counting(api, project, user, generation, kafka) for generation in reversed(kept))
    newest = next((files for files in counting if files is not None), None)
    if newest is None:
        return _new(api, project, user, folder, kafka)
    if datetime.now(UTC) < newest.renew_after:
        return newest
    replaced = int(newest.certificate.parent.name)
    return renewed(newest, lambda: _new(api, project, user, folder, kafka, replaces=replaced))


def renewed(held: ClientFiles, renew: Callable[[], ClientFiles]) -> ClientFiles:
    """What `renew` gives; where it fails, the files that are held as long as they count, with a warning.

    They are renewed again after a tenth of the time that is left. Raises HeadraceError once they have expired.
    """
    try:
        return renew()
    except HeadraceError as error:
        now = datetime.now(UTC)
        expires = x509.load_pem_x509_certificate(held.certificate.read_bytes()).not_valid_after_utc
        if now >= expires:
            raise
        logger.warning(
            "the certificate in %s expires at %s and cannot be renewed: %s", held.certificate, expires, error
        )
        return replace(held, renew_after=now + (expires - now) / 10)


def _counting(api: Api, project: str, user: str, folder: Path, kafka: Mapping[str, Any]) -> ClientFiles | None:
    """The files in the folder, if all are there, of this authority, not expired, and not revoked."""
    files = {name: folder / name for name in ("ca.pem", "client.pem", "client.key")}
    if not all(path.exists() for path in files.values()) or files["ca.pem"].read_text() != kafka["ca_chain"]:
        return None
    certificate = x509.load_pem_x509_certificate(files["client.pem"].read_bytes())
    if datetime.now(UTC) >= certificate.not_valid_after_utc:
        return None
    try:
        known = api.get(f"/api/projects/{project}/certificates/{user}/{folder.name}")
    except NotFound:
        return None
    if known["state"] != "issued" or known["certificate"] != files["client.pem"].read_text():
        return None
    return _files(folder, kafka, certificate)


def _new(
    api: Api, project: str, user: str, folder: Path, kafka: Mapping[str, Any], *, replaces: int | None = None
) -> ClientFiles:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{project}__{user}")])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    pem = request.public_bytes(serialization.Encoding.PEM).decode()
    wish = {"user": user, "signing_request": pem, "replaces": replaces}
    accepted = api.post(f"/api/projects/{project}/certificates", wish)
    issued = api.wait_until(accepted.status_url or "", _settled, f"the certificate of {user!r}")
    if issued["state"] != "issued":
        raise Failed(f"no certificate: {issued.get('reason') or issued['state']}", code="certificate-rejected")
    place = make_private(folder / str(issued["generation"]))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(place / "client.key", private)
    write_private(place / "ca.pem", issued["ca_chain"].encode())
    write_private(place / "client.pem", issued["certificate"].encode())
    certificate = x509.load_pem_x509_certificate(issued["certificate"].encode())
    return _files(place, kafka, certificate)


def _settled(answer: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return None if answer["state"] == "requested" else answer


def _files(folder: Path, kafka: Mapping[str, Any], certificate: x509.Certificate) -> ClientFiles:
    return ClientFiles(
        ca=folder / "ca.pem",
        certificate=folder / "client.pem",
        key=folder / "client.key",
        bootstrap=kafka["bootstrap"],
        group_prefix=kafka["group_prefix"],
        renew_after=_renew_after(certificate),
    )


def _renew_after(certificate: x509.Certificate) -> datetime:
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return begin + (end - begin) * 2 / 3


def given_files(project: str, environment: Mapping[str, str]) -> ClientFiles | None:
    """The files that the environment names (`headrace env` printed it), if they are of this project and still count."""
    names = ("HEADRACE_BOOTSTRAP", "HEADRACE_CA", "HEADRACE_CERT", "HEADRACE_KEY", "HEADRACE_GROUP_PREFIX")
    if environment.get("HEADRACE_PROJECT") != project or not all(environment.get(name) for name in names):
        return None
    certificate = x509.load_pem_x509_certificate(Path(environment["HEADRACE_CERT"]).read_bytes())
    if datetime.now(UTC) >= certificate.not_valid_after_utc:
        return None
    return ClientFiles(
        ca=Path(environment["HEADRACE_CA"]),
        certificate=Path(environment["HEADRACE_CERT"]),
        key=Path(environment["HEADRACE_KEY"]),
        bootstrap=environment["HEADRACE_BOOTSTRAP"],
        group_prefix=environment["HEADRACE_GROUP_PREFIX"],
        renew_after=_renew_after(certificate),
    )
