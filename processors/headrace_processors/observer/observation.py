"""Predictions and outcomes in one form: pure functions of one record.

The key is made of what the record says (project, kind, inference id), never of where it lies. So a record that is read
again gives the same entry, and of two outcomes of one prediction the later one counts.
"""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from headrace_broker.record import Entry, Record
from headrace_broker.topics import OBSERVATIONS
from headrace_processors.observer.errors import Unusable
from headrace_projections.monitoring.names import LATENCY, PREDICTION
from headrace_schemas.catalogue import schema_id
from headrace_schemas.codec import RecordCodec, ShippedSchemas
from headrace_schemas.errors import SchemaError
from headrace_schemas.framing import schema_id_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

Values = Mapping[str, float | None]


class Normaliser:
    """Records of `<project>.predictions` and `<project>.outcomes` → entries of the derived topic."""

    def __init__(self) -> None:
        self._records = RecordCodec(ShippedSchemas())
        self._prediction = schema_id("predictions/prediction.v1.avsc")
        self._outcome = schema_id("outcomes/outcome.v1.avsc")
        self._observation = schema_id("derived/observation.v1.avsc")

    def prediction(self, project: str, record: Record) -> Entry:
        """The observation of a prediction; raises Unusable."""
        found = self._decoded(record, self._prediction)
        prediction = finite(found["prediction"])
        latency = finite(found["latency_ms"])
        values = {name: finite(number) for name, number in found["numbers"].items()}
        return self._entry(
            record,
            project=project,
            kind="prediction",
            inference_id=found["inference_id"],
            deployment=found["deployment"],
            model=found["model"],
            model_version=found["model_version"],
            event_time_ms=milliseconds(found["event_time"]),
            prediction=prediction,
            latency_ms=latency,
            failed=found["error"] is not None,
            values={**values, PREDICTION: prediction, LATENCY: latency},
        )

    def outcome(self, project: str, record: Record) -> Entry:
        """The observation of an outcome; raises Unusable."""
        found = self._decoded(record, self._outcome)
        outcome = finite(found["outcome"])
        if outcome is None:
            raise Unusable(f"the outcome of {found['inference_id']!r} is not a finite number")
        known = found["event_time"]
        return self._entry(
            record,
            project=project,
            kind="outcome",
            inference_id=found["inference_id"],
            event_time_ms=record.timestamp if known is None else milliseconds(known),
            outcome=outcome,
        )

    def _decoded(self, record: Record, wanted: int) -> dict[str, Any]:
        if record.value is None:
            raise Unusable("a prediction or an outcome has a value")
        try:
            if (found := schema_id_of(record.value)) != wanted:
                raise Unusable(f"the record has schema {found}, not {wanted}")
            return self._records.decode(record.value)
        except SchemaError as error:
            raise Unusable(str(error)) from error

    def _entry(self, record: Record, **fields: Any) -> Entry:
        if not fields["inference_id"]:
            raise Unusable("the inference id is empty")
        key = {name: fields[name] for name in ("project", "kind", "inference_id")}
        try:
            value = self._records.encode(self._observation, {**fields, "source": str(record.at)})
        except SchemaError as error:
            raise Unusable(str(error)) from error
        return Entry(topic=OBSERVATIONS, key=json.dumps(key, separators=(",", ":")).encode(), value=value)


def finite(number: float | None) -> float | None:
    """The number; None for one that is infinite or not a number, as for one that is missing."""
    return number if number is not None and math.isfinite(number) else None


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970 UTC, rounded down."""
    return (moment - _EPOCH) // _MILLISECOND
