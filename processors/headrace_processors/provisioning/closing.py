"""Taking a closing project away: its log is read, the projections let go of it, then the brokers, then the files.

Every step finds out by itself what is left to do. So it may be killed between any two of them, and whoever comes next
goes on; and what cannot be done yet, such as deleting a consumer group that a client still holds, is tried again.
"""

import logging
import time
from collections.abc import Callable
from typing import Protocol

import psycopg

from headrace_broker.admin import Admin
from headrace_broker.artifacts import Artifacts
from headrace_broker.errors import BrokerError, Unavailable
from headrace_events.envelope import Recorded
from headrace_processors.provisioning.endings import Endings
from headrace_projections.holding import holding

logger = logging.getLogger(__name__)

REST_S = 15.0
"""How long no closing is looked at after Postgres or a broker did not answer: others wait for provisioning, too."""

PIECES = 4
"""How many pieces of a log are read at a time."""


class ProjectLog(Protocol):
    """The log of one project, read piece by piece."""

    def more(self) -> list[Recorded] | None:
        """The next events, or None at the end; raises BrokerError, and the next call goes on."""
        ...


class Closing:
    """What is left of closing projects, and how it goes."""

    def __init__(
        self,
        admin: Admin,
        dsn: str,
        artifacts: Artifacts,
        log_of: Callable[[str], ProjectLog],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._admin = admin
        self._dsn = dsn
        self._artifacts = artifacts
        self._log_of = log_of
        self._clock = clock
        self._again = clock()
        self._waiting: dict[str, str] = {}
        self._reading: dict[str, tuple[ProjectLog, Endings]] = {}

    def endings(self, project: str) -> Endings | None:
        """How the project's certificates have ended, once its log was read to the end: a long one takes many calls."""
        if not self._done(project, self._unread):
            return None
        return self._reading.pop(project)[1]

    def step(self, project: str) -> bool:
        """Do what can be done now; whether nothing is left of the project but the platform's own access rules."""
        return self._done(project, self._left)

    def _done(self, project: str, do: Callable[[str], str | None]) -> bool:
        if self._clock() < self._again:
            return False
        try:
            reason = do(project)
        except (psycopg.Error, Unavailable) as error:
            self._again = self._clock() + REST_S
            reason = f"{type(error).__name__}: {error}"
        except BrokerError as error:
            reason = f"{type(error).__name__}: {error}"
        if reason is not None and self._waiting.get(project) != reason:
            logger.info("project %s is closing: %s", project, reason)
            self._waiting[project] = reason
        if reason is None:
            self._waiting.pop(project, None)
        return reason is None

    def _unread(self, project: str) -> str | None:
        if project not in self._reading:
            self._reading[project] = (self._log_of(project), Endings())
        log, endings = self._reading[project]
        for _ in range(PIECES):
            events = log.more()
            if events is None:
                return None
            endings.apply(events)
        return "its log is being read"

    def _left(self, project: str) -> str | None:
        if holders := holding(self._dsn, project):
            return f"{', '.join(holders)} still hold something of it"
        self._admin.delete_topics(self._admin.topics_below(f"{project}."))
        if groups := self._admin.delete_groups(f"{project}."):
            return f"clients are still in the groups {', '.join(groups)}"
        self._artifacts.remove(project)
        return None
