"""What an inference request asks, whichever protocol it came in."""

import datetime as dt
import math
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headrace_serving.errors import BadRequest, TooManyRows
from headrace_serving.model.predictor import Value

MOST_ROWS = 1024
MOST_BYTES = 4 * 2**20
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")

Row = Mapping[str, Value] | Sequence[Value]
"""Values by name (features, or what identifies the example), or all of the model's inputs in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Rows to predict. `event_times` are microseconds UTC, one a row; `received` is when the gateway took it.

    Where `allow_missing`, a feature that is nowhere to be found is null; otherwise its row is an error.
    """

    id: str
    rows: tuple[Row, ...]
    event_times: tuple[int, ...]
    received: int
    allow_missing: bool = False

    def inference_id(self, row: int) -> str:
        """The id of a row's prediction."""
        return f"{self.id}/{row}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A row's prediction, or why there is none."""

    prediction: float | None
    error: str | None = None


def request_id(given: object) -> str:
    """The client's id if it gave one, else a new one; raises BadRequest."""
    if given is None or given == "":
        return uuid.uuid4().hex
    if not isinstance(given, str) or not _ID.fullmatch(given):
        raise BadRequest("an id has 1 to 100 of A-Z, a-z, 0-9 and . _ : - and begins with a letter or digit")
    return given


def asked(
    given_id: object, rows: Sequence[Row], parameters: Mapping[str, object], received: int, event_times: object = None
) -> Asked:
    """The request, checked; raises BadRequest, TooManyRows."""
    if not rows:
        raise BadRequest("the request has no rows")
    if len(rows) > MOST_ROWS:
        raise TooManyRows(f"{len(rows)} rows: a request may have {MOST_ROWS}, and 64 are best")
    times = event_times if event_times is not None else parameters.get("event_time")
    allow_missing = parameters.get("allow_missing", False)
    if not isinstance(allow_missing, bool):
        raise BadRequest("parameters.allow_missing is true or false")
    return Asked(
        id=request_id(given_id),
        rows=tuple(rows),
        event_times=_times(times, len(rows), received),
        received=received,
        allow_missing=allow_missing,
    )


def _times(given: object, count: int, received: int) -> tuple[int, ...]:
    if given is None:
        return (received,) * count
    if isinstance(given, list):
        if len(given) != count:
            raise BadRequest(f"event_time has {len(given)} entries for {count} rows")
        return tuple(received if entry is None else micros(entry) for entry in given)
    return (micros(given),) * count


def micros(given: object) -> int:
    """A time as microseconds UTC: a whole number of them, or ISO 8601 with an offset; raises BadRequest."""
    if isinstance(given, int) and not isinstance(given, bool) and abs(given) < 2**63:
        return given
    if isinstance(given, float) and math.isfinite(given) and given.is_integer() and abs(given) < 2**63:
        return int(given)
    if isinstance(given, str):
        try:
            moment = dt.datetime.fromisoformat(given)
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is not None:
            return (moment - _EPOCH) // dt.timedelta(microseconds=1)
    raise BadRequest(f"{str(given)[:80]!r} is no event time: give microseconds since 1970 UTC, or ISO 8601 with offset")


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
