"""Feature groups."""

from datetime import datetime

from headrace_events.feature_statistics import StatisticsConfig
from headrace_events.language import value
from headrace_events.row_schema import Appended, Column
from headrace_events.streaming_windows import Aggregation
from headrace_projections.catalogue.queries.rows import Pool, all_of


@value
class GrowthRow:
    """Columns that came to a version later, who appended them, and the first schema that has them."""

    schema_id: int
    features: tuple[Appended, ...]
    appended_by: str


@value
class StreamingRow:
    """What the platform computes the rows of a version from, in windows that end every slide.

    A source without a version is a topic; `event_time` is the field of its records that windows go by.
    """

    source: str
    source_version: int | None
    event_time: str | None = None
    keys: tuple[str, ...]
    aggregations: tuple[Aggregation, ...]
    slide_seconds: int
    allowed_lateness_seconds: int


@value
class FunctionRow:
    """What a member's function is: its source, and how it is called."""

    source: str
    arguments: tuple[str, ...]
    return_types: tuple[str, ...]
    drop: tuple[str, ...]
    mode: str


@value
class OnDemandRow:
    """A function whose outputs are features of a version, computed of `columns`: its own and request parameters.

    Without a version it is built in, and there is no `definition`; `parameters` is the text of a JSON object.
    """

    function: str
    version: int | None = None
    columns: tuple[str, ...]
    parameters: str
    outputs: tuple[str, ...]
    definition: FunctionRow | None = None


@value
class FeatureGroupRow:
    """A version of a feature group; rows may be sent to `topic` once `topic_phase` is open.

    It was asked to be cleared `clears_asked` times, of which the first `clears` are done: rows count from the positions
    `cleared` on, one for each partition of the topic.
    `columns` are all it has, `growth` says which of them came later; `schema` is the newest. One that is `streaming`
    takes rows of the platform only. What `on_demand` functions return is stored with each row, and computed again for
    a vector, of `request_parameters` too, which are not stored.
    """

    name: str
    version: int
    description: str
    columns: tuple[Column, ...]
    growth: tuple[GrowthRow, ...]
    primary_key: tuple[str, ...]
    event_time: str | None = None
    online: bool
    offline: bool
    ttl_seconds: int | None = None
    topic: str
    topic_phase: str
    subject: str
    schema_id: int
    schema: str
    statistics: StatisticsConfig | None = None
    on_demand: tuple[OnDemandRow, ...]
    request_parameters: tuple[Column, ...]
    clears_asked: int
    clears: int
    cleared: tuple[str, ...] | None = None
    streaming: StreamingRow | None = None
    deprecated: bool
    keywords: tuple[str, ...]
    created_by: str
    created_time: datetime


async def feature_groups(
    pool: Pool, project: str, name: str | None = None, version: int | None = None, *, receiver: str | None = None
) -> list[FeatureGroupRow]:
    """All versions of all feature groups, or those of that name, or the one version; the newest first.

    With a receiver, only those that are shared with it now.
    """
    query = """
        SELECT groups.*, later.growth, coalesce(topics.phase, 'requested') AS topic_phase, schemas.schema,
               (SELECT jsonb_agg(CASE WHEN said.description IS NULL THEN entry
                                      ELSE entry || jsonb_build_object('description', said.description) END
                                 ORDER BY place)
                FROM jsonb_array_elements(groups.columns || later.features) WITH ORDINALITY AS entries (entry, place)
                LEFT JOIN catalogue.feature_descriptions said
                  ON said.project = groups.project AND said.name = groups.name AND said.version = groups.version
                 AND said.feature = entry->>'name') AS columns,
               (SELECT coalesce(jsonb_agg(entry || jsonb_build_object('definition', CASE
                                    WHEN made.name IS NOT NULL THEN
                                        to_jsonb(made) || jsonb_build_object('drop', made.dropped) END)
                                          ORDER BY place), '[]')
                FROM jsonb_array_elements(groups.on_demand) WITH ORDINALITY AS entries (entry, place)
                LEFT JOIN catalogue.transformation_functions made
                  ON made.project = groups.project AND made.name = entry->>'function'
                 AND made.version = (entry->>'version')::bigint) AS on_demand
        FROM catalogue.feature_groups groups
        CROSS JOIN LATERAL (
            SELECT coalesce(jsonb_agg(to_jsonb(growth) ORDER BY appended_seq), '[]') AS growth,
                   coalesce((SELECT jsonb_agg(feature ORDER BY appended_seq, place)
                    FROM catalogue.feature_group_growth, jsonb_array_elements(features)
                         WITH ORDINALITY AS each(feature, place)
                    WHERE (project, name, version) = (groups.project, groups.name, groups.version)), '[]') AS features
            FROM catalogue.feature_group_growth growth
            WHERE (project, name, version) = (groups.project, groups.name, groups.version)) later
        JOIN catalogue.schemas USING (schema_id)
        LEFT JOIN catalogue.topics USING (project, topic)
        WHERE project = %(project)s AND (%(name)s::text IS NULL OR name = %(name)s)
          AND (%(version)s::bigint IS NULL OR version = %(version)s)
          AND (%(receiver)s::text IS NULL OR EXISTS (SELECT FROM catalogue.shared_topics opened
                                                     WHERE opened.receiver = %(receiver)s
                                                       AND opened.project = groups.project
                                                       AND opened.topic = groups.topic))
        ORDER BY name, version DESC"""
    asked = {"project": project, "name": name, "version": version, "receiver": receiver}
    return await all_of(pool, FeatureGroupRow, query, **asked)
