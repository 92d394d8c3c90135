"""What the API is told of where people sign in elsewhere; see the guide to single sign-on."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class SignOnSettings(BaseSettings):
    """Settings that the stack hands on to its API as they are, each an environment variable `HEADRACE_…`."""

    model_config = SettingsConfigDict(env_prefix="HEADRACE_", extra="ignore", frozen=True)

    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret_file: Path | None = None
    oidc_scopes: str | None = None
    oidc_name_claim: str | None = None
    oidc_unknown: str | None = None
    oidc_email_domains: str | None = None
    oidc_link_by_email: str | None = None
    oidc_ca_file: Path | None = None
    oidc_public_url: str | None = None

    ldap_url: str | None = None
    ldap_base: str | None = None
    ldap_bind_dn: str | None = None
    ldap_bind_password_file: Path | None = None
    ldap_name_attribute: str | None = None
    ldap_id_attribute: str | None = None
    ldap_group: str | None = None
    ldap_member_attribute: str | None = None
    ldap_unknown: str | None = None
    ldap_trust_names: str | None = None
    ldap_ca_file: Path | None = None

    def environment(self) -> dict[str, str]:
        """Those that are set; paths are absolute, for the API runs in a folder of its own."""
        given = {f"HEADRACE_{name.upper()}": value for name, value in self if value is not None}
        return {name: str(value.absolute() if isinstance(value, Path) else value) for name, value in given.items()}
