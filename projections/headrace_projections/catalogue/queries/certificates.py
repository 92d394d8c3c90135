"""Certificates of members, and of workers on their behalf."""

from datetime import datetime
from enum import StrEnum

from headrace_events.ids import Micros
from headrace_events.language import value
from headrace_events.roles import Role
from headrace_projections.catalogue.queries.rows import Pool, all_of, one_of


@value
class CertificateRow:
    """One generation; `state` is requested, issued, rejected or revoked, `certificate` PEM, `expires` microseconds.

    A worker's says for which rung of which run (`<study>/<trial>`) it is.
    """

    user: str
    generation: int
    state: str
    certificate: str | None = None
    serial: str | None = None
    begins: Micros | None = None
    expires: Micros | None = None
    reason: str | None = None
    replaces: int | None = None
    run: str | None = None
    rung: int | None = None
    requested_time: datetime
    state_time: datetime


_CERTIFICATES = """
    SELECT user_name AS user, generation, state, certificate, serial, begins, expires, reason, replaces,
           run, rung, requested_time, state_time
    FROM catalogue.certificates WHERE project = %(project)s"""


async def certificates(pool: Pool, project: str, user: str | None = None) -> list[CertificateRow]:
    """All generations of the project's members, or of one of them, the newest first."""
    query = f"""{_CERTIFICATES} AND (%(user)s::text IS NULL OR user_name = %(user)s)
        ORDER BY user_name, generation DESC"""
    return await all_of(pool, CertificateRow, query, project=project, user=user)


async def certificate(pool: Pool, project: str, user: str, generation: int) -> CertificateRow | None:
    """One generation."""
    query = f"{_CERTIFICATES} AND user_name = %(user)s AND generation = %(generation)s"
    return await one_of(pool, CertificateRow, query, project=project, user=user, generation=generation)


class CertificateState(StrEnum):
    """How an issued certificate stands: it expires soon when it should have been renewed, at two thirds of its life.

    Superseded is what a newer one took the place of: as its renewal, or because the person had too many. One whose
    authority is retired opens no connection.
    """

    VALID = "valid"
    EXPIRES_SOON = "expires-soon"
    SUPERSEDED = "superseded"
    AUTHORITY_RETIRED = "authority-retired"
    REVOKED = "revoked"
    EXPIRED = "expired"


@value
class ListedCertificate:
    """An issued certificate; `role` is its person's in the project, None of who is no member (any more).

    `begins` and `expires` are microseconds UTC, `reason` says why it was revoked. A worker's says for which rung of
    which run (`<study>/<trial>`) it is; the person is the one who asked for that study.
    """

    project: str
    user: str
    role: Role | None = None
    generation: int
    serial: str
    authority: int
    state: CertificateState
    begins: Micros
    expires: Micros
    reason: str | None = None
    run: str | None = None
    rung: int | None = None


@value
class WhichCertificates:
    """Those that fit everything that is given, as they stand at `now`."""

    now: Micros
    project: str | None = None
    user: str | None = None
    state: CertificateState | None = None


_STANDING = """
    SELECT project, user_name AS "user", role, generation, serial, authority, begins, expires, reason, run, rung, CASE
        WHEN state = 'revoked' THEN CASE reason WHEN 'superseded' THEN 'superseded' ELSE 'revoked' END
        WHEN expires <= %(now)s THEN 'expired'
        WHEN EXISTS (SELECT FROM catalogue.authorities retired
                     WHERE retired.authority = issued.authority AND retired.state = 'retired') THEN 'authority-retired'
        WHEN EXISTS (SELECT FROM catalogue.certificates newer
                     WHERE newer.project = issued.project AND newer.user_name = issued.user_name
                       AND newer.replaces = issued.generation AND newer.serial IS NOT NULL) THEN 'superseded'
        WHEN expires - %(now)s <= (expires - begins) / 3 THEN 'expires-soon'
        ELSE 'valid' END AS state
    FROM (SELECT project, user_name, role, generation, serial, authority, state, expires, reason, run, rung,
                 COALESCE(begins, (extract(epoch FROM requested_time) * 1000000)::bigint) AS begins
          FROM catalogue.certificates LEFT JOIN catalogue.members USING (project, user_name)
          WHERE serial IS NOT NULL
            AND (%(project)s::text IS NULL OR project = %(project)s)
            AND (%(user)s::text IS NULL OR user_name = %(user)s)) issued"""


@value
class Place:
    """Where a page of the list ended."""

    expires: int
    project: str
    user: str
    generation: int


async def listed(
    pool: Pool, which: WhichCertificates, *, limit: int, after: Place | None = None
) -> list[ListedCertificate]:
    """Issued certificates of all projects, those that last the longest first; with `after`, from that place on."""
    query = f"""
        SELECT * FROM ({_STANDING}) standing
        WHERE (%(state)s::text IS NULL OR state = %(state)s)
          AND (%(expires)s::bigint IS NULL
               OR (expires, project, "user", generation)
                  < (%(expires)s::bigint, %(last_project)s::text, %(last_user)s::text, %(generation)s::bigint))
        ORDER BY expires DESC, project DESC, "user" DESC, generation DESC LIMIT %(limit)s"""
    return await all_of(
        pool,
        ListedCertificate,
        query,
        now=which.now,
        project=which.project,
        user=which.user,
        state=which.state.value if which.state else None,
        expires=after.expires if after else None,
        last_project=after.project if after else None,
        last_user=after.user if after else None,
        generation=after.generation if after else None,
        limit=limit,
    )
