"""Topics of a project."""

from datetime import datetime

from headrace_events.language import value
from headrace_projections.catalogue.queries.rows import Pool, all_of, one_of


@value
class TopicRow:
    """A topic by its full name; it takes records once `phase` is open. `writers` are those besides the owners.

    Records are kept for `retention_ms`, and while their partition holds no more than `retention_bytes`; None is for
    ever. The settings are those that hold on the brokers; `changing` says that others were asked for. `subject` is the
    one in the schema registry that records are encoded by.
    """

    topic: str
    topic_id: str | None = None
    partitions: int
    retention_ms: int | None = None
    retention_bytes: int | None = None
    compacted: bool
    changing: bool
    subject: str | None = None
    purpose: str
    phase: str
    opened_time: datetime | None = None
    writers: tuple[str, ...]


_TOPICS = """
    SELECT topic, topic_id, partitions, retention_ms, retention_bytes, compacted, changing, purpose, phase, opened_time,
           CASE purpose WHEN 'predictions' THEN 'headrace.predictions.Prediction'
                        WHEN 'outcomes' THEN 'headrace.outcomes.Outcome' ELSE subject END AS subject,
           ARRAY(SELECT user_name FROM catalogue.topic_writers writers
                 WHERE writers.project = topics.project AND writers.topic = topics.topic
                 ORDER BY user_name) AS writers
    FROM catalogue.topics WHERE project = %(project)s"""


async def topics(pool: Pool, project: str) -> list[TopicRow]:
    """The project's topics that are not closed, by name."""
    return await all_of(pool, TopicRow, f"{_TOPICS} AND phase <> 'closed' ORDER BY topic", project=project)


async def topic(pool: Pool, project: str, name: str) -> TopicRow | None:
    """The topic of that full name."""
    return await one_of(pool, TopicRow, f"{_TOPICS} AND topic = %(name)s", project=project, name=name)
