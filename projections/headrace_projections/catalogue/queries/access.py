"""Who may see what."""

from headrace_events.language import value
from headrace_events.roles import Role
from headrace_projections.catalogue.queries.rows import Pool, one_of

# The platform's log may be read before the project's own: ready is what has its owner and its topics, too.
PHASE = """
    CASE WHEN projects.phase = 'ready' AND NOT EXISTS (SELECT FROM catalogue.topics
                                                       WHERE topics.project = projects.project)
         THEN 'requested' ELSE projects.phase END"""

# Before there are members, whoever it is made for; after there are none, whoever took it away.
NAMED = f"""
    coalesce(projects.owner = %(user)s AND {PHASE} = 'requested', false)
        OR coalesce(projects.closing_by = 'user:' || %(user)s, false)"""


@value
class Access:
    """A person's standing towards a project. `named` says that they see it without being a member."""

    exists: bool
    archived: bool = False
    sensitive: bool = False
    named: bool = False
    role: Role | None = None
    administrator: bool


async def access_of(pool: Pool, project: str, user: str) -> Access:
    """How the person stands to the project; also where one of the two does not exist."""
    query = f"""
        SELECT projects.project IS NOT NULL AS exists, members.role, ({NAMED}) AS named,
               coalesce(projects.phase = 'archived', false) AS archived,
               coalesce(projects.sensitive, false) AS sensitive,
               coalesce(users.administrator, false) AS administrator
        FROM (SELECT %(project)s::text AS project, %(user)s::text AS user_name) asked
        LEFT JOIN catalogue.projects USING (project)
        LEFT JOIN catalogue.members USING (project, user_name)
        LEFT JOIN catalogue.users USING (user_name)"""
    found = await one_of(pool, Access, query, project=project, user=user)
    return found or Access(exists=False, administrator=False)


@value
class _Standing:
    administrator: bool


async def is_administrator(pool: Pool, user: str) -> bool:
    """Whether the person administers the platform."""
    query = "SELECT administrator FROM catalogue.users WHERE user_name = %(user)s"
    found = await one_of(pool, _Standing, query, user=user)
    return found is not None and found.administrator
