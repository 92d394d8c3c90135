"""What is sent and answered about certificates."""

from pydantic import Field

from headrace_api.body import Body, Name
from headrace_events.language import value
from headrace_projections.catalogue.queries.certificates import CertificateRow, ListedCertificate


class NewCertificate(Body):
    """A signing request; its subject is not looked at."""

    user: Name | None = Field(default=None, description="for whom; the caller if not given")
    signing_request: str = Field(max_length=10_000, description="PKCS#10, PEM; the private key stays with its maker")
    replaces: int | None = Field(default=None, ge=1, le=2**31, description="the generation that it renews")


@value
class CertificateWithChain(CertificateRow):
    """One generation, and the chain that the broker's own certificate is checked with (PEM)."""

    ca_chain: str


@value
class CertificatePage:
    """Some certificates, and where the next ones begin."""

    certificates: list[ListedCertificate]
    next: str | None = None
