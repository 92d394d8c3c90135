"""What the provider's claims say of somebody, held against whom the settings let in. No I/O."""

from collections.abc import Mapping
from typing import Any

from headrace_api.errors import NotAllowed
from headrace_api.identities.proven import Proven, exact, identity_of, suggested
from headrace_api.oidc.settings import OidcSettings
from headrace_broker.sealing import MasterKey


def proven_by(claims: Mapping[str, Any], settings: OidcSettings, master: MasterKey) -> Proven:
    """Who it is; raises NotAllowed for an address outside the domains, and where nothing names the person."""
    address = exact(str(claims.get("email", "")), settings.domains) if claims.get("email_verified") is True else None
    if settings.domains and address is None:
        raise NotAllowed(
            "domain-not-allowed",
            "only verified addresses of these domains are let in",
            {"domains": sorted(settings.domains)},
        )
    vouched = settings.links_by_email and address is not None
    name = claims.get(settings.name_claim)
    if not vouched and not (isinstance(name, str) and name):
        raise NotAllowed("no-name", f"the provider gives no {settings.name_claim!r}, which names people here")
    return Proven(
        provider=settings.issuer,
        identity=identity_of(master, settings.issuer, claims["sub"]),
        name=address if vouched and address is not None else suggested(str(name)),
        vouched=vouched,
        registers=settings.registers,
    )
