"""Step 8: the rest in bulk, so that every flight is on the topic, once."""

import time

from flights.data import ARRIVAL_COLUMNS, between
from flights.features import Groups
from flights.logged import count, length
from flights.stage import Stage
from flights.story import Chapter


def play(stage: Stage, chapter: Chapter, groups: Groups) -> None:
    """Insert everything after the days that were lived; read the topic back and count."""
    extent, year = stage.extent, stage.year
    rest = between(year.flights, "scheduled", extent.until, extent.end)
    landed = between(year.arrivals, "scheduled", extent.until, extent.end)
    topics = [group.topic for group in (groups.flights, groups.arrivals, groups.weather)]
    before = sum(length(stage.cast, topic) for topic in topics)
    began = time.monotonic()
    receipts = [
        groups.flights.insert(rest),
        groups.arrivals.insert(landed.select(*ARRIVAL_COLUMNS)),
        groups.weather.insert(between(year.weather, "time_hour", extent.until, extent.end)),
    ]
    for receipt in receipts:
        receipt.wait(timeout=180)
    seconds = time.monotonic() - began
    rows = sum(length(stage.cast, topic) for topic in topics) - before
    records, flights = count(stage, groups.flights.topic)
    if not records == flights == extent.flights:
        raise AssertionError(f"{records} records of {flights} flights are on the topic, not {extent.flights}")
    chapter.figures = {
        "rows": rows,
        "rows_per_second": round(rows / seconds),
        "flights_on_the_topic": records,
        "different_flights": flights,
        "last_day": str(rest["scheduled"].dt.date().max()),
    }
    chapter.result = f"{rows:,} rows at {rows / seconds:,.0f} rows/s; {records:,} flights on the topic, once each"
