"""What is sent and answered about certificates."""

from pydantic import Field

from headrace_api.body import Body, Name
from headrace_events.language import value
from headrace_projections.catalogue.queries.certificates import CertificateRow


class NewCertificate(Body):
    """A signing request; its subject is not looked at."""

    user: Name | None = Field(default=None, description="for whom; the caller if not given")
    signing_request: str = Field(max_length=10_000, description="PKCS#10, PEM; the private key stays with its maker")


@value
class CertificateWithChain(CertificateRow):
    """One generation, and the chain that the broker's own certificate is checked with (PEM)."""

    ca_chain: str
