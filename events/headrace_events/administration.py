"""Who administers the platform: there is always somebody."""

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import Conflict
from headrace_events.language import Command, Event, Home, event, value


@event("administration.founded", Home.PLATFORM)
class AdministrationFounded(Event):
    """The platform has its first administrator; there is never a second first one."""

    user: str

    @property
    def key(self) -> str:
        return "platform"


@event("administration.joined", Home.PLATFORM)
class AdministratorJoined(Event):
    """One more person administers the platform."""

    user: str

    @property
    def key(self) -> str:
        return "platform"


@event("administration.left", Home.PLATFORM)
class AdministratorLeft(Event):
    """The person administers the platform no more; somebody else does."""

    user: str

    @property
    def key(self) -> str:
        return "platform"


@value
class Administration:
    """Who founded the platform, and who administers it now: active people only."""

    founder: str
    administrators: tuple[str, ...]


def leave(user: str, known: Known) -> AdministratorLeft:
    """The event of an administrator's leaving; raises Conflict where nobody would be left."""
    held = known.state(Administration, None, "platform")
    if held is not None and set(held.administrators) <= {user}:
        raise Conflict(
            "last-administrator", f"{user!r} is the last administrator: make another one first", {"user": user}
        )
    return AdministratorLeft(user=user)


def _decide(state: Administration | None, wish: Command, known: Known) -> list[Event]:
    raise unknown(wish)


def evolve(state: Administration | None, fact: Event) -> Administration:
    """Fold one event."""
    match fact:
        case AdministrationFounded(user=user):
            return Administration(founder=user, administrators=(user,))
        case AdministratorJoined(user=user) if state is not None:
            return Administration(founder=state.founder, administrators=(*state.administrators, user))
        case AdministratorLeft(user=left) if state is not None:
            remaining = tuple(user for user in state.administrators if user != left)
            return Administration(founder=state.founder, administrators=remaining)
        case _:
            raise unknown(fact)


aggregate("administration", Administration, decide=_decide, evolve=evolve)
