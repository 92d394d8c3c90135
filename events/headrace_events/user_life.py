"""A person's way: from registration or creation, through approval, to deactivation and back, or to erasure."""

from dataclasses import replace

from headrace_events import personal_life
from headrace_events.administration import Administration, AdministrationFounded, AdministratorJoined, leave
from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.api_key import ApiKeyIssued, ApiKeyStored
from headrace_events.errors import AlreadyExists, Conflict, NotFound
from headrace_events.identity import forgotten
from headrace_events.ids import user_name
from headrace_events.language import Command, Event
from headrace_events.password import PasswordErased, changed
from headrace_events.personal import (
    DescribeUser,
    EraseSubject,
    MakePersonalKey,
    PersonalKeyMade,
    SubjectErased,
    UserDescribed,
)
from headrace_events.session import ended
from headrace_events.user import (
    ActivateUser,
    AdministratorGranted,
    AdministratorWithdrawn,
    ApproveUser,
    CreateFirstAdministrator,
    CreateUser,
    DeactivateUser,
    GrantAdministrator,
    RegisterUser,
    RejectUser,
    Standing,
    User,
    UserActivated,
    UserApproved,
    UserBarred,
    UserCreated,
    UserDeactivated,
    UserRegistered,
    UserRejected,
    UserUnbarred,
    WithdrawAdministrator,
    must_stand,
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
    if known.state(Administration, None, "platform") is not None:
        raise Conflict("administrator-exists", "the platform has its administrator already")
    return [
        AdministrationFounded(user=user_name(wish.user)),
        UserCreated(user=wish.user, administrator=True),
        ApiKeyIssued(key_id=wish.key_id, user=wish.user, project=None, expires=None),
        ApiKeyStored(key_id=wish.key_id, user=wish.user, key_hash=wish.key_hash, project=None, expires=None),
    ]


def _registered(wish: RegisterUser) -> list[Event]:
    registered = UserRegistered(user=user_name(wish.user))
    return [registered, *(changed(wish.user, wish.sealed, None) if wish.sealed is not None else ())]


def _turned_away(user: str, reason: str, known: Known) -> list[Event]:
    return [UserRejected(user=user, reason=reason), PasswordErased(user=user), *forgotten(user, known)]


def _shut_out(wish: DeactivateUser, known: Known) -> list[Event]:
    user = wish.user
    return [UserDeactivated(user=user, reason=wish.reason), UserBarred(user=user), *ended(user, known)]


def _changed(state: User, wish: Command, known: Known) -> list[Event]:
    match wish:
        case ApproveUser(user=user):
            must_stand(state, Standing.PENDING)
            return [UserApproved(user=user)]
        case RejectUser(user=user, reason=reason):
            must_stand(state, Standing.PENDING)
            return _turned_away(user, reason, known)
        case DeactivateUser(user=user):
            must_stand(state, Standing.ACTIVE)
            right: list[Event] = _withdrawn(user, known) if state.administrator else []
            return [*right, *_shut_out(wish, known)]
        case ActivateUser(user=user):
            must_stand(state, Standing.DEACTIVATED)
            return [UserActivated(user=user), UserUnbarred(user=user)]
        case GrantAdministrator(user=user):
            must_stand(state, Standing.ACTIVE)
            return [] if state.administrator else [AdministratorGranted(user=user), AdministratorJoined(user=user)]
        case WithdrawAdministrator(user=user):
            return _withdrawn(user, known) if state.administrator else []
        case MakePersonalKey() | DescribeUser() | EraseSubject():
            return personal_life.decide(state, wish, known)
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
            kept = state is not None and state.personal_key
            return User(name=user, administrator=False, standing=Standing.PENDING, personal_key=kept)
    if state is None:
        raise unknown(fact)
    match fact:
        case UserApproved() | UserActivated():
            return replace(state, standing=Standing.ACTIVE)
        case UserRejected():
            return replace(state, standing=Standing.REJECTED)
        case UserDeactivated():
            return replace(state, standing=Standing.DEACTIVATED)
        case SubjectErased():
            return replace(state, standing=Standing.ERASED)
        case AdministratorGranted():
            return replace(state, administrator=True)
        case AdministratorWithdrawn():
            return replace(state, administrator=False)
        case PersonalKeyMade():
            return replace(state, personal_key=True)
        case UserDescribed():
            return state
        case _:
            raise unknown(fact)


aggregate("user", User, decide=decide, evolve=evolve)
