"""Who is asking: the same keys and sessions as everywhere, and membership of the project in the path."""

import time
from dataclasses import dataclass

from headrace_broker.credentials import Credentials
from headrace_broker.errors import NotCounted
from headrace_broker.holder import holder_of
from headrace_events.errors import Forbidden
from headrace_events.ids import Micros
from headrace_events.scopes import Scope, must_have
from headrace_serving.errors import NotAllowed, NotReady, NotServed, Unauthenticated
from headrace_serving.gateway.directory import Directory


@dataclass(frozen=True, slots=True)
class Callers:
    """Knows credentials and members."""

    credentials: Credentials
    directory: Directory

    def member(self, header: str | None, project: str) -> str:
        """The caller as the log names it; raises Unauthenticated, NotAllowed, NotServed, NotReady.

        Whoever is no member learns of a project no more than that there is none.
        """
        if not self.credentials.healthy:
            raise NotReady("credentials are not followed now: try again")
        scheme, _, text = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise Unauthenticated("send an API key or a session's token: `Authorization: Bearer <id>.<secret>`")
        try:
            holder = holder_of(text.strip(), self.credentials, Micros(time.time_ns() // 1000))
        except NotCounted as refused:
            raise Unauthenticated(refused.message) from refused
        if holder.project not in {None, project}:
            raise NotAllowed(f"this key may be used for project {holder.project!r} only: use one without that limit")
        try:
            must_have(holder.scopes, Scope.PREDICT)
        except Forbidden as lacking:
            raise NotAllowed(lacking.message) from lacking
        if not self.directory.is_member(project, holder.user):
            raise NotServed(f"there is no project {project!r}")
        return f"user:{holder.user}"
