"""Letting another authority sign, and nobody believe the one before.

Every step can be repeated. What brokers read is changed first, then they are asked whether they do as it says, once
with each call, and when they do, it is said by command.
"""

import logging
import math
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from headrace_broker.authority import CertificateAuthority
from headrace_broker.connection import Connection
from headrace_broker.errors import BrokerError, Unavailable
from headrace_broker.private_files import write_private
from headrace_broker.service_files import renew_all
from headrace_broker.stores import lets_in, reload_stores
from headrace_broker.trust import Trust
from headrace_events.authority import (
    AuthorityAdded,
    AuthorityRetired,
    AuthorityRetirementRequested,
    AuthorityRotationRequested,
    RecordAuthority,
    RecordAuthorityRetired,
)
from headrace_events.envelope import Position, Recorded
from headrace_events.ids import Micros
from headrace_events.language import Command

logger = logging.getLogger(__name__)

FIRST_REST_S = 0.25
"""How long nothing is tried after brokers did not do as it says; twice as long each time after that."""

REST_S = 15.0
"""How long at the most."""


@dataclass(slots=True)
class WantedAuthorities:
    """Which authority is to come or to go, and where that was asked for; and which are gone."""

    coming: tuple[int, Position] | None = None
    going: tuple[int, Position] | None = None
    retired: set[int] = field(default_factory=set)
    again: float = -math.inf
    rest: float = FIRST_REST_S

    def apply(self, recorded: Recorded) -> None:
        """Fold one event."""
        match recorded.event:
            case AuthorityRotationRequested(authority=authority):
                self.coming = (authority, recorded.at)
            case AuthorityAdded():
                self.coming = None
            case AuthorityRetirementRequested(authority=authority):
                self.going = (authority, recorded.at)
            case AuthorityRetired(authority=authority):
                self.going = None
                self.retired.add(authority)
            case _:
                pass


@dataclass(frozen=True, slots=True)
class Rotation:
    """Brings files and brokers to what is wanted of the authorities."""

    connection: Connection
    secrets: Path
    say: Callable[[Command, Position, str], None]
    reload: Callable[[Connection], None] = reload_stores
    let_in: Callable[[Connection], bool] = lets_in
    clock: Callable[[], float] = time.monotonic

    @property
    def trust(self) -> Trust:
        """The authorities' folder."""
        return Trust(self.secrets / "ca")

    def step(self, wanted: WantedAuthorities, overlaps_until: Micros) -> int:
        """Add the one that is to come, or let go of the one that is to go; how many steps that were.

        Where the brokers do not do as it says, it is tried again after a while: others wait for provisioning, too.
        """
        if (wanted.coming is None and wanted.going is None) or self.clock() < wanted.again:
            return 0
        try:
            if wanted.coming is not None:
                self._add(*wanted.coming, overlaps_until)
                wanted.coming = None
            if wanted.going is not None:
                self._retire(*wanted.going)
                wanted.going = None
        except BrokerError as error:
            logger.warning("the authorities are not as wanted yet: %s: %s", type(error).__name__, error)
            wanted.again = self.clock() + wanted.rest
            wanted.rest = min(2 * wanted.rest, REST_S)
            return 0
        wanted.rest = FIRST_REST_S
        return 1

    def _add(self, number: int, at: Position, overlaps_until: Micros) -> None:
        """It signs once the brokers believe it."""
        authority = self.trust.add(number)
        with tempfile.TemporaryDirectory() as folder:
            newcomer = self._of(authority, Path(folder))
            self.reload(self.connection)
            _must(self.let_in(newcomer), f"the brokers do not believe authority {number}")
        self.trust.promote(number)
        renew_all(self.trust, self.secrets / "services")
        said = RecordAuthority(authority=number, certificate=authority.pem.decode(), overlaps_until=overlaps_until)
        self.say(said, at, f"authority {number}")

    def _retire(self, number: int, at: Position) -> None:
        """The servers' certificates go first: brokers want to believe their own, before and after each change."""
        signing = self.trust.signing
        with tempfile.TemporaryDirectory() as folder:
            if number in self.trust.believed():
                renew_all(self.trust, self.secrets / "services", servers=signing)
                self.reload(self.connection)
                write_private(Path(folder) / "ca", signing.pem)
                strict = replace(self.connection, ca=Path(folder) / "ca")
                _must(self.let_in(strict), f"the brokers do not show authority {signing.number}")
            disowned = self.trust.disown(number)
            if disowned is not None:
                stranger = self._of(disowned, Path(folder))
                self.reload(self.connection)
                _must(not self.let_in(stranger), f"the brokers still believe authority {number}")
        _must(self.let_in(self.connection), f"the brokers do not believe authority {signing.number}")
        self.trust.destroy(number)
        self.say(RecordAuthorityRetired(authority=number), at, f"authority {number} retired")

    def _of(self, authority: CertificateAuthority, folder: Path) -> Connection:
        """How somebody with a certificate of that authority reaches the brokers."""
        made = authority.issue_service("provisioning")
        write_private(folder / "pem", made.cert_pem)
        write_private(folder / "key", made.key_pem)
        return replace(self.connection, certificate=folder / "pem", key=folder / "key")


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Unavailable(f"{otherwise} yet")
