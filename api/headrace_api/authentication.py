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
from headrace_broker.errors import NotCounted
from headrace_broker.holder import SESSION, holder_of
from headrace_events.ids import Micros
from headrace_events.scopes import Scope, must_have


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

    `limited_to` is the one project the key may be used for (None: any), `scopes` what for (None: anything), `expires`
    until when (None: for ever, or it is a session).
    """

    user: str
    key_id: str
    limited_to: str | None = None
    scopes: tuple[Scope, ...] | None = None
    expires: Micros | None = None

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

    def must_not_be_narrowed(self) -> None:
        """Raise NotAllowed for a key that gives less than signing in would: of a project, with scopes, or expiring."""
        if (self.limited_to, self.scopes, self.expires) != (None, None, None):
            raise NotAllowed(
                "key-narrowed",
                "a key with scopes, a project or an end is not enough for this: sign in, or use a key without limits",
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
    """The person who presents a key or a session's token; raises Unauthenticated."""
    if not context.credentials.healthy:
        raise Busy("credentials are not followed now: try again")
    text = presented(header)
    if text is None:
        raise Unauthenticated("no-credential", "send an API key: `Authorization: Bearer <key id>.<secret>`")
    try:
        holder = holder_of(text, context.credentials, Micros(time.time_ns() // 1000))
    except NotCounted as refused:
        raise Unauthenticated(refused.code, refused.message) from refused
    if holder.session is not None:
        context.session_uses.used(holder.session)
    else:
        context.uses.used(holder.name)
    return Actor(
        user=holder.user,
        key_id=holder.name,
        limited_to=holder.project,
        scopes=holder.scopes,
        expires=holder.expires,
    )


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
    if not actor.key_id.startswith(SESSION):
        context.trail.key_used(request, actor.name, actor.key_id)
    project = request.path_params.get("project")
    if project is not None:
        actor.must_reach(project)
    return actor


async def _platform_caller(actor: Annotated[Actor, Depends(_caller)]) -> Actor:
    actor.must_not_be_limited()
    return actor


Caller = Annotated[Actor, Depends(_caller)]
"""The caller; on a route of a project, a key limited to another project is refused."""

PlatformCaller = Annotated[Actor, Depends(_platform_caller)]
"""The caller, with a key that is not limited to a project."""
