"""Aggregates as rows of the streaming feature group that they are for."""

import json
import math
from collections.abc import Mapping
from typing import Any

from headrace_broker.record import Entry, Record
from headrace_events.entity_key import decode_key
from headrace_events.errors import Invalid
from headrace_events.streaming_windows import WINDOW_END
from headrace_processors.streams.declared import Stream
from headrace_processors.streams.errors import Unusable
from headrace_schemas.codec import RecordCodec
from headrace_schemas.errors import SchemaError

Held = Mapping[str, Any]
EMPTY: Held = {"count": 0}


def value_of(function: str, held: Held) -> float | int | None:
    """The value of a feature: a count of nothing is 0, anything else of nothing is missing.

    The standard deviation is the population's, from the sums of values and of squares.
    """
    count = held["count"] or 0
    if function == "count":
        return int(count)
    if not count:
        return None
    mean = held["total"] / count
    value = {
        "sum": held["total"],
        "mean": mean,
        "min": held["least"],
        "max": held["most"],
        "stddev": math.sqrt(max(0.0, held["squares"] / count - mean * mean)),
    }[function]
    return float(value) if math.isfinite(value) else None


def place_of(record: Record) -> tuple[str, str, str, int]:
    """The project, the streaming feature group, the entity (hexadecimal) and the end that an aggregate is of."""
    key = json.loads(record.key or b"{}")
    return key["project"], key["feature_group"], key["entity"], key["end_us"]


def row_of(stream: Stream, record: Record, derived: RecordCodec, rows: RecordCodec) -> Entry:
    """The row of an aggregate; one that was taken back is empty. Raises Unusable."""
    _, _, entity, end = place_of(record)
    frames = stream.frames
    try:
        found = derived.decode(record.value)["frames"] if record.value is not None else None
        key = bytes.fromhex(entity)
        names = dict(zip(stream.declared.keys, decode_key(stream.group.key_types, key), strict=True))
        held: dict[tuple[str, int], Held] = {(one["number"], one["over_slides"]): one for one in found or ()}
        features = {}
        for one in stream.declared.aggregations:
            frame = frames[one.name]
            features[one.name] = value_of(one.function, held.get((frame.number, frame.over_slides), EMPTY))
        value = rows.encode(stream.schema_id, {**names, WINDOW_END: end, **features})
    except (SchemaError, Invalid, ValueError) as error:
        raise Unusable(str(error)) from error
    return Entry(topic=stream.group.topic, key=key, value=value)
