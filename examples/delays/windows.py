"""Chapter 2: mean delays per airport over the last hour and day, computed by Flink and compared with polars."""

import time
from datetime import datetime, timedelta

import polars as pl

from delays.groups import Groups
from delays.tables import Tables
from flights.story import Chapter, Story

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)


def play(story: Story, chapter: Chapter, groups: Groups, tables: Tables) -> None:
    """Wait until all windows are there, and work some of them out again."""
    computed = _computed(groups, tables)
    story.say(f"{computed.height:,} windows of {computed['origin'].n_unique()} airports")
    compared = 0
    for row in computed.sample(200, seed=1).iter_rows(named=True):
        for length, name in ((HOUR, "arr_delay_mean_1h"), (DAY, "arr_delay_mean_24h")):
            expected = _mean(tables.landings, row["origin"], row["window_end"] - length, row["window_end"])
            if (expected is None) != (row[name] is None) or (expected and abs(expected - row[name]) > 1e-9):
                raise AssertionError(f"{name} of {row} is {expected} in polars")
            compared += 1
    last = groups.delays.get_vector({"origin": "JFK"})
    story.say(f"the newest one of JFK, online: {last}")
    chapter.figures = {"windows": computed.height, "compared_with_polars": compared}
    chapter.result = f"{computed.height:,} windows; {compared} means are those that polars works out"


def _computed(groups: Groups, tables: Tables, seconds: float = 240) -> pl.DataFrame:
    """All windows, once those of every airport are offline that ended before the last landing."""
    landed = tables.landings.select(pl.col("landed").max().dt.truncate("1h")).item()
    airports = tables.landings["origin"].n_unique()
    deadline = time.monotonic() + seconds
    while True:
        found: pl.DataFrame = groups.delays.read("polars", history=True)
        if found.filter(pl.col("window_end") == landed).height == airports:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"the windows of {landed} are not there after {seconds:.0f} s")
        time.sleep(1)


def _mean(landings: pl.DataFrame, origin: str, start: datetime, end: datetime) -> float | None:
    inside = landings.filter(pl.col("origin") == origin, pl.col("landed") >= start, pl.col("landed") < end)
    return float(inside["arr_delay"].mean()) if inside.height else None  # type: ignore[arg-type] # of floats it is one
