"""Whose API key or session's token it is: one answer for every process that is asked."""

import hmac
from dataclasses import dataclass
from hashlib import sha256

from headrace_broker.credentials import Credentials
from headrace_broker.errors import NotCounted
from headrace_events.ids import Micros
from headrace_events.scopes import Scope
from headrace_events.session import SessionStored

SESSION = "s-"
"""What a session's id starts with, and an API key's does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The person whose key or session it is; `name` is the one's id or the other's.

    `project` is the one it may be used for (None: any), `scopes` what for (None: anything), `expires` until when (None:
    for ever, or it is a session).
    """

    user: str
    name: str
    project: str | None = None
    scopes: tuple[Scope, ...] | None = None
    expires: Micros | None = None
    session: SessionStored | None = None


def holder_of(text: str, credentials: Credentials, now: Micros) -> Holder:
    """The holder of `<id>.<secret>`; raises NotCounted."""
    name, _, secret = text.partition(".")
    hashed = sha256(secret.encode()).hexdigest()
    if name.startswith(SESSION):
        return _of_session(name, hashed, credentials, now)
    stored = credentials.find(name)
    if stored is None or not hmac.compare_digest(hashed, stored.key_hash):
        raise NotCounted("invalid-credential", "this API key is unknown or revoked: ask for another one")
    if stored.expires is not None and stored.expires <= now:
        raise NotCounted("expired-credential", "this API key has expired: ask for another one")
    return Holder(user=stored.user, name=name, project=stored.project, scopes=stored.scopes, expires=stored.expires)


def _of_session(name: str, hashed: str, credentials: Credentials, now: Micros) -> Holder:
    stored = credentials.held(SessionStored, f"session/{name}")
    on = stored is not None and now < min(stored.idle_until, stored.ends) and not credentials.barred(stored.user)
    if stored is None or not on or not hmac.compare_digest(hashed, stored.token_hash):
        raise NotCounted("invalid-session", "this session is over: sign in again")
    return Holder(user=stored.user, name=name, session=stored)
