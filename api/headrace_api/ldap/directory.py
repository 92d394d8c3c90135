"""Whether somebody's password is theirs in the directory: they are looked for, and bound as what was found."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import anyio.to_thread

from headrace_api.errors import NotAllowed
from headrace_api.identities.proven import Proven, identity_of, suggested
from headrace_api.ldap.errors import DirectoryUnavailable, NotKnownThere
from headrace_api.ldap.messages import SUCCESS, Answer
from headrace_api.ldap.settings import LdapSettings
from headrace_api.ldap.wire import TIMEOUT_S, Wire
from headrace_api.sessions.doors import Turns
from headrace_broker.sealing import MasterKey

AT_ONCE = 8
MOST_WAITING = 32
"""How many may wait while as many as can be are asked about; who comes then is told at once."""
_REFUSED = frozenset({19, 48, 49, 50, 53})
"""Results of a bind that are about the person: constraint (a lock), inappropriate, wrong, insufficient, unwilling."""
_SIZE_LIMIT, _NO_OBJECT, _REFERRAL = 4, 32, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Somebody in the directory: what they are called there, what never changes, and whether the group has them."""

    dn: bytes
    name: str
    id: bytes
    belongs: bool


class Directory:
    """One directory, asked over a new connection each time."""

    def __init__(self, settings: LdapSettings, master: MasterKey, *, seconds: float = TIMEOUT_S) -> None:
        self.settings = settings
        self.turns = Turns()
        self._master = master
        self._seconds = seconds
        self._trusted = ssl.create_default_context(cafile=settings.authorities)
        self._asking = asyncio.Semaphore(AT_ONCE)
        self._within = 0

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """While somebody is asked about; raises DirectoryUnavailable where too many wait for it already."""
        if self._within >= AT_ONCE + MOST_WAITING:
            raise DirectoryUnavailable("too many wait for it")
        self._within += 1
        try:
            yield
        finally:
            self._within -= 1

    async def found(self, name: str) -> Entry | None:
        """The one entry of that name, as the directory compares names; raises DirectoryUnavailable."""
        if not name:
            return None
        async with self._asking:
            return await anyio.to_thread.run_sync(self._looked_for, name)

    def identity(self, entry: Entry) -> str:
        """What the entry is known by here."""
        return identity_of(self._master, self.settings.provider, entry.id.hex())

    async def proven(self, entry: Entry | None, password: str) -> Proven:
        """Who it is; raises NotKnownThere, NotAllowed for who is not in the group, DirectoryUnavailable.

        An empty password proves nothing and is not sent: a directory would take it for nobody's (RFC 4513, 5.1.2).
        """
        if entry is None or not password:
            raise NotKnownThere
        async with self._asking:
            await anyio.to_thread.run_sync(self._tried, entry, password)
        exact = entry.name.lower() if entry.name.isascii() else None
        return Proven(
            provider=self.settings.provider,
            identity=self.identity(entry),
            name=exact if self.settings.trusts_names and exact is not None else suggested(entry.name),
            vouched=self.settings.trusts_names and exact is not None,
            registers=self.settings.registers,
        )

    def _looked_for(self, name: str) -> Entry | None:
        with Wire(self.settings, self._trusted, self._seconds) as wire:
            if self.settings.bind_dn:
                code = wire.bind(self.settings.bind_dn.encode(), self.settings.bind_password.encode())
                if code != SUCCESS:
                    raise DirectoryUnavailable(f"it does not let Headrace look for people (result {code})")
            return self._found(wire, name)

    def _tried(self, entry: Entry, password: str) -> None:
        with Wire(self.settings, self._trusted, self._seconds) as wire:
            code = wire.bind(entry.dn, password.encode())
        if code in _REFUSED:
            raise NotKnownThere
        if code != SUCCESS:
            raise DirectoryUnavailable(f"it does not say whether the password counts (result {code})")
        if not entry.belongs:
            raise NotAllowed(
                "not-in-group", "the directory's group of this platform does not have you among its members"
            )

    def _found(self, wire: Wire, name: str) -> Entry | None:
        settings = self.settings
        wanted = (settings.name_attribute, settings.id_attribute)
        code, found = wire.search(
            settings.base.encode(), settings.name_attribute, name.encode(), below=True, wanted=wanted
        )
        if code not in {SUCCESS, _SIZE_LIMIT, _REFERRAL}:
            raise DirectoryUnavailable(f"it does not look for people below {settings.base!r} (result {code})")
        if len(found) != 1 or not found[0].name:
            return None
        (called,), (known,) = (self._one(found[0], attribute) for attribute in wanted)
        dn = found[0].name
        return Entry(dn=dn, name=called.decode("utf-8", "replace"), id=known, belongs=self._belongs(wire, dn))

    def _one(self, entry: Answer, attribute: str) -> list[bytes]:
        """The value of an attribute that has one; of several names, the first."""
        values = (entry.attributes or {}).get(attribute.lower(), [])
        if not values or not values[0]:
            raise DirectoryUnavailable(f"it shows no {attribute!r} of people")
        return values[:1]

    def _belongs(self, wire: Wire, dn: bytes) -> bool:
        group = self.settings.group
        if group is None:
            return True
        code, found = wire.search(group.encode(), self.settings.member_attribute, dn, below=False, wanted=("1.1",))
        if code not in {SUCCESS, _NO_OBJECT}:
            raise DirectoryUnavailable(f"it does not show the group {group!r} (result {code})")
        return bool(found)
