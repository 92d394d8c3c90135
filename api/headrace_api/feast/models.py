"""What a client of Feast asks for, and what it is answered.

Source: Feast, "Python feature server", and how its remote online store reads the answer.
"""

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, Field

from headrace_api.body import Body, Sayable
from headrace_api.vectors.models import MOST_KEYS

MOST_FEATURES = 10_000


class FieldStatus(StrEnum):
    """Whether there is a value: a stored null is NULL_VALUE, what outlived its time to live is OUTSIDE_MAX_AGE."""

    PRESENT = "PRESENT"
    NULL_VALUE = "NULL_VALUE"
    NOT_FOUND = "NOT_FOUND"
    OUTSIDE_MAX_AGE = "OUTSIDE_MAX_AGE"


class OnlineFeaturesRequest(Body):
    """A feature service (a view's `name`, or `name:version`), or features of groups; and entities in columns."""

    entities: dict[str, list[Sayable]] = Field(
        description=f"key column → one value an entity, at most {MOST_KEYS:,} of them", examples=[{"airport": ["JFK"]}]
    )
    feature_service: str | None = Field(default=None, examples=["late_flights:1"])
    features: list[str] = Field(
        default=[],
        max_length=MOST_FEATURES,
        description="`group:feature`, or `group@v2:feature`; without a version the newest counts",
        examples=[["weather:wind"]],
    )
    full_feature_names: bool = Field(default=False, description="name features `<group>__<feature>`")
    include_feature_view_version_metadata: Literal[False] = Field(
        default=False, description="as clients send it; versions are told apart in `features`, not in the answer"
    )


class FeatureNames(BaseModel):
    """What the results are of, in their order: the key columns, then the features."""

    feature_names: list[str]


class FeatureColumn(BaseModel):
    """One key column or feature, with a value, a status and an event time for each entity."""

    values: list[Any]
    statuses: list[FieldStatus]
    event_timestamps: list[str]


class OnlineFeatures(BaseModel):
    """The answer, column by column."""

    metadata: FeatureNames
    results: list[FeatureColumn]
