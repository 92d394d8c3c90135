"""What is sent about streaming feature groups."""

from pydantic import Field

from headrace_api.body import Body, Name, Text
from headrace_api.streaming_feature_groups.sql import declaration_of
from headrace_events.errors import Invalid
from headrace_events.feature_group_streaming import CreateStreamingFeatureGroup
from headrace_events.streaming_windows import Aggregation

EXAMPLE = (
    "SELECT origin, AVG(arr_delay) FROM TABLE(HOP(TABLE arrivals, DESCRIPTOR(landed), INTERVAL '10' MINUTE, "
    "INTERVAL '24' HOUR)) GROUP BY origin, window_start, window_end"
)


class NewAggregation(Body):
    """A function of a column's values over windows of event time; a count without a column counts rows."""

    function: Text = Field(examples=["mean"], description="count, sum, mean, min, max or stddev (of the population)")
    column: Name | None = Field(default=None, examples=["arr_delay"])
    over: Text = Field(examples=["24h"], description="how long the window is: 30s, 10min, 24h or 7d")


class NewStreamingFeatureGroup(Body):
    """A version of a feature group to be whose rows the platform computes, from another group's or a topic's records.

    What is computed is said by `sql`, or by `source`, `keys`, `aggregations` and `slide`.
    """

    name: Name = Field(examples=["delays"])
    version: int | None = Field(default=None, description="the next one if not given; never reused")
    description: Text = ""
    source: Name | None = Field(default=None, examples=["arrivals"], description="a group, or topics.<name>")
    source_version: int | None = Field(default=None, description="of a group; the newest one if not given")
    event_time: Name | None = Field(default=None, description="the field of a topic's records that windows go by")
    subject: Name | None = Field(default=None, description="that a topic's records are of; <topic>-value if not given")
    keys: list[Name] | None = Field(
        default=None, examples=[["origin"]], description="columns of the source; its rows with the same are one"
    )
    aggregations: list[NewAggregation] | None = None
    slide: Text | None = Field(default=None, examples=["10min"], description="how often windows end")
    sql: Text | None = Field(default=None, examples=[EXAMPLE], description="a query over HOP or TUMBLE")
    allowed_lateness: Text | None = Field(default=None, examples=["2h"], description="30 days if not given")
    online: bool = True
    offline: bool = True
    ttl_seconds: int | None = Field(default=None, description="how long a value counts after its window's end")
    partitions: int = 1

    def wish(self, project: str) -> CreateStreamingFeatureGroup:
        """The command; raises Invalid."""
        given = self.model_dump(exclude={"source", "event_time", "keys", "aggregations", "slide", "sql"})
        parts = {"keys": self.keys, "aggregations": self.aggregations, "slide": self.slide}
        if self.sql is not None:
            said = [name for name, part in parts.items() if part is not None]
            if said:
                raise Invalid("two-notations", f"`sql` says what is computed: leave out {', '.join(said)}")
            declared = declaration_of(self.sql)
            source = _full(project, declared.source)
            if self.source is not None and _full(project, self.source) != source:
                raise Invalid("two-notations", f"the query is of {declared.source!r}, not of {self.source!r}")
            if self.event_time not in {None, declared.event_time}:
                raise Invalid("two-notations", f"the query goes by {declared.event_time!r}, not by {self.event_time!r}")
            return CreateStreamingFeatureGroup(
                project=project,
                source=source,
                event_time=declared.event_time,
                keys=declared.keys,
                aggregations=declared.aggregations,
                slide=declared.slide,
                **given,
            )
        if self.source is None or self.keys is None or self.aggregations is None or self.slide is None:
            missing = [name for name, part in {"source": self.source, **parts}.items() if part is None]
            raise Invalid("incomplete-declaration", f"say {', '.join(missing)}, or all of it by `sql`")
        return CreateStreamingFeatureGroup(
            project=project,
            source=_full(project, self.source),
            event_time=self.event_time,
            keys=tuple(self.keys),
            aggregations=tuple(Aggregation(**one.model_dump()) for one in self.aggregations),
            slide=self.slide,
            **given,
        )


def _full(project: str, source: str) -> str:
    """The name of a group as it is; of a topic, which has a dot in it, the full one."""
    return f"{project}.{source}" if source.startswith("topics.") else source
