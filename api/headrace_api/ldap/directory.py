"""Whether somebody's password is theirs in the directory: they are looked for, and bound as what was found."""

import asyncio
import ssl
from dataclasses import dataclass

import anyio.to_thread

from headrace_api.errors import NotAllowed
from headrace_api.identities.proven import Proven, identity_of, suggested
from headrace_api.ldap.errors import DirectoryUnavailable, NotKnownThere
from headrace_api.ldap.messages import SUCCESS, Answer
from headrace_api.ldap.settings import LdapSettings
from headrace_api.ldap.wire import Wire
from headrace_broker.sealing import MasterKey

_AT_ONCE = 8
_REFUSED = frozenset({19, 48, 49, 50, 53})
"""Results of a bind that are about the person: constraint (a lock), inappropriate, wrong, insufficient, unwilling."""
_SIZE_LIMIT, _NO_OBJECT, _REFERRAL = 4, 32, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Somebody in the directory: what they are called there, and what never changes."""

    dn: bytes
    name: str
    id: bytes


class Directory:
    """One directory, asked over a new connection each time."""

    def __init__(self, settings: LdapSettings, master: MasterKey) -> None:
        self.settings = settings
        self._master = master
        self._trusted = ssl.create_default_context(cafile=settings.authorities)
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def proven(self, name: str, password: str) -> Proven:
        """Who it is; raises NotKnownThere, NotAllowed for who is not in the group, DirectoryUnavailable.

        An empty password proves nothing and is not sent: a directory would take it for nobody's (RFC 4513, 5.1.2).
        """
        if not name or not password:
            raise NotKnownThere
        async with self._turns:
            entry = await anyio.to_thread.run_sync(self._checked, name, password)
        exact = entry.name.lower() if entry.name.isascii() else None
        return Proven(
            provider=self.settings.provider,
            identity=identity_of(self._master, self.settings.provider, entry.id.hex()),
            name=exact if self.settings.trusts_names and exact is not None else suggested(entry.name),
            vouched=self.settings.trusts_names and exact is not None,
            registers=self.settings.registers,
        )

    def _checked(self, name: str, password: str) -> Entry:
        with Wire(self.settings, self._trusted) as wire:
            if self.settings.bind_dn:
                code = wire.bind(self.settings.bind_dn.encode(), self.settings.bind_password.encode())
                if code != SUCCESS:
                    raise DirectoryUnavailable(f"it does not let Headrace look for people (result {code})")
            entry = self._found(wire, name)
            belongs = self._belongs(wire, entry)
            code = wire.bind(entry.dn, password.encode())
        if code in _REFUSED:
            raise NotKnownThere
        if code != SUCCESS:
            raise DirectoryUnavailable(f"it does not say whether the password counts (result {code})")
        if not belongs:
            raise NotAllowed(
                "not-in-group", "the directory's group of this platform does not have you among its members"
            )
        return entry

    def _found(self, wire: Wire, name: str) -> Entry:
        """The one entry of that name."""
        settings = self.settings
        wanted = (settings.name_attribute, settings.id_attribute)
        code, found = wire.search(
            settings.base.encode(), settings.name_attribute, name.encode(), below=True, wanted=wanted
        )
        if code not in {SUCCESS, _SIZE_LIMIT, _REFERRAL}:
            raise DirectoryUnavailable(f"it does not look for people below {settings.base!r} (result {code})")
        if len(found) != 1 or not found[0].name:
            raise NotKnownThere
        (called,), (known,) = (self._one(found[0], attribute) for attribute in wanted)
        return Entry(dn=found[0].name, name=called.decode("utf-8", "replace"), id=known)

    def _one(self, entry: Answer, attribute: str) -> list[bytes]:
        """The value of an attribute that has one; of several names, the first."""
        values = (entry.attributes or {}).get(attribute.lower(), [])
        if not values or not values[0]:
            raise DirectoryUnavailable(f"it shows no {attribute!r} of people")
        return values[:1]

    def _belongs(self, wire: Wire, entry: Entry) -> bool:
        group = self.settings.group
        if group is None:
            return True
        code, found = wire.search(
            group.encode(), self.settings.member_attribute, entry.dn, below=False, wanted=("1.1",)
        )
        if code not in {SUCCESS, _NO_OBJECT}:
            raise DirectoryUnavailable(f"it does not show the group {group!r} (result {code})")
        return bool(found)
