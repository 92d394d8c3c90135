"""Taking a closing project away: the projections let go of it first, then the brokers, then the files.

Every step finds out by itself what is left to do. So it may be killed between any two of them, and whoever comes next
goes on; and what cannot be done yet, such as deleting a consumer group that a client still holds, is tried again.
"""

import logging
import time
from collections.abc import Callable

import psycopg

from headrace_broker.admin import Admin
from headrace_broker.artifacts import Artifacts
from headrace_broker.errors import BrokerError
from headrace_projections.holding import holding

logger = logging.getLogger(__name__)

REST_S = 15.0
"""How long no closing is looked at after Postgres did not answer: others wait for provisioning, too."""


class Closing:
    """What is left of closing projects, and how it goes."""

    def __init__(
        self, admin: Admin, dsn: str, artifacts: Artifacts, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._admin = admin
        self._dsn = dsn
        self._artifacts = artifacts
        self._clock = clock
        self._again = clock()
        self._waiting: dict[str, str] = {}

    def step(self, project: str) -> bool:
        """Do what can be done now; whether nothing is left of the project but the platform's own access rules."""
        if self._clock() < self._again:
            return False
        reason = self._left(project)
        if reason is not None and self._waiting.get(project) != reason:
            logger.info("project %s is closing: %s", project, reason)
            self._waiting[project] = reason
        if reason is None:
            self._waiting.pop(project, None)
        return reason is None

    def _left(self, project: str) -> str | None:
        try:
            if holders := holding(self._dsn, project):
                return f"{', '.join(holders)} still hold something of it"
            self._admin.delete_topics(self._admin.topics_below(f"{project}."))
            if groups := self._admin.delete_groups(f"{project}."):
                return f"clients are still in the groups {', '.join(groups)}"
            self._artifacts.remove(project)
        except psycopg.Error as error:
            self._again = self._clock() + REST_S
            return f"{type(error).__name__}: {error}"
        except BrokerError as error:
            return f"{type(error).__name__}: {error}"
        return None
