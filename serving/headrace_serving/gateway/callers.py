"""Who is asking: the same API keys as everywhere, and membership of the project in the path."""

import time
from dataclasses import dataclass

from headrace_broker.credentials import Credentials, matches
from headrace_events.errors import Forbidden
from headrace_events.scopes import Scope, must_have
from headrace_serving.errors import NotAllowed, NotReady, NotServed, Unauthenticated
from headrace_serving.gateway.directory import Directory


@dataclass(frozen=True, slots=True)
class Callers:
    """Knows keys and members."""

    keys: Credentials
    directory: Directory

    def member(self, header: str | None, project: str) -> str:
        """The caller as the log names it; raises Unauthenticated, NotAllowed, NotServed, NotReady.

        Whoever is no member learns of a project no more than that there is none.
        """
        if not self.keys.healthy:
            raise NotReady("credentials are not followed now: try again")
        scheme, _, text = (header or "").partition(" ")
        key_id, _, secret = text.strip().partition(".")
        if scheme.lower() != "bearer" or not secret:
            raise Unauthenticated("send an API key: `Authorization: Bearer <key id>.<secret>`")
        stored = self.keys.find(key_id)
        if stored is None or not matches(stored, secret):
            raise Unauthenticated("this API key is unknown or revoked: ask for another one")
        if stored.expires is not None and stored.expires <= time.time_ns() // 1000:
            raise Unauthenticated("this API key has expired: ask for another one")
        if stored.project not in {None, project}:
            raise NotAllowed(f"this key may be used for project {stored.project!r} only: use one without that limit")
        try:
            must_have(stored.scopes, Scope.PREDICT)
        except Forbidden as lacking:
            raise NotAllowed(lacking.message) from lacking
        if not self.directory.is_member(project, stored.user):
            raise NotServed(f"there is no project {project!r}")
        return f"user:{stored.user}"
