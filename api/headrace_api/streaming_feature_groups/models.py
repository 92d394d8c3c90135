"""What is sent about streaming feature groups."""

from pydantic import Field

from headrace_api.body import Body, Name, Text
from headrace_events.feature_group_streaming import CreateStreamingFeatureGroup
from headrace_events.streaming_windows import Aggregation


class NewAggregation(Body):
    """A function of a column's values over windows of event time; a count without a column counts rows."""

    function: Text = Field(examples=["mean"], description="count, sum, mean, min, max or stddev (of the population)")
    column: Name | None = Field(default=None, examples=["arr_delay"])
    over: Text = Field(examples=["24h"], description="how long the window is: 30s, 10min, 24h or 7d")


class NewStreamingFeatureGroup(Body):
    """A version of a feature group to be whose rows the platform computes from another group's."""

    name: Name = Field(examples=["delays"])
    version: int | None = Field(default=None, description="the next one if not given; never reused")
    description: Text = ""
    source: Name = Field(examples=["arrivals"])
    source_version: int
    keys: list[Name] = Field(examples=[["origin"]], description="columns of the source; its rows with the same are one")
    aggregations: list[NewAggregation]
    slide: Text = Field(examples=["10min"], description="how often windows end")
    allowed_lateness: Text | None = Field(default=None, examples=["2h"], description="30 days if not given")
    online: bool = True
    offline: bool = True
    ttl_seconds: int | None = Field(default=None, description="how long a value counts after its window's end")
    partitions: int = 1

    def wish(self, project: str) -> CreateStreamingFeatureGroup:
        """The command."""
        given = self.model_dump(exclude={"keys", "aggregations"})
        aggregations = tuple(Aggregation(**one.model_dump()) for one in self.aggregations)
        return CreateStreamingFeatureGroup(project=project, keys=tuple(self.keys), aggregations=aggregations, **given)
