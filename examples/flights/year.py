"""Step 8: the rest of the year in bulk, so that every flight is on the topic, once."""

import time

import polars as pl

from flights.data import ARRIVAL_COLUMNS, day
from flights.features import Groups
from flights.july import END
from flights.logged import count
from flights.stage import Stage
from flights.story import Chapter


def play(stage: Stage, chapter: Chapter, groups: Groups) -> None:
    """Insert everything after 22 July; read the topic back and count."""
    rest = stage.year.flights.filter(pl.col("scheduled") >= END)
    began = time.monotonic()
    receipts = [
        groups.flights.insert(rest),
        groups.arrivals.insert(stage.year.arrivals.filter(pl.col("scheduled") >= END).select(*ARRIVAL_COLUMNS)),
        groups.weather.insert(stage.year.weather.filter(pl.col("time_hour") >= END)),
    ]
    for receipt in receipts:
        receipt.wait(timeout=180)
    seconds = time.monotonic() - began
    rows = sum(receipt.accepted for receipt in receipts)
    records, flights = count(stage, groups.flights.topic)
    if not records == flights == stage.year.flights.height:
        raise AssertionError(
            f"{records} records of {flights} flights are on the topic, not {stage.year.flights.height}"
        )
    chapter.figures = {
        "rows": rows,
        "rows_per_second": round(rows / seconds),
        "flights_on_the_topic": records,
        "different_flights": flights,
        "last_day": str(day(12, 31).date()),
    }
    chapter.result = f"{rows:,} rows at {rows / seconds:,.0f} rows/s; {records:,} flights on the topic, once each"
