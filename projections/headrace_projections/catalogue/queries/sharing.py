"""What projects let one another read, as both sides see it."""

from collections.abc import Sequence
from datetime import datetime

from headrace_events.errors import NotFound
from headrace_events.language import value
from headrace_events.shared import Shared
from headrace_projections.catalogue.queries.rows import Pool, all_of, one_of
from headrace_projections.catalogue.queries.schemas import SubjectVersionRow


@value
class ShareRow:
    """A share: `project` lets `receiver` read once `phase` is accepted, and until it is declined or revoked.

    `open` says what held at the brokers when provisioning said so last; `settled` is false between an answer and that.
    It `rests` while it is accepted and one of the projects is sensitive: then nobody reads through it. `topics` are
    those it opens now; one that was deleted is none. `version` (of the share) is what If-Match is compared with.
    """

    share: str
    project: str
    receiver: str
    what: str
    name: str
    group_version: int | None = None
    phase: str
    open: bool
    settled: bool
    rests: bool
    topics: tuple[str, ...]
    offered_by: str
    offered_time: datetime
    answered_by: str | None = None
    answered_time: datetime | None = None
    version: int


_SHARES = """
    SELECT share, project, receiver, what, name, version AS group_version, phase,
           open AND NOT EXISTS (SELECT FROM catalogue.topics gone
                                WHERE gone.project = shares.project AND gone.topic = shares.name
                                  AND gone.phase = 'closed') AS open,
           settled,
           phase = 'accepted' AND EXISTS (SELECT FROM catalogue.projects side
                                          WHERE side.project IN (shares.project, shares.receiver)
                                            AND side.sensitive) AS rests,
           offered_by, offered_time, answered_by, answered_time,
           ARRAY(SELECT topic FROM catalogue.shared_topics opened
                 WHERE opened.project = shares.project AND opened.receiver = shares.receiver
                   AND opened.share = shares.share ORDER BY topic) AS topics,
           coalesce((SELECT version FROM catalogue.aggregate_versions versions
                     WHERE versions.project = '' AND versions.aggregate = 'share/' || shares.share), 0) AS version
    FROM catalogue.shares WHERE %(side)s IN (project, receiver)"""


async def shares(pool: Pool, project: str) -> list[ShareRow]:
    """Every share that the project gives or is given, the ended ones too, by id."""
    return await all_of(pool, ShareRow, f"{_SHARES} ORDER BY share", side=project)


async def share(pool: Pool, project: str, name: str) -> ShareRow | None:
    """The share of that id, if the project is on one of its sides."""
    return await one_of(pool, ShareRow, f"{_SHARES} AND share = %(name)s", side=project, name=name)


_SUBJECTS = """
    SELECT DISTINCT subject, version, schema_id, deleted FROM catalogue.subjects
    JOIN (SELECT project, topic, subject AS own FROM catalogue.shared_topics WHERE receiver = %(receiver)s) opened
        USING (project)
    WHERE subject IN (opened.own, opened.topic || '-key', opened.topic || '-value')"""


async def shared_versions(pool: Pool, receiver: str, subject: str) -> list[SubjectVersionRow]:
    """The versions of a subject that encodes records of a topic shared with the project, in order."""
    query = f"{_SUBJECTS} AND subject = %(subject)s ORDER BY version"
    return await all_of(pool, SubjectVersionRow, query, receiver=receiver, subject=subject)


async def shared_using(pool: Pool, receiver: str, schema_id: int) -> list[SubjectVersionRow]:
    """Where the schema of that id encodes records of a topic shared with the project."""
    query = f"{_SUBJECTS} AND schema_id = %(schema_id)s ORDER BY subject, version"
    return await all_of(pool, SubjectVersionRow, query, receiver=receiver, schema_id=schema_id)


@value
class _Topic:
    topic: str


async def must_be_open_to(pool: Pool, receiver: str, groups: Sequence[Shared]) -> None:
    """Raise NotFound unless all these groups of other projects are shared with the receiver now."""
    if not groups:
        return
    query = "SELECT topic FROM catalogue.shared_topics WHERE receiver = %(receiver)s AND topic = ANY(%(topics)s)"
    names = [group.topics.name for group in groups]
    found = {row.topic for row in await all_of(pool, _Topic, query, receiver=receiver, topics=names)}
    for group in groups:
        if group.topics.name not in found:
            raise NotFound("shared feature group", f"{group.project}:{group.name} version {group.version}")
