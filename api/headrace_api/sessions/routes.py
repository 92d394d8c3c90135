"""Signing in and out."""

from fastapi import APIRouter, Request, Response

from headrace_api.authentication import COOKIE, PlatformCaller
from headrace_api.context import Here
from headrace_api.errors import Missing
from headrace_api.followed import until
from headrace_api.reading import PlatformReader
from headrace_api.sending import POSITION, Accepted, PlatformSending
from headrace_api.sessions.models import SessionRow, SignedIn, SignIn
from headrace_api.sessions.signing_in import Session, sessions_of, sign_in
from headrace_events.access import Access
from headrace_events.scopes import Scope
from headrace_events.session import EndSession, SessionStored
from headrace_projections.catalogue.queries.access import is_administrator

router = APIRouter(prefix="/api/sessions", tags=["sessions"])


@router.post("", status_code=201, summary="Sign in")
async def begin(body: SignIn, context: Here, request: Request, response: Response) -> SignedIn:
    """Begin a session with a password, and a one-time code where the person uses them."""
    return told(await sign_in(context, body, request), response, context, cookie=body.cookie)


@router.get("", summary="List sessions")
async def list_sessions(context: Here, actor: PlatformCaller, user: str | None = None) -> list[SessionRow]:
    """One's own sessions that are on, or for administrators those of `user`; the one that ends last first."""
    actor.must_have(Scope.ACCOUNT)
    if user not in {None, actor.user}:
        administrator = await is_administrator(context.pool, actor.user)
        PlatformReader(context=context, actor=actor, administrator=administrator).must(Access.PEOPLE)
    return [
        SessionRow(
            session_id=one.session_id, idle_until=one.idle_until, ends=one.ends, current=one.session_id == actor.key_id
        )
        for one in sessions_of(context, user or actor.user)
    ]


@router.delete("/{session_id}", summary="Sign out")
async def end(session_id: str, sending: PlatformSending, response: Response) -> Accepted:
    """End a session of one's own, or as an administrator anybody's; `current` is the one the request comes with."""
    if session_id == "current":
        session_id = sending.actor.key_id
        response.delete_cookie(COOKIE, path="/")
    stored = sending.context.credentials.held(SessionStored, f"session/{session_id}")
    if stored is None:
        raise Missing("session", session_id)
    accepted = await sending.send(EndSession(user=stored.user, session_id=session_id))
    credentials = sending.context.credentials
    await until(credentials, lambda: credentials.held(SessionStored, stored.key) is None)
    return accepted


def told(session: Session, response: Response, context: Here, *, cookie: bool) -> SignedIn:
    """The answer to who signed in."""
    response.headers[POSITION] = ",".join(session.result.positions)
    if cookie:
        response.set_cookie(
            COOKIE,
            session.token.text,
            path="/",
            httponly=True,
            samesite="strict",
            secure=context.browsers_url.startswith("https:"),
        )
    return SignedIn(
        **Accepted.of(session.command, session.result).model_dump(),
        user=session.user,
        session_id=session.token.session_id,
        token=None if cookie else session.token.text,
        idle_until=session.idle_until,
        ends=session.ends,
    )
