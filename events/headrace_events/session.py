"""Sessions: what somebody has who signed in as a person. The token itself never leaves who got it."""

from collections.abc import Iterable, Mapping

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import Forbidden, Invalid, NotFound
from headrace_events.ids import Micros
from headrace_events.language import Command, Erasure, Event, Home, command, event, value
from headrace_events.totp import spent
from headrace_events.user import may_act_for, must_be_active

MOST = 20
"""Sessions of one person alive at a time; the one that ends first makes room."""


@command("session.start")
class StartSession(Command):
    """The API says: the person has proved who they are, `by` password, oidc or ldap.

    `totp_step` is the time step of the one-time code, `recovery` names the recovery code; each counts once.
    """

    user: str
    session_id: str
    token_hash: str
    by: str
    idle_until: Micros
    ends: Micros
    totp_step: int | None = None
    recovery: str | None = None

    @property
    def key(self) -> str:
        return self.user


@command("session.extend")
class ExtendSession(Command):
    """The API says: the session is in use, and idle only until then."""

    user: str
    session_id: str
    token_hash: str
    idle_until: Micros

    @property
    def key(self) -> str:
        return self.user


@command("session.end")
class EndSession(Command):
    """Sign out."""

    user: str
    session_id: str

    @property
    def key(self) -> str:
        return self.user


@event("session.started", Home.PLATFORM)
class SessionStarted(Event):
    """The person is signed in, at most until it ends."""

    user: str
    session_id: str
    by: str
    ends: Micros

    @property
    def key(self) -> str:
        return self.user


@event("session.ended", Home.PLATFORM)
class SessionEnded(Event):
    """The session's token counts no more."""

    user: str
    session_id: str

    @property
    def key(self) -> str:
        return self.user


@event("session.stored", Home.CREDENTIALS)
class SessionStored(Event):
    """What the API compares a presented token with: hexadecimal SHA-256 of its secret."""

    user: str
    session_id: str
    token_hash: str
    idle_until: Micros
    ends: Micros

    @property
    def key(self) -> str:
        return f"session/{self.session_id}"


@event("session.erased", Home.CREDENTIALS)
class SessionErased(Erasure):
    """Takes the place of the stored session."""

    session_id: str

    @property
    def key(self) -> str:
        return f"session/{self.session_id}"


@value
class Sessions:
    """A person's sessions with their ends."""

    live: Mapping[str, Micros]


def ended(user: str, known: Known, keep: str | None = None) -> list[Event]:
    """The events that end all sessions of a person but one."""
    held = known.state(Sessions, None, user)
    return _end(user, (session for session in (held.live if held else ()) if session != keep))


def _end(user: str, sessions: Iterable[str]) -> list[Event]:
    events: list[Event] = []
    for session in sessions:
        events += [SessionEnded(user=user, session_id=session), SessionErased(session_id=session)]
    return events


def decide(state: Sessions | None, wish: Command, known: Known) -> list[Event]:
    """Let no session live that was ended, and none start with a code that was shown before."""
    now = state or Sessions(live={})
    match wish:
        case StartSession():
            return _started(now, wish, known)
        case ExtendSession(user=user, session_id=session, idle_until=idle_until):
            must_be_active(user, known)
            if session not in now.live:
                raise NotFound("session", session)
            ends = now.live[session]
            until = min(idle_until, ends)
            return [_stored(user, session, wish.token_hash, until, ends)]
        case EndSession(user=user, session_id=session):
            if not may_act_for(user, known):
                raise Forbidden("not-your-session", "only the person, or an administrator, may end a session")
            if session not in now.live:
                raise NotFound("session", session)
            return _end(user, [session])
        case _:
            raise unknown(wish)


def _stored(user: str, session: str, token_hash: str, idle_until: Micros, ends: Micros) -> SessionStored:
    return SessionStored(user=user, session_id=session, token_hash=token_hash, idle_until=idle_until, ends=ends)


def _started(now: Sessions, wish: StartSession, known: Known) -> list[Event]:
    must_be_active(wish.user, known)
    if wish.ends <= known.now or len(wish.token_hash) != 64:
        raise Invalid("invalid-session", "a session ends later than it starts, and has a hash of its token")
    shown = spent(wish.user, wish.totp_step, wish.recovery, known)
    over = [session for session, ends in now.live.items() if ends <= known.now]
    rest = sorted((ends, session) for session, ends in now.live.items() if session not in over)
    over += [session for _, session in rest[: max(0, len(rest) - MOST + 1)]]
    return [
        *shown,
        *_end(wish.user, over),
        SessionStarted(user=wish.user, session_id=wish.session_id, by=wish.by, ends=wish.ends),
        _stored(wish.user, wish.session_id, wish.token_hash, wish.idle_until, wish.ends),
    ]


def evolve(state: Sessions | None, fact: Event) -> Sessions:
    """Fold one event."""
    now = state or Sessions(live={})
    match fact:
        case SessionStarted(session_id=session, ends=ends):
            return Sessions(live={**now.live, session: ends})
        case SessionEnded(session_id=gone):
            return Sessions(live={session: ends for session, ends in now.live.items() if session != gone})
        case _:
            raise unknown(fact)


aggregate("session", Sessions, decide=decide, evolve=evolve)
