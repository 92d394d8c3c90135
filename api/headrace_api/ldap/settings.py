"""What the API is told of the directory, by its environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from headrace_api.oidc.settings import must_be_known

PREFIX = "HEADRACE_LDAP_"
_NAMES = frozenset(
    {
        "url",
        "base",
        "bind_dn",
        "bind_password_file",
        "name_attribute",
        "id_attribute",
        "group",
        "member_attribute",
        "unknown",
        "trust_names",
        "ca_file",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapSettings:
    """The directory, as whom people are looked for in it, and whom it lets in.

    With `starts_tls` the connection begins in clear and turns to TLS before anything is said; else it is TLS from the
    first byte. People are looked for below `base` by `name_attribute`, and known by `id_attribute`, whose value stays
    theirs. Where there is a `group`, only its members come in. With `trusts_names` a name in the directory is
    the person of that name here.
    """

    host: str
    port: int
    starts_tls: bool
    base: str
    bind_dn: str = ""
    bind_password: str = field(default="", repr=False)
    name_attribute: str = "uid"
    id_attribute: str = "entryUUID"
    group: str | None = None
    member_attribute: str = "member"
    registers: bool = True
    trusts_names: bool = False
    authorities: Path | None = None

    @property
    def provider(self) -> str:
        """What identities of this directory are kept under: it may move to another host."""
        return f"ldap:{self.base}"

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "LdapSettings | None":
        """The settings, or None where there is no directory.

        Raises ValueError naming the setting that cannot be, KeyError one that is missing.
        """
        given = {name: text for name, text in environment.items() if text and name.startswith(PREFIX)}
        must_be_known((name.removeprefix(PREFIX).lower() for name in given), _NAMES, PREFIX)
        if f"{PREFIX}URL" not in given:
            return None
        url = urlsplit(given[f"{PREFIX}URL"])
        if url.scheme not in {"ldap", "ldaps"} or not url.hostname or url.path.strip("/"):
            raise ValueError(f"{PREFIX}URL is {url.geturl()!r}: say ldaps://host, or ldap://host for StartTLS")
        secret = given.get(f"{PREFIX}BIND_PASSWORD_FILE")
        if (secret is None) != (f"{PREFIX}BIND_DN" not in given):
            raise ValueError(f"{PREFIX}BIND_DN and {PREFIX}BIND_PASSWORD_FILE go together, or neither is given")
        return cls(
            host=url.hostname,
            port=url.port or (636 if url.scheme == "ldaps" else 389),
            starts_tls=url.scheme == "ldap",
            base=given.get(f"{PREFIX}BASE") or environment[f"{PREFIX}BASE"],
            bind_dn=given.get(f"{PREFIX}BIND_DN", ""),
            bind_password=Path(secret).read_text().strip() if secret is not None else "",
            name_attribute=given.get(f"{PREFIX}NAME_ATTRIBUTE", "uid"),
            id_attribute=given.get(f"{PREFIX}ID_ATTRIBUTE", "entryUUID"),
            group=given.get(f"{PREFIX}GROUP"),
            member_attribute=given.get(f"{PREFIX}MEMBER_ATTRIBUTE", "member"),
            registers=_chosen(given, "UNKNOWN", {"register": True, "refuse": False}),
            trusts_names=_chosen(given, "TRUST_NAMES", {"no": False, "yes": True}),
            authorities=Path(given[f"{PREFIX}CA_FILE"]) if f"{PREFIX}CA_FILE" in given else None,
        )


def _chosen(given: Mapping[str, str], name: str, choices: Mapping[str, bool]) -> bool:
    text = given.get(f"{PREFIX}{name}", next(iter(choices)))
    if text not in choices:
        raise ValueError(f"{PREFIX}{name} is {text!r}: say {' or '.join(choices)}")
    return choices[text]
