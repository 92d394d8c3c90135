"""Signing the revocation list, and saying so by command."""

import logging
import math
import time
from collections.abc import Callable

from headrace_broker.authority import CertificateAuthority
from headrace_broker.errors import BrokerError
from headrace_broker.revocations import signed_list
from headrace_broker.trust import Trust
from headrace_events.envelope import Request
from headrace_events.errors import Conflict
from headrace_events.ids import CommandId, Micros, uuid7
from headrace_events.revocation_list import PublishRevocationList
from headrace_processors.provisioning.revocations import Revocations, RevocationsOf

logger = logging.getLogger(__name__)

REST_S = 15.0
"""How long no list of an authority is signed after one could not be published: others wait for provisioning, too."""


class RevocationLists:
    """Publishes the lists of all authorities that are believed; `ask` sends a command and waits for its result."""

    def __init__(
        self, trust: Trust, ask: Callable[[Request], object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._trust = trust
        self._ask = ask
        self._clock = clock
        self._again: dict[int, float] = {}

    def publish(self, revocations: Revocations) -> int:
        """Sign the next list of each, if there has to be one; how many were published."""
        return sum(self._publish(number, revocations.of(number)) for number in self._trust.believed())

    def behind(self, revocations: Revocations) -> bool:
        """Whether something revoked is on no list yet."""
        return any(revocations.of(number).waiting for number in self._trust.believed())

    def _publish(self, authority: int, revocations: RevocationsOf) -> int:
        """Sign the authority's next list.

        Its number, not its command's id, keeps it from happening twice: signed again, it would be another request.
        """
        now = Micros(time.time_ns() // 1000)
        due = revocations.due(now)
        if due is None or self._clock() < self._again.get(authority, -math.inf):
            return 0
        signer = CertificateAuthority.open(self._trust.folder, authority)
        document = signed_list(signer, due.number, revocations.entries(due), now, due.next_update)
        command = PublishRevocationList(
            authority=due.authority,
            number=due.number,
            added=due.added,
            next_update=due.next_update,
            document=document,
        )
        try:
            self._ask(Request(command=command, id=CommandId(uuid7()), actor="system:provisioning"))
        except Conflict as refusal:
            logger.info("revocation list %d was not needed any more: %s", due.number, refusal)
            return 0
        except (BrokerError, TimeoutError) as error:
            kind, size = type(error).__name__, len(document)
            logger.warning("revocation list %d (%d bytes) is not published: %s: %s", due.number, size, kind, error)
            self._again[authority] = self._clock() + REST_S
            return 0
        revocations.published(due)
        return 1
