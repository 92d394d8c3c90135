"""Who belongs to a project, and in which role."""

from collections.abc import Mapping

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import AlreadyExists, Conflict, NotFound
from headrace_events.language import Command, Event, command, event, value
from headrace_events.quota import Quota, must_fit
from headrace_events.roles import Role
from headrace_events.user import Standing, User, must_be_active


@command("member.add")
class AddMember(Command):
    """Give a person a role in the project."""

    project: str
    user: str
    role: Role

    @property
    def key(self) -> str:
        return ""


@command("member.change_role")
class ChangeRole(Command):
    """Give a member another role."""

    project: str
    user: str
    role: Role

    @property
    def key(self) -> str:
        return ""


@command("member.remove")
class RemoveMember(Command):
    """End a membership; the broker closes to the member's certificates at once."""

    project: str
    user: str

    @property
    def key(self) -> str:
        return ""


@event("member.added")
class MemberAdded(Event):
    """The person is a member."""

    user: str
    role: Role

    @property
    def key(self) -> str:
        return ""


@event("member.role_changed")
class MemberRoleChanged(Event):
    """The member's role is another."""

    user: str
    role: Role

    @property
    def key(self) -> str:
        return ""


@event("member.removed")
class MemberRemoved(Event):
    """The person is no member any more."""

    user: str

    @property
    def key(self) -> str:
        return ""


@value
class Membership:
    """All members of a project with their roles."""

    roles: Mapping[str, Role]

    def owners(self) -> set[str]:
        """The members who are Data Owners."""
        return {user for user, role in self.roles.items() if role is Role.DATA_OWNER}


def decide(state: Membership | None, wish: Command, known: Known) -> list[Event]:
    """Keep at least one Data Owner who is active, and each person at most once."""
    roles = state.roles if state else {}
    match wish:
        case AddMember(project=project, user=user, role=role):
            must_be_active(user, known)
            if user in roles:
                raise AlreadyExists("member", user)
            must_fit(known, project, {Quota.MEMBERS: 1})
            return [MemberAdded(user=user, role=role)]
        case ChangeRole(user=user, role=role):
            if user not in roles:
                raise NotFound("member", user)
            if roles[user] is role:
                return []
            _keep_an_owner(state, user, known)
            return [MemberRoleChanged(user=user, role=role)]
        case RemoveMember(user=user):
            if user not in roles:
                raise NotFound("member", user)
            _keep_an_owner(state, user, known)
            return [MemberRemoved(user=user)]
        case _:
            raise unknown(wish)


def _keep_an_owner(state: Membership | None, leaving: str, known: Known) -> None:
    if state and _rests_on(state, leaving, known):
        raise Conflict("last-owner", f"{leaving!r} is the last Data Owner: make another one first", {"user": leaving})


def must_leave_owners(user: str, known: Known) -> None:
    """Raise Conflict where the person is an owner of projects that have no other one who is active."""
    projects = sorted(name for name, held in known.in_projects(Membership) if _rests_on(held, user, known))
    if projects:
        raise Conflict(
            "last-owner",
            f"{user!r} is the last Data Owner of {', '.join(projects)}: make another one first, or delete the project",
            {"user": user, "projects": ", ".join(projects)},
        )


def _rests_on(state: Membership, owner: str, known: Known) -> bool:
    """Whether the person is an owner beside whom there is none who can act."""
    owners = state.owners()
    return owner in owners and not any(_is_active(other, known) for other in owners - {owner})


def _is_active(user: str, known: Known) -> bool:
    found = known.state(User, None, user)
    return found is not None and found.standing is Standing.ACTIVE


def evolve(state: Membership | None, fact: Event) -> Membership:
    """Fold one event."""
    roles = dict(state.roles) if state else {}
    match fact:
        case MemberAdded(user=user, role=role) | MemberRoleChanged(user=user, role=role):
            roles[user] = role
        case MemberRemoved(user=user):
            del roles[user]
        case _:
            raise unknown(fact)
    return Membership(roles=roles)


aggregate("member", Membership, decide=decide, evolve=evolve)
