"""A window of event time as Flink knows it so far, and its record on the derived topic."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headrace_schemas.codec import RecordCodec, ShippedSchemas
from headrace_schemas.errors import Undecodable
from headrace_schemas.records import from_record


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class WindowKey:
    """The primary key of a window's record. An empty feature stands for the whole window."""

    project: str
    deployment: str
    window_seconds: int
    window_start_ms: int
    feature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """How many values are in the bin of that number; None counts missing values."""

    number: int | None = None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Of a feature: `bins` counts values, empty bins left out. Of the whole window: failures, latency and quality.

    `matched` are predictions with an outcome, `correct` those on the same side of 0.5 as it, `probabilities` those
    with an outcome of 0 or 1 and a prediction in [0, 1]; `log_loss_sum` is over the latter.
    """

    project: str
    deployment: str
    window_seconds: int
    window_start_ms: int
    feature: str
    count: int
    bins: tuple[Bin, ...] | None = None
    failed: int | None = None
    latency_ms_sum: float | None = None
    matched: int | None = None
    correct: int | None = None
    probabilities: int | None = None
    log_loss_sum: float | None = None
    squared_error_sum: float | None = None
    absolute_error_sum: float | None = None

    @property
    def key(self) -> WindowKey:
        """Which window this is."""
        return WindowKey(
            project=self.project,
            deployment=self.deployment,
            window_seconds=self.window_seconds,
            window_start_ms=self.window_start_ms,
            feature=self.feature,
        )

    @property
    def missing(self) -> int:
        """How many values were missing."""
        return sum(held.count for held in self.bins or () if held.number is None)

    def counts(self, bins: int) -> tuple[int, ...]:
        """How many values each of that many bins has."""
        held = {held.number: held.count for held in self.bins or ()}
        return tuple(held.get(number, 0) for number in range(bins))


class WindowCodec:
    """Bytes → windows and their keys."""

    def __init__(self) -> None:
        self._records = RecordCodec(ShippedSchemas())

    def decode(self, payload: bytes) -> Window:
        """The window; raises SchemaError."""
        window: Window = _read(Window, self._records.decode(payload))
        return window

    def key(self, payload: bytes) -> WindowKey:
        """The key, which is all that a tombstone has; raises Undecodable."""
        try:
            fields = json.loads(payload)
        except ValueError as error:
            raise Undecodable(f"the key is not JSON: {error}") from error
        if not isinstance(fields, dict):
            raise Undecodable("the key is not a JSON object")
        key: WindowKey = _read(WindowKey, fields)
        return key


def _read(cls: type[Any], record: Mapping[str, Any]) -> Any:
    try:
        return from_record(cls, record)
    except (TypeError, ValueError, KeyError) as error:
        raise Undecodable(f"this is not a {cls.__name__}: {error}") from error
