"""Subjects of a project's schema registry, and the schemas that they are."""

from headrace_events.compatibility import Compatibility
from headrace_events.language import value
from headrace_events.schema import SchemaReference
from headrace_events.subject import WHOLE_PROJECT, Mode
from headrace_projections.catalogue.queries.rows import Pool, all_of, one_of


@value
class SubjectVersionRow:
    """One version of a subject."""

    subject: str
    version: int
    schema_id: int
    deleted: bool = False


@value
class SchemaRow:
    """A schema by its id, which never changes."""

    schema_id: int
    schema: str
    referred: tuple[SchemaReference, ...] = ()


@value
class ListedRow:
    """A version of a subject with its schema."""

    subject: str
    version: int
    schema_id: int
    deleted: bool
    schema: str
    referred: tuple[SchemaReference, ...] = ()


@value
class SettingsRow:
    """What is said of a subject, or (`WHOLE_PROJECT`) of all of a project's."""

    compatibility: Compatibility | None = None
    mode: Mode | None = None


@value
class _Name:
    subject: str


@value
class _Id:
    schema_id: int | None


_VERSIONS = "SELECT subject, version, schema_id, deleted FROM catalogue.subjects WHERE project = %(project)s"
_PREFIX = "starts_with(subject, %(prefix)s)"
_PAGE = "OFFSET %(offset)s LIMIT %(limit)s"


async def versions(pool: Pool, project: str, subject: str) -> list[SubjectVersionRow]:
    """All versions of the subject, in order, the deleted ones too."""
    query = f"{_VERSIONS} AND subject = %(subject)s ORDER BY version"
    return await all_of(pool, SubjectVersionRow, query, project=project, subject=subject)


async def using(pool: Pool, project: str, schema_id: int) -> list[SubjectVersionRow]:
    """Where in the project the schema of that id is used, the deleted versions too."""
    query = f"{_VERSIONS} AND schema_id = %(schema_id)s ORDER BY subject, version"
    return await all_of(pool, SubjectVersionRow, query, project=project, schema_id=schema_id)


async def same(pool: Pool, project: str, subject: str, fingerprint: str) -> list[SubjectVersionRow]:
    """The versions of the subject that are the schema of that fingerprint, in order, the deleted ones too."""
    query = f"""{_VERSIONS} AND subject = %(subject)s AND schema_id IN
        (SELECT schema_id FROM catalogue.schemas WHERE fingerprint = %(fingerprint)s) ORDER BY version"""
    return await all_of(pool, SubjectVersionRow, query, project=project, subject=subject, fingerprint=fingerprint)


async def subjects(
    pool: Pool, project: str, *, prefix: str, hidden: bool, only: bool, offset: int, limit: int
) -> list[str]:
    """Names of subjects, in order; `hidden`: deleted ones too, `only`: those all of whose versions are deleted."""
    query = f"""
        SELECT subject FROM catalogue.subjects WHERE project = %(project)s AND {_PREFIX}
        GROUP BY subject HAVING (%(hidden)s OR NOT bool_and(deleted)) AND (NOT %(only)s OR bool_and(deleted))
        ORDER BY subject {_PAGE}"""
    page = {"prefix": prefix, "hidden": hidden or only, "only": only, "offset": offset, "limit": limit}
    return [row.subject for row in await all_of(pool, _Name, query, project=project, **page)]


async def pages(
    pool: Pool, project: str, *, prefix: str, hidden: bool, latest: bool, offset: int, limit: int, most: int
) -> list[ListedRow]:
    """Versions of all subjects, in order; `latest`: only the newest of each that is shown.

    Of those asked for as many as have `most` bytes of text, and one at least: their lengths are known without reading.
    """
    query = f"""
        SELECT subject, version, schema_id, deleted, schema, referred FROM (
            SELECT asked.*, schema, referred, row_number() OVER upward AS place,
                   sum(octet_length(schema)) OVER upward AS length
            FROM (SELECT subject, version, schema_id, deleted FROM (
                      SELECT *, row_number() OVER (PARTITION BY subject ORDER BY version DESC) AS age
                      FROM catalogue.subjects WHERE project = %(project)s AND {_PREFIX} AND (%(hidden)s OR NOT deleted)
                  ) shown WHERE NOT %(latest)s OR age = 1 ORDER BY subject, version {_PAGE}) asked
            JOIN catalogue.schemas USING (schema_id) WINDOW upward AS (ORDER BY subject, version)) sized
        WHERE place = 1 OR length <= %(most)s ORDER BY subject, version"""
    page = {"prefix": prefix, "hidden": hidden, "latest": latest, "offset": offset, "limit": limit, "most": most}
    return await all_of(pool, ListedRow, query, project=project, **page)


async def schema(pool: Pool, schema_id: int) -> SchemaRow | None:
    """The schema of that id, whoever uses it."""
    query = "SELECT schema_id, schema, referred FROM catalogue.schemas WHERE schema_id = %(schema_id)s"
    return await one_of(pool, SchemaRow, query, schema_id=schema_id)


async def referrers(pool: Pool, project: str, subject: str, version: int) -> list[int]:
    """The ids of the schemas in the project that refer to the version, in order."""
    query = """
        SELECT DISTINCT schema_id FROM catalogue.subjects JOIN catalogue.schemas USING (schema_id)
        WHERE project = %(project)s AND NOT deleted AND referred @>
              jsonb_build_array(jsonb_build_object('subject', %(subject)s::text, 'version', %(version)s::bigint))
        ORDER BY schema_id"""
    rows = await all_of(pool, _Id, query, project=project, subject=subject, version=version)
    return [row.schema_id for row in rows if row.schema_id is not None]


async def last_id(pool: Pool, project: str) -> int | None:
    """The highest id of a schema that the project uses."""
    query = "SELECT max(schema_id) AS schema_id FROM catalogue.subjects WHERE project = %(project)s"
    found = await one_of(pool, _Id, query, project=project)
    return found.schema_id if found else None


async def settings(pool: Pool, project: str, subject: str = WHOLE_PROJECT) -> SettingsRow:
    """What is said of the subject itself."""
    query = """
        SELECT compatibility, mode FROM catalogue.subject_settings
        WHERE project = %(project)s AND subject = %(subject)s"""
    return await one_of(pool, SettingsRow, query, project=project, subject=subject) or SettingsRow()
