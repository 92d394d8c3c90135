"""Chapter 2: mean delays per airport over the last hour and day, computed by Flink and compared with polars."""

import time
from collections.abc import Iterator
from datetime import timedelta

import polars as pl

from delays.groups import Groups
from delays.tables import Tables
from flights.story import Chapter, Story

LENGTHS = {"arr_delay_mean_1h": timedelta(hours=1), "arr_delay_mean_24h": timedelta(hours=24)}
SECONDS = 240.0


def play(story: Story, chapter: Chapter, groups: Groups, tables: Tables) -> None:
    """Wait until all windows are there, and work all of them out again."""
    deadline = time.monotonic() + SECONDS
    while missing := _missing(computed := _last(groups), tables.landings):
        if time.monotonic() > deadline:
            raise AssertionError(f"after {SECONDS:.0f} s it is not so: {missing}")
        time.sleep(1)
    story.say(f"{computed.height:,} windows of {computed['origin'].n_unique()} airports")
    story.say(f"the newest one of JFK, online: {groups.delays.get_vector({'origin': 'JFK'})}")
    chapter.figures = {"windows": computed.height, "compared_with_polars": computed.height * len(LENGTHS)}
    chapter.result = f"{computed.height:,} windows; their means are those that polars works out"


def _last(groups: Groups) -> pl.DataFrame:
    """Each window as it was written last: rows that came late have revised some."""
    written: pl.DataFrame = groups.delays.read("polars", history=True)
    ordered = written.sort("_known_at", "_partition", "_offset")
    return ordered.unique(["origin", "window_end"], keep="last", maintain_order=True)


def _missing(computed: pl.DataFrame, landings: pl.DataFrame) -> str:
    """What is not there, or not what polars works out; nothing, if all is."""
    newest = landings.select(pl.col("landed").max().dt.truncate("1h")).item()
    airports = landings["origin"].n_unique()
    if computed.filter(pl.col("window_end") == newest).height < airports:
        return f"windows of {airports} airports end at {newest}"
    return next(_differences(computed, landings), "")


def _differences(computed: pl.DataFrame, landings: pl.DataFrame) -> Iterator[str]:
    for row in computed.iter_rows(named=True):
        there = landings.filter(pl.col("origin") == row["origin"], pl.col("landed") < row["window_end"])
        for name, length in LENGTHS.items():
            mean = (
                there.filter(pl.col("landed") >= row["window_end"] - length).select(pl.col("arr_delay").mean()).item()
            )
            if (mean is None) != (row[name] is None) or (mean is not None and abs(mean - row[name]) > 1e-9):
                yield f"{name} of {row['origin']} until {row['window_end']} is {row[name]}, and should be {mean}"
