"""Who is asking: an API key or a session, as a bearer token, the password of basic authentication, or a cookie."""

import base64
import binascii
import time
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBasic, HTTPBearer

from headrace_api.context import Context, Here
from headrace_api.errors import Busy, NotAllowed, Unauthenticated
from headrace_api.sessions.origin import from_elsewhere
from headrace_api.sessions.tokens import PREFIX, counts
from headrace_broker.credentials import matches
from headrace_events.api_key import ApiKeyStored
from headrace_events.ids import Micros
from headrace_events.scopes import Scope, must_have
from headrace_events.session import SessionStored


class _Bearer(HTTPBearer):
    """Stands in the document; `authenticate` reads the header."""

    async def __call__(self, request: Request) -> None:  # type: ignore[override] # it reads nothing
        return None


class _Basic(HTTPBasic):
    """Stands in the document; `authenticate` reads the header."""

    async def __call__(self, request: Request) -> None:  # type: ignore[override] # it reads nothing
        return None


COOKIE = "headrace_session"

_BEARER = _Bearer(scheme_name="bearer", description="`Bearer <key id>.<secret>`, or a session's token")
_BASIC = _Basic(scheme_name="basic", description="any user name; the API key as password")


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The person whose key or session it is; `key_id` is the one's id or the other's.

    `limited_to` is the one project the key may be used for (None: any), `scopes` what for (None: anything).
    """

    user: str
    key_id: str
    limited_to: str | None = None
    scopes: tuple[Scope, ...] | None = None

    @property
    def name(self) -> str:
        """As the log names it."""
        return f"user:{self.user}"

    def must_have(self, *one_of: Scope) -> None:
        """Raise Forbidden unless the key has one of these scopes."""
        must_have(self.scopes, *one_of)

    def must_not_be_limited(self) -> None:
        """Raise NotAllowed where the key is for one project only."""
        if self.limited_to is not None:
            raise NotAllowed(
                "key-limited-to-project",
                f"this key may be used for project {self.limited_to!r} only: use one without that limit",
                {"project": self.limited_to},
            )

    def must_reach(self, project: str) -> None:
        """Raise NotAllowed where the key is for another project."""
        if self.limited_to not in {None, project}:
            self.must_not_be_limited()


def presented(header: str | None) -> str | None:
    """The key in an Authorization header, or None where there is none of a kind we know."""
    scheme, _, rest = (header or "").partition(" ")
    match scheme.lower():
        case "bearer":
            return rest.strip() or None
        case "basic":
            try:
                return base64.b64decode(rest, validate=True).decode().partition(":")[2] or None
            except (binascii.Error, UnicodeDecodeError):
                return None
    return None


def authenticate(header: str | None, context: Context) -> Actor:
    """The owner of the presented key; raises Unauthenticated."""
    if not context.credentials.healthy:
        raise Busy("credentials are not followed now: try again")
    text = presented(header)
    if text is None:
        raise Unauthenticated("no-credential", "send an API key: `Authorization: Bearer <key id>.<secret>`")
    key_id, _, secret = text.partition(".")
    if key_id.startswith(PREFIX):
        return _in_session(key_id, secret, context)
    stored = context.credentials.find(key_id)
    if stored is None or not matches(stored, secret):
        raise Unauthenticated("invalid-credential", "this API key is unknown or revoked: ask for another one")
    if _expired(stored):
        raise Unauthenticated("expired-credential", "this API key has expired: ask for another one")
    context.uses.used(key_id)
    return Actor(user=stored.user, key_id=key_id, limited_to=stored.project, scopes=stored.scopes)


def _in_session(session_id: str, secret: str, context: Context) -> Actor:
    """The person who signed in; raises Unauthenticated."""
    stored = context.credentials.held(SessionStored, f"session/{session_id}")
    now = Micros(time.time_ns() // 1000)
    if stored is None or not counts(stored, secret, now) or context.credentials.barred(stored.user):
        raise Unauthenticated("invalid-session", "this session is over: sign in again")
    context.session_uses.used(stored)
    return Actor(user=stored.user, key_id=session_id)


def _expired(stored: ApiKeyStored) -> bool:
    return stored.expires is not None and stored.expires <= time.time_ns() // 1000


def _header(request: Request) -> str | None:
    """The Authorization header, or what stands for it in a cookie; raises NotAllowed for another site's page."""
    header = request.headers.get("authorization")
    token = request.cookies.get(COOKIE)
    if header is not None or token is None:
        return header
    if from_elsewhere(request):
        raise NotAllowed("cross-origin", "a page of another site may not act for whoever is signed in here")
    return f"Bearer {token}"


async def _caller(
    request: Request,
    context: Here,
    _bearer: Annotated[None, Security(_BEARER)],
    _basic: Annotated[None, Security(_BASIC)],
) -> Actor:
    actor = authenticate(_header(request), context)
    request.state.actor = actor.name
    if not actor.key_id.startswith(PREFIX):
        context.trail.key_used(request, actor.name, actor.key_id)
    project = request.path_params.get("project")
    if project is not None:
        actor.must_reach(project)
    return actor


Caller = Annotated[Actor, Depends(_caller)]
"""The caller; on a route of a project, a key limited to another project is refused."""
