"""People and their keys."""

from datetime import datetime

from headrace_events.ids import Micros
from headrace_events.language import value
from headrace_events.roles import Role
from headrace_events.scopes import Scope
from headrace_events.user import Standing
from headrace_projections.catalogue.queries.rows import Pool, all_of, one_of


@value
class UserRow:
    """A person of the platform; `…_until` are microseconds UTC. Reason, full name and e-mail are sealed."""

    user: str
    administrator: bool
    standing: Standing
    reason: str
    password: bool
    temporary_until: Micros | None = None
    locked_until: Micros | None = None
    totp: bool
    full_name: str | None = None
    email: str | None = None
    created_time: datetime
    standing_by: str
    standing_time: datetime


@value
class ApiKeyRow:
    """An API key, without its secret, which nobody but its owner has.

    Times are microseconds UTC; `used` is the day of the last use, `scopes` None stands for all.
    """

    key_id: str
    user: str
    project: str | None = None
    name: str
    scopes: tuple[Scope, ...] | None = None
    expires: Micros | None = None
    used: Micros | None = None
    revoked: bool
    issued_time: datetime


@value
class MembershipRow:
    """A project somebody belongs to, and as what."""

    project: str
    role: Role


_USERS = """
    SELECT user_name AS user, administrator, standing, reason, password, temporary_until, locked_until, totp,
           full_name, email, created_time, standing_by, standing_time
    FROM catalogue.users"""


async def users(pool: Pool, standing: Standing | None = None) -> list[UserRow]:
    """Everybody, or everybody of that standing, by name."""
    query = f"{_USERS} WHERE %(standing)s::text IS NULL OR standing = %(standing)s ORDER BY user_name"
    return await all_of(pool, UserRow, query, standing=standing.value if standing else None)


async def user(pool: Pool, name: str) -> UserRow | None:
    """The person of that name."""
    return await one_of(pool, UserRow, f"{_USERS} WHERE user_name = %(name)s", name=name)


async def memberships(pool: Pool, user_name: str) -> list[MembershipRow]:
    """The projects the person belongs to."""
    query = "SELECT project, role FROM catalogue.members WHERE user_name = %(user)s ORDER BY project"
    return await all_of(pool, MembershipRow, query, user=user_name)


async def api_keys(pool: Pool, user_name: str) -> list[ApiKeyRow]:
    """The person's keys, the newest first."""
    query = """
        SELECT key_id, user_name AS user, project, name, scopes, expires, used, revoked, issued_time
        FROM catalogue.api_keys WHERE user_name = %(user)s ORDER BY issued_seq DESC"""
    return await all_of(pool, ApiKeyRow, query, user=user_name)
