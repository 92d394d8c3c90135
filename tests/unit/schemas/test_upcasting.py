"""Old bytes read as the newest version says."""

from __future__ import annotations

from typing import Any

import pytest

from headrace_events.topic import TopicRequested
from headrace_schemas.catalogue import schema_id
from headrace_schemas.codec import MessageCodec, RecordCodec, ShippedSchemas


@pytest.mark.parametrize(
    ("name", "purpose", "subject"),
    [
        ("flights.topics.clicks", "user", "flights.topics.clicks-value"),
        ("flights.features.weather.1", "features", None),
    ],
)
def test_a_topic_of_the_first_version_is_kept_for_ever(name: str, purpose: str, subject: str | None) -> None:
    old: dict[str, Any] = {"name": name, "partitions": 2, "purpose": purpose}
    payload = RecordCodec(ShippedSchemas()).encode(schema_id("topic/requested.v1.avsc"), old)
    assert MessageCodec().decode_event(payload) == TopicRequested(
        name=name, partitions=2, purpose=purpose, retention_ms=None, retention_bytes=None, subject=subject
    )
