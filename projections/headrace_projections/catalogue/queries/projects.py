"""Projects, their members and what happened in them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from headrace_events.language import value
from headrace_events.roles import Role
from headrace_projections.catalogue.queries.access import NAMED, PHASE
from headrace_projections.catalogue.queries.rows import Pool, all_of, one_of


@value
class ProjectRow:
    """A project; it takes commands and records while `phase` is ready, and is only read while it is archived.

    The data of one that is sensitive stays inside. One that is deleted keeps its name.
    """

    project: str
    phase: str
    owner: str
    description: str
    requested_time: datetime
    ready_time: datetime | None = None
    archived_by: str | None = None
    archived_time: datetime | None = None
    sensitive: bool = False
    sensitive_by: str | None = None
    sensitive_time: datetime | None = None
    closing_by: str | None = None
    closing_time: datetime | None = None
    deleted_time: datetime | None = None


@value
class ReadmeRow:
    """A project's README in Markdown, as it was written; nobody and never where there is none."""

    text: str = ""
    written_by: str | None = None
    written_time: datetime | None = None


@value
class MemberRow:
    """Somebody's membership; `version` (of all memberships of the project) is what If-Match is compared with.

    `full_name` is sealed; of whom was `erased` there is none.
    """

    user: str
    full_name: str | None = None
    erased: bool
    role: Role
    since_time: datetime
    version: int


@value
class HappenedRow:
    """An event; `body` is its value in record form, `cause` the command's id, `position` its place in the log."""

    seq: int
    event_id: str
    type: str
    aggregate: str
    version: int
    actor: str
    cause: str
    time: datetime
    position: str
    body: Mapping[str, Any]


_PROJECTS = f"""
    SELECT project, owner, description, requested_time, ready_time, archived_by, archived_time,
           sensitive, sensitive_by, sensitive_time,
           closing_by, closing_time, deleted_time, {PHASE} AS phase
    FROM catalogue.projects"""
_MEMBERS = """
    SELECT user_name AS user, role, since_time, users.full_name, coalesce(users.standing = 'erased', false) AS erased,
           coalesce((SELECT version FROM catalogue.aggregate_versions versions
                     WHERE versions.project = members.project AND versions.aggregate = 'member/'), 0) AS version
    FROM catalogue.members LEFT JOIN catalogue.users USING (user_name) WHERE project = %(project)s"""
_ACTIVITY = """
    SELECT seq, event_id, type, aggregate, version, actor, cause, time, position, body FROM catalogue.activity"""


async def projects(pool: Pool, user: str | None = None) -> list[ProjectRow]:
    """All projects that are not deleted, or of these the ones the person sees without being an administrator."""
    of_user = f"""
        AND ({NAMED} OR project IN (SELECT project FROM catalogue.members WHERE user_name = %(user)s))"""
    query = f"{_PROJECTS} WHERE phase <> 'deleted'{of_user if user is not None else ''} ORDER BY project"
    return await all_of(pool, ProjectRow, query, user=user)


async def project(pool: Pool, name: str) -> ProjectRow | None:
    """The project of that name."""
    return await one_of(pool, ProjectRow, f"{_PROJECTS} WHERE project = %(name)s", name=name)


async def readme(pool: Pool, name: str) -> ReadmeRow:
    """The project's README; an empty one where none was written."""
    query = "SELECT body AS text, written_by, written_time FROM catalogue.readmes WHERE project = %(name)s"
    return await one_of(pool, ReadmeRow, query, name=name) or ReadmeRow()


async def members(pool: Pool, name: str) -> list[MemberRow]:
    """The project's members, by name."""
    return await all_of(pool, MemberRow, f"{_MEMBERS} ORDER BY user_name", project=name)


async def member(pool: Pool, name: str, user: str) -> MemberRow | None:
    """One member."""
    return await one_of(pool, MemberRow, f"{_MEMBERS} AND user_name = %(user)s", project=name, user=user)


async def activity(
    pool: Pool, name: str, *, before: int | None = None, kind: str | None = None, limit: int = 100
) -> list[HappenedRow]:
    """What happened in the project ('': on the platform), the last first; `kind` is of the aggregate."""
    query = f"""{_ACTIVITY}
        WHERE project = %(project)s AND (%(before)s::bigint IS NULL OR seq < %(before)s)
          AND (%(kind)s::text IS NULL OR starts_with(aggregate, %(kind)s || '/'))
        ORDER BY seq DESC LIMIT %(limit)s"""
    return await all_of(pool, HappenedRow, query, project=name, before=before, kind=kind, limit=limit)


async def caused_by(pool: Pool, name: str, cause: str) -> list[HappenedRow]:
    """The project's events that one command caused, in order."""
    query = f"{_ACTIVITY} WHERE project = %(project)s AND cause = %(cause)s ORDER BY seq"
    return await all_of(pool, HappenedRow, query, project=name, cause=cause)
