"""What the API is told of the OpenID provider, by its environment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
PREFIX = "HEADRACE_OIDC_"


_NAMES = frozenset(
    {
        "issuer",
        "client_id",
        "client_secret_file",
        "scopes",
        "name_claim",
        "unknown",
        "email_domains",
        "link_by_email",
        "ca_file",
        "public_url",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings:
    """The provider, who we are to it, and whom it lets in.

    `name_claim` is the claim that suggests a user name. Who has no user here is registered (`registers`) or refused.
    Where `domains` are given, only addresses in one of them come in, and only verified ones; with `links_by_email` such
    an address is that of the person whose name stands before its `@`. `public_url` is where browsers find the API, if
    that is elsewhere than where programs do.
    """

    issuer: str
    client_id: str
    secret: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    name_claim: str = "preferred_username"
    registers: bool = True
    domains: frozenset[str] = frozenset()
    links_by_email: bool = False
    authorities: Path | None = None
    public_url: str | None = None

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "OidcSettings | None":
        """The settings, or None where there is no provider.

        Raises ValueError naming the setting that cannot be, KeyError one that is missing.
        """
        given = {
            name.removeprefix(PREFIX).lower(): text
            for name, text in environment.items()
            if text and name.startswith(PREFIX)
        }
        must_be_known(given, _NAMES, PREFIX)
        if "issuer" not in given:
            return None
        issuer = given["issuer"]
        must_be_safe(issuer, f"{PREFIX}ISSUER")
        domains = frozenset(given.get("email_domains", "").lower().replace(",", " ").split())
        links = _chosen(given, "link_by_email", {"no": False, "yes": True})
        if links and not domains:
            raise ValueError(f"{PREFIX}LINK_BY_EMAIL needs {PREFIX}EMAIL_DOMAINS: the domains whose addresses count")
        return cls(
            issuer=issuer,
            client_id=environment[f"{PREFIX}CLIENT_ID"],
            secret=Path(given["client_secret_file"]).read_text().strip() if "client_secret_file" in given else None,
            scopes=tuple(dict.fromkeys(("openid", *given.get("scopes", "profile email").split()))),
            name_claim=given.get("name_claim", "preferred_username"),
            registers=_chosen(given, "unknown", {"register": True, "refuse": False}),
            domains=domains,
            links_by_email=links,
            authorities=Path(given["ca_file"]) if "ca_file" in given else None,
            public_url=_public(given),
        )


def _public(given: Mapping[str, str]) -> str | None:
    if "public_url" not in given:
        return None
    must_be_safe(given["public_url"], f"{PREFIX}PUBLIC_URL")
    return given["public_url"].rstrip("/")


def must_be_known(given: Iterable[str], known: frozenset[str], prefix: str) -> None:
    """Raise ValueError naming what is set and means nothing: misspelt, a setting that restricts would not."""
    unknown = sorted(f"{prefix}{name.upper()}" for name in set(given) - known)
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: no such setting; see the guide to single sign-on")


def must_be_safe(url: str, what: str) -> None:
    """Raise ValueError unless nobody on the way can read or change what is sent there."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError(f"{what} is {url!r}: it has to be an https address")


def _chosen(given: Mapping[str, str], name: str, choices: Mapping[str, bool]) -> bool:
    text = given.get(name, next(iter(choices)))
    if text not in choices:
        raise ValueError(f"{PREFIX}{name.upper()} is {text!r}: say {' or '.join(choices)}")
    return choices[text]
