"""People of the platform."""

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import AlreadyExists, Conflict
from headrace_events.ids import user_name
from headrace_events.language import Command, Event, Home, command, event, value


@command("user.create_first_administrator")
class CreateFirstAdministrator(Command):
    """Accepted only while nobody is an administrator."""

    user: str
    key_id: str
    key_hash: str

    @property
    def key(self) -> str:
        return self.user


@command("user.create")
class CreateUser(Command):
    """Make a person known to the platform."""

    user: str

    @property
    def key(self) -> str:
        return self.user


@event("user.created", Home.PLATFORM)
class UserCreated(Event):
    """The person can be given keys and memberships."""

    user: str
    administrator: bool

    @property
    def key(self) -> str:
        return self.user


@value
class User:
    """A person."""

    name: str
    administrator: bool


@event("administration.founded", Home.PLATFORM)
class AdministrationFounded(Event):
    """The platform has its first administrator; there is never a second first one."""

    user: str

    @property
    def key(self) -> str:
        return "platform"


@value
class Administration:
    """Whether the platform has an administrator."""

    founder: str


def decide(state: User | None, wish: Command, known: Known) -> list[Event]:
    """Take each name once, and the founding once."""
    from headrace_events.api_key import ApiKeyIssued, ApiKeyStored  # noqa: PLC0415 - keys know people, not the reverse

    match wish:
        case CreateFirstAdministrator(user=user):
            if known.state(Administration, None, "platform") is not None:
                raise Conflict("administrator-exists", "the platform has its administrator already")
            return [
                AdministrationFounded(user=user_name(user)),
                UserCreated(user=user, administrator=True),
                ApiKeyIssued(key_id=wish.key_id, user=user, project=None, expires=None),
                ApiKeyStored(key_id=wish.key_id, user=user, key_hash=wish.key_hash, project=None, expires=None),
            ]
        case CreateUser(user=user):
            if state is not None:
                raise AlreadyExists("user", user)
            return [UserCreated(user=user_name(user), administrator=False)]
        case _:
            raise unknown(wish)


def evolve(state: User | None, fact: Event) -> User:
    """Fold one event."""
    match fact:
        case UserCreated(user=user, administrator=administrator):
            return User(name=user, administrator=administrator)
        case _:
            raise unknown(fact)


def _found(state: Administration | None, wish: Command, known: Known) -> list[Event]:
    raise unknown(wish)


def _founded(state: Administration | None, fact: Event) -> Administration:
    match fact:
        case AdministrationFounded(user=user):
            return Administration(founder=user)
        case _:
            raise unknown(fact)


aggregate("user", User, decide=decide, evolve=evolve)
aggregate("administration", Administration, decide=_found, evolve=_founded)
