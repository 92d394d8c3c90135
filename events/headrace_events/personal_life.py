"""What becomes of what identifies a person: described by themselves or an administrator, and erased for good."""

from headrace_events.administration import leave
from headrace_events.aggregates import Known
from headrace_events.errors import Conflict, Forbidden
from headrace_events.identity import forgotten
from headrace_events.language import Event
from headrace_events.member import must_leave_owners
from headrace_events.password import LockErased, PasswordErased
from headrace_events.personal import (
    DescribeUser,
    EraseSubject,
    MakePersonalKey,
    PersonalKeyErased,
    PersonalKeyMade,
    PersonalKeyStored,
    SubjectErased,
    UserDescribed,
    must_be_sealed,
)
from headrace_events.session import ended
from headrace_events.totp import TotpErased
from headrace_events.user import (
    AdministratorWithdrawn,
    Standing,
    User,
    UserBarred,
    UserDeactivated,
    may_act_for,
)

Wish = MakePersonalKey | DescribeUser | EraseSubject


def decide(state: User, wish: Wish, known: Known) -> list[Event]:
    """Give each person one key, and none after it was erased."""
    match wish:
        case EraseSubject():
            return _erased(state, known)
        case MakePersonalKey(user=user):
            _must_not_be_erased(state)
            made = [PersonalKeyMade(user=user), PersonalKeyStored(user=user, secret=known.secret())]
            return [] if state.personal_key else made
        case DescribeUser(user=user, full_name=full_name, email=email):
            _must_be_theirs(state, known)
            _must_not_be_erased(state)
            must_be_sealed(user, full_name=full_name, email=email)
            return [UserDescribed(user=user, full_name=full_name, email=email)]


def _erased(state: User, known: Known) -> list[Event]:
    """Themselves at once; by an administrator only who is shut out already."""
    user = state.name
    _must_be_theirs(state, known)
    if state.standing is Standing.ERASED:
        return []
    if state.standing is Standing.ACTIVE and known.actor != f"user:{user}":
        raise Conflict(
            "user-not-deactivated",
            f"{user!r} is active: deactivate them first, or let them erase themselves",
            {"user": user, "standing": state.standing.value},
        )
    must_leave_owners(user, known)
    active = state.standing is Standing.ACTIVE
    return [
        *(_out(state, known) if active else ()),
        SubjectErased(user=user),
        *(ended(user, known) if active else ()),
        UserBarred(user=user),
        PasswordErased(user=user),
        LockErased(user=user),
        TotpErased(user=user),
        *forgotten(user, known),
        PersonalKeyErased(user=user),
    ]


def _out(state: User, known: Known) -> list[Event]:
    user = state.name
    right: list[Event] = [leave(user, known), AdministratorWithdrawn(user=user)] if state.administrator else []
    return [*right, UserDeactivated(user=user, reason="")]


def _must_be_theirs(state: User, known: Known) -> None:
    if not may_act_for(state.name, known):
        raise Forbidden("not-your-data", "only the person, or an administrator, may change what identifies them")


def _must_not_be_erased(state: User) -> None:
    if state.standing is Standing.ERASED:
        raise Conflict("user-erased", f"{state.name!r} was erased for ever", {"user": state.name})
