"""People of the platform: what may be wished and what happens to them, and where they stand."""

from enum import StrEnum

from headrace_events.aggregates import Known
from headrace_events.errors import Conflict, NotFound
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
    ERASED = "erased"


@value
class User:
    """A person; `personal_key` says whether there was ever a key for what identifies them."""

    name: str
    administrator: bool
    standing: Standing = Standing.ACTIVE
    personal_key: bool = False


def must_be_active(user: str, known: Known) -> User:
    """The person, who can be given things; raises NotFound, Conflict."""
    found = known.state(User, None, user)
    if found is None:
        raise NotFound("user", user)
    must_stand(found, Standing.ACTIVE)
    return found


def must_stand(user: User, *wanted: Standing) -> None:
    """Raise Conflict unless that is where the person is."""
    if user.standing not in wanted:
        names = " or ".join(standing.value for standing in wanted)
        raise Conflict(
            f"user-not-{wanted[0].value}",
            f"{user.name!r} is {user.standing.value}, not {names}",
            {"user": user.name, "standing": user.standing.value},
        )


def may_act_for(user: str, known: Known) -> bool:
    """Whether it is the person, or an administrator, who sends the command."""
    if known.actor == f"user:{user}":
        return True
    actor = known.state(User, None, known.actor.removeprefix("user:"))
    return actor is not None and actor.administrator
