"""People of the platform: from registration or creation, through approval, to deactivation and back."""

from enum import StrEnum

from headrace_events.administration import Administration, AdministrationFounded, AdministratorJoined, leave
from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import AlreadyExists, Conflict, NotFound
from headrace_events.ids import user_name
from headrace_events.language import Command, Erasure, Event, Home, command, event, value


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


@command("user.register")
class RegisterUser(Command):
    """Ask to become a user, with a password or without; an administrator decides. `sealed` as in SetPassword."""

    user: str
    sealed: bytes | None = None

    @property
    def key(self) -> str:
        return self.user


@command("user.approve")
class ApproveUser(Command):
    """Let a registered person in."""

    user: str

    @property
    def key(self) -> str:
        return self.user


@command("user.reject")
class RejectUser(Command):
    """Turn a registered person away; they may register again."""

    user: str
    reason: str = ""

    @property
    def key(self) -> str:
        return self.user


@command("user.deactivate")
class DeactivateUser(Command):
    """Shut a person out at once: keys, sessions and certificates stop working."""

    user: str
    reason: str = ""

    @property
    def key(self) -> str:
        return self.user


@command("user.activate")
class ActivateUser(Command):
    """Let a deactivated person in again; keys count again, certificates have to be asked for anew."""

    user: str

    @property
    def key(self) -> str:
        return self.user


@command("user.grant_administrator")
class GrantAdministrator(Command):
    """Let a person administer the platform."""

    user: str

    @property
    def key(self) -> str:
        return self.user


@command("user.withdraw_administrator")
class WithdrawAdministrator(Command):
    """Take the administrator's right from a person; the last one keeps it."""

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


@event("user.registered", Home.PLATFORM)
class UserRegistered(Event):
    """The person waits for an administrator, and can do nothing yet."""

    user: str

    @property
    def key(self) -> str:
        return self.user


@event("user.approved", Home.PLATFORM)
class UserApproved(Event):
    """The registered person can be given keys and memberships."""

    user: str

    @property
    def key(self) -> str:
        return self.user


@event("user.rejected", Home.PLATFORM)
class UserRejected(Event):
    """The registered person was turned away."""

    user: str
    reason: str

    @property
    def key(self) -> str:
        return self.user


@event("user.deactivated", Home.PLATFORM)
class UserDeactivated(Event):
    """The person can do nothing any more; whatever certificate they had is dead for ever."""

    user: str
    reason: str

    @property
    def key(self) -> str:
        return self.user


@event("user.activated", Home.PLATFORM)
class UserActivated(Event):
    """The deactivated person can act again."""

    user: str

    @property
    def key(self) -> str:
        return self.user


@event("user.administrator_granted", Home.PLATFORM)
class AdministratorGranted(Event):
    """The person has the administrator's right."""

    user: str

    @property
    def key(self) -> str:
        return self.user


@event("user.administrator_withdrawn", Home.PLATFORM)
class AdministratorWithdrawn(Event):
    """The person has the administrator's right no more."""

    user: str

    @property
    def key(self) -> str:
        return self.user


@event("user.barred", Home.CREDENTIALS)
class UserBarred(Event):
    """No credential of the person counts; on the credentials topic, for whoever checks credentials."""

    user: str

    @property
    def key(self) -> str:
        return f"barred/{self.user}"


@event("user.unbarred", Home.CREDENTIALS)
class UserUnbarred(Erasure):
    """The person's credentials count again."""

    user: str

    @property
    def key(self) -> str:
        return f"barred/{self.user}"


class Standing(StrEnum):
    """Where a person is in their life on the platform."""

    PENDING = "pending"
    ACTIVE = "active"
    REJECTED = "rejected"
    DEACTIVATED = "deactivated"


@value
class User:
    """A person."""

    name: str
    administrator: bool
    standing: Standing = Standing.ACTIVE


def must_be_active(user: str, known: Known) -> User:
    """The person, who can be given things; raises NotFound, Conflict."""
    found = known.state(User, None, user)
    if found is None:
        raise NotFound("user", user)
    _must_stand(found, Standing.ACTIVE)
    return found


def _must_stand(user: User, *wanted: Standing) -> None:
    if user.standing not in wanted:
        names = " or ".join(standing.value for standing in wanted)
        raise Conflict(
            f"user-not-{wanted[0].value}",
            f"{user.name!r} is {user.standing.value}, not {names}",
            {"user": user.name, "standing": user.standing.value},
        )


def decide(state: User | None, wish: Command, known: Known) -> list[Event]:
    """Take each name once, and the founding once; keep an administrator who is active."""
    match wish:
        case CreateFirstAdministrator():
            return _found(wish, known)
        case CreateUser(user=user):
            if state is not None:
                raise AlreadyExists("user", user)
            return [UserCreated(user=user_name(user), administrator=False)]
        case RegisterUser(user=user):
            if state is not None and state.standing is not Standing.REJECTED:
                raise AlreadyExists("user", user)
            return _registered(wish)
    if state is None:
        raise NotFound("user", wish.key)
    return _changed(state, wish, known)


def _found(wish: CreateFirstAdministrator, known: Known) -> list[Event]:
    from headrace_events.api_key import ApiKeyIssued, ApiKeyStored  # noqa: PLC0415 - keys know people, not the reverse

    if known.state(Administration, None, "platform") is not None:
        raise Conflict("administrator-exists", "the platform has its administrator already")
    return [
        AdministrationFounded(user=user_name(wish.user)),
        UserCreated(user=wish.user, administrator=True),
        ApiKeyIssued(key_id=wish.key_id, user=wish.user, project=None, expires=None),
        ApiKeyStored(key_id=wish.key_id, user=wish.user, key_hash=wish.key_hash, project=None, expires=None),
    ]


def _registered(wish: RegisterUser) -> list[Event]:
    from headrace_events.password import changed  # noqa: PLC0415 - passwords know people, not the reverse

    registered = UserRegistered(user=user_name(wish.user))
    return [registered, *(changed(wish.user, wish.sealed, None) if wish.sealed is not None else ())]


def _turned_away(user: str, reason: str) -> list[Event]:
    from headrace_events.password import PasswordErased  # noqa: PLC0415 - passwords know people, not the reverse

    return [UserRejected(user=user, reason=reason), PasswordErased(user=user)]


def _shut_out(wish: DeactivateUser, known: Known) -> list[Event]:
    from headrace_events.session import ended  # noqa: PLC0415 - sessions know people, not the reverse

    user = wish.user
    return [UserDeactivated(user=user, reason=wish.reason), UserBarred(user=user), *ended(user, known)]


def _changed(state: User, wish: Command, known: Known) -> list[Event]:
    match wish:
        case ApproveUser(user=user):
            _must_stand(state, Standing.PENDING)
            return [UserApproved(user=user)]
        case RejectUser(user=user, reason=reason):
            _must_stand(state, Standing.PENDING)
            return _turned_away(user, reason)
        case DeactivateUser(user=user):
            _must_stand(state, Standing.ACTIVE)
            right: list[Event] = _withdrawn(user, known) if state.administrator else []
            return [*right, *_shut_out(wish, known)]
        case ActivateUser(user=user):
            _must_stand(state, Standing.DEACTIVATED)
            return [UserActivated(user=user), UserUnbarred(user=user)]
        case GrantAdministrator(user=user):
            _must_stand(state, Standing.ACTIVE)
            return [] if state.administrator else [AdministratorGranted(user=user), AdministratorJoined(user=user)]
        case WithdrawAdministrator(user=user):
            return _withdrawn(user, known) if state.administrator else []
        case _:
            raise unknown(wish)


def _withdrawn(user: str, known: Known) -> list[Event]:
    return [leave(user, known), AdministratorWithdrawn(user=user)]


def evolve(state: User | None, fact: Event) -> User:
    """Fold one event."""
    match fact:
        case UserCreated(user=user, administrator=administrator):
            return User(name=user, administrator=administrator)
        case UserRegistered(user=user):
            return User(name=user, administrator=False, standing=Standing.PENDING)
    if state is None:
        raise unknown(fact)
    administrator, standing = state.administrator, state.standing
    match fact:
        case UserApproved() | UserActivated():
            standing = Standing.ACTIVE
        case UserRejected():
            standing = Standing.REJECTED
        case UserDeactivated():
            standing = Standing.DEACTIVATED
        case AdministratorGranted():
            administrator = True
        case AdministratorWithdrawn():
            administrator = False
        case _:
            raise unknown(fact)
    return User(name=state.name, administrator=administrator, standing=standing)


aggregate("user", User, decide=decide, evolve=evolve)
