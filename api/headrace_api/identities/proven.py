"""What a provider or a directory has proved about somebody, and the user name it suggests."""

import json
from dataclasses import dataclass

from headrace_broker.sealing import MasterKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """An identity that was proved just now.

    `identity` is its keyed hash, `name` the user name that would suit it. With `vouched` it may become that of the
    person who has this name already; with `registers` a name that nobody has is registered.
    """

    provider: str
    identity: str
    name: str
    vouched: bool
    registers: bool


def identity_of(master: MasterKey, provider: str, subject: str) -> str:
    """The keyed hash of what the provider calls somebody: the same for the same, and told nobody by it."""
    return master.fingerprint(b"identity " + json.dumps([provider, subject]).encode())


def counted_as(found: str) -> str:
    """What failures at the directory count under, for an identity or a name it lacks: no user name has a slash."""
    return f"directory/{found}"


def suggested(text: str) -> str:
    """A user name made of a name or an address elsewhere; one that does not suit is refused where it is registered."""
    return text.partition("@")[0].lower().translate({ord(character): "-" for character in "._ +"})


def exact(address: str, domains: frozenset[str]) -> str | None:
    """The part before the `@` of an address in one of the domains, if it can be a user name as it stands."""
    local, at, domain = address.rpartition("@")
    return local.lower() if at and address.isascii() and domain.lower() in domains else None
