"""What is asked of online features."""

from pydantic import Field

from headrace_api.body import Body, Sayable

MOST_KEYS = 1_000


class Keys(Body):
    """Entities, each by its whole primary key. Dates and times are ISO 8601 (UTC without a zone), binary is base64."""

    keys: list[dict[str, Sayable]] = Field(max_length=MOST_KEYS, examples=[[{"airport": "JFK"}]])


class Entries(Body):
    """Entries of a view: the root's primary key, or the root's columns that joins go by, or both."""

    entries: list[dict[str, Sayable]] = Field(max_length=MOST_KEYS, examples=[[{"flight_id": "UA1545-2013-01-01"}]])
    passed_features: list[dict[str, Sayable]] = Field(
        default=[], max_length=MOST_KEYS, description="per entry, features that go before what is stored"
    )
