"""What is asked of the history of features, and what is answered."""

from typing import Any

from pydantic import BaseModel, Field

from headrace_api.body import Body, Sayable

MOST_ENTRIES = 1_000


class PastEntries(Body):
    """Entities, each at a time. Dates and times are ISO 8601 (UTC without a zone), binary is base64."""

    entries: list[dict[str, Sayable]] = Field(
        max_length=MOST_ENTRIES,
        description="each the whole primary key of the view's root group",
        examples=[[{"flight_id": "UA1545-2013-01-01"}]],
    )
    times: list[str] = Field(
        max_length=MOST_ENTRIES, description="one for each entry", examples=[["2013-01-01T05:15:00Z"]]
    )
    positions: list[str] = Field(
        default=[], description="what the log held then; without them, all that the offline store holds now"
    )


class PastVectors(BaseModel):
    """Values in the order of the features, for each entry; null where there was nothing."""

    features: list[str]
    vectors: list[list[Any]]
    positions: list[str] = Field(description="give these to be answered the same again")
