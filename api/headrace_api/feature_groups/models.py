"""What is sent about feature groups."""

import json

from pydantic import Field

from headrace_api.body import Body, Name, Text
from headrace_api.feature_views.models import NewTransformation
from headrace_events.feature_group_growth import AppendFeatures, NewFeature
from headrace_events.feature_statistics import StatisticsConfig
from headrace_events.on_demand import MOST_ON_DEMAND, MOST_PARAMETERS
from headrace_events.transformation_function import MOST_ARGUMENTS, MOST_RETURNED


class NewColumn(Body):
    """A feature."""

    name: Name = Field(examples=["temperature"])
    type: Text = Field(examples=["double", "decimal(10,2)", "array<string>", "embedding(384)"])
    description: Text = ""


class NewStatistics(Body):
    """What is counted of the rows of a feature group while they come."""

    enabled: bool = True
    histograms: bool = True
    correlations: bool = Field(default=False, description="of the first 100 numeric ones of these columns")
    columns: list[Name] = Field(default=[], description="without any, the first 1,000, also those that come later")
    exact_uniqueness: bool = Field(
        default=False, description="where statistics of a moment are computed, distinct values are counted one by one"
    )

    def config(self) -> StatisticsConfig:
        """As events have it."""
        return StatisticsConfig(**{**self.model_dump(), "columns": tuple(self.columns)})


class NewOnDemand(NewTransformation):
    """A transformation function whose outputs are features of the group, after its columns."""

    columns: list[Name] = Field(max_length=MOST_ARGUMENTS, description="of the group, or request parameters")
    outputs: list[Name] = Field(
        default_factory=list,
        max_length=MOST_RETURNED,
        description="what the features are called; else <function>, with numbers where there are several",
    )


class NewFeatureGroup(Body):
    """A version of a feature group to be."""

    name: Name = Field(examples=["weather"])
    version: int | None = Field(default=None, description="the next one if not given; never reused")
    description: Text = ""
    columns: list[NewColumn]
    primary_key: list[Name] = Field(examples=[["airport"]])
    event_time: Name | None = Field(default=None, description="a column of type timestamp", examples=["hour"])
    online: bool = True
    offline: bool = True
    ttl_seconds: int | None = Field(default=None, description="how long a value counts after its event time")
    partitions: int = 1
    statistics: NewStatistics | None = Field(default=None, description="without it, as the defaults say")
    on_demand: list[NewOnDemand] = Field(
        default_factory=list,
        max_length=MOST_ON_DEMAND,
        description="computed when rows are written and when vectors are read, by clients; no server runs functions",
    )
    request_parameters: list[NewColumn] = Field(
        default_factory=list,
        max_length=MOST_PARAMETERS,
        description="what these functions take besides columns; rows do not have them",
    )


class AppendedFeature(NewColumn):
    """A feature that comes later; rows written without it have its default, or null."""

    default: bool | int | float | Text | None = Field(
        default=None, description="dates and times as ISO 8601, binary as base64", examples=[0.0]
    )
    required: bool = Field(default=False, description="refused where true: rows already written have no such value")


class MoreFeatures(Body):
    """Features to append to a version of a feature group, after those it has."""

    features: list[AppendedFeature]

    def wish(self, project: str, name: str, version: int) -> AppendFeatures:
        """The command."""
        features = tuple(
            NewFeature(
                name=one.name,
                type=one.type,
                description=one.description,
                default=None if one.default is None else json.dumps(one.default),
                required=one.required,
            )
            for one in self.features
        )
        return AppendFeatures(project=project, name=name, version=version, features=features)
