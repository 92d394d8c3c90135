"""Topics of a project, and the schemas of what is on them."""

from datetime import datetime

from headrace_events.language import value
from headrace_projections.catalogue.queries.rows import Pool, all_of, one_of


@value
class TopicRow:
    """A topic by its full name; it takes records once `phase` is open. `writers` are those besides the owners."""

    topic: str
    topic_id: str | None = None
    partitions: int
    purpose: str
    phase: str
    opened_time: datetime | None = None
    writers: tuple[str, ...]


@value
class SubjectVersionRow:
    """One version of a subject of the project's schema registry."""

    subject: str
    version: int
    schema_id: int
    schema: str


_TOPICS = """
    SELECT topic, topic_id, partitions, purpose, phase, opened_time,
           ARRAY(SELECT user_name FROM catalogue.topic_writers writers
                 WHERE writers.project = topics.project AND writers.topic = topics.topic
                 ORDER BY user_name) AS writers
    FROM catalogue.topics WHERE project = %(project)s"""
_SUBJECTS = """
    SELECT subject, version, schema_id, schema
    FROM catalogue.subjects JOIN catalogue.schemas USING (schema_id) WHERE project = %(project)s"""


async def topics(pool: Pool, project: str) -> list[TopicRow]:
    """The project's topics that are not closed, by name."""
    return await all_of(pool, TopicRow, f"{_TOPICS} AND phase <> 'closed' ORDER BY topic", project=project)


async def topic(pool: Pool, project: str, name: str) -> TopicRow | None:
    """The topic of that full name."""
    return await one_of(pool, TopicRow, f"{_TOPICS} AND topic = %(name)s", project=project, name=name)


async def subject_versions(pool: Pool, project: str, subject: str | None = None) -> list[SubjectVersionRow]:
    """All versions of the project's subjects, or of one of them, in order."""
    query = f"{_SUBJECTS} AND (%(subject)s::text IS NULL OR subject = %(subject)s) ORDER BY subject, version"
    return await all_of(pool, SubjectVersionRow, query, project=project, subject=subject)


async def schemas_by_id(pool: Pool, project: str, schema_id: int) -> list[SubjectVersionRow]:
    """Where in the project the schema of that id is used, with its text; empty where it is not."""
    query = f"{_SUBJECTS} AND schema_id = %(schema_id)s ORDER BY subject, version"
    return await all_of(pool, SubjectVersionRow, query, project=project, schema_id=schema_id)
