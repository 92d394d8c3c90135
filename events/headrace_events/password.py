"""Passwords: a hash that only the API can read, and when it does not count."""

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import Conflict, Forbidden, Invalid
from headrace_events.ids import Micros
from headrace_events.language import Command, Erasure, Event, Home, command, event, value
from headrace_events.session import ended
from headrace_events.totp import spent
from headrace_events.user import may_act_for, must_be_active

MOST_BYTES = 1_000


@command("password.set")
class SetPassword(Command):
    """Give oneself a password, or as an administrator somebody a temporary one.

    `sealed` is the argon2 hash, encrypted by the API under the platform's master key: no other process reads it. All of
    the person's sessions end but `keep`. `totp_step` or `recovery` is the code shown, as in StartSession.
    """

    user: str
    sealed: bytes
    temporary_until: Micros | None = None
    keep: str | None = None
    totp_step: int | None = None
    recovery: str | None = None

    @property
    def key(self) -> str:
        return self.user


@command("password.lock")
class LockPassword(Command):
    """The API says: there were too many wrong tries; no password of the person counts until then."""

    user: str
    until: Micros

    @property
    def key(self) -> str:
        return self.user


@command("password.unlock")
class UnlockPassword(Command):
    """Let the person try again at once."""

    user: str

    @property
    def key(self) -> str:
        return self.user


@event("password.changed", Home.PLATFORM)
class PasswordChanged(Event):
    """The person has this password from here on; a temporary one counts only to choose another."""

    user: str
    temporary_until: Micros | None = None

    @property
    def key(self) -> str:
        return self.user


@event("password.locked", Home.PLATFORM)
class PasswordLocked(Event):
    """Nobody signs in with the person's password until then."""

    user: str
    until: Micros

    @property
    def key(self) -> str:
        return self.user


@event("password.unlocked", Home.PLATFORM)
class PasswordUnlocked(Event):
    """The password counts again."""

    user: str

    @property
    def key(self) -> str:
        return self.user


@event("password.stored", Home.CREDENTIALS)
class PasswordStored(Event):
    """What the API checks a password with."""

    user: str
    sealed: bytes
    temporary_until: Micros | None = None

    @property
    def key(self) -> str:
        return f"password/{self.user}"


@event("password.erased", Home.CREDENTIALS)
class PasswordErased(Erasure):
    """Takes the place of the stored hash."""

    user: str

    @property
    def key(self) -> str:
        return f"password/{self.user}"


@event("password.lock_stored", Home.CREDENTIALS)
class LockStored(Event):
    """Tells whoever checks passwords not to."""

    user: str
    until: Micros

    @property
    def key(self) -> str:
        return f"lock/{self.user}"


@event("password.lock_erased", Home.CREDENTIALS)
class LockErased(Erasure):
    """Takes the place of the lock."""

    user: str

    @property
    def key(self) -> str:
        return f"lock/{self.user}"


@value
class Password:
    """That there is a password, and until when it is locked."""

    locked_until: Micros | None = None


def changed(user: str, sealed: bytes, temporary_until: Micros | None) -> list[Event]:
    """The events that give a person a password."""
    if not 0 < len(sealed) <= MOST_BYTES:
        raise Invalid("invalid-password-hash", f"a sealed hash has at most {MOST_BYTES} bytes")
    return [
        PasswordChanged(user=user, temporary_until=temporary_until),
        PasswordStored(user=user, sealed=sealed, temporary_until=temporary_until),
    ]


def decide(state: Password | None, wish: Command, known: Known) -> list[Event]:
    """Let nobody know another's lasting password."""
    match wish:
        case SetPassword(user=user):
            must_be_active(user, known)
            _may_set(wish, known)
            shown = spent(user, wish.totp_step, wish.recovery, known)
            unlocked: list[Event] = _unlocked(user) if state and state.locked_until else []
            given = changed(user, wish.sealed, wish.temporary_until)
            return [*shown, *unlocked, *given, *ended(user, known, wish.keep)]
        case LockPassword(user=user, until=until):
            must_be_active(user, known)
            return [PasswordLocked(user=user, until=until), LockStored(user=user, until=until)]
        case UnlockPassword(user=user):
            if state is None or state.locked_until is None:
                raise Conflict("not-locked", f"the password of {user!r} is not locked")
            return _unlocked(user)
        case _:
            raise unknown(wish)


def _may_set(wish: SetPassword, known: Known) -> None:
    if not may_act_for(wish.user, known):
        raise Forbidden("not-your-password", "only the person, or an administrator, may set a password")
    if known.actor == f"user:{wish.user}":
        if wish.temporary_until is not None:
            raise Forbidden(
                "not-a-lasting-password", "nobody resets their own password: set it, and show the present one"
            )
    elif wish.temporary_until is None:
        raise Invalid("password-must-be-temporary", "an administrator gives others a temporary password only")


def _unlocked(user: str) -> list[Event]:
    return [PasswordUnlocked(user=user), LockErased(user=user)]


def evolve(state: Password | None, fact: Event) -> Password:
    """Fold one event."""
    match fact:
        case PasswordChanged():
            return state or Password()
        case PasswordLocked(until=until):
            return Password(locked_until=until)
        case PasswordUnlocked():
            return Password()
        case _:
            raise unknown(fact)


aggregate("password", Password, decide=decide, evolve=evolve)
