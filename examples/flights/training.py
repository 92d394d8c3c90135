"""Step 3: training data, point in time; made twice, the same to the bit."""

import json
import os
import subprocess
import sys

from flights.cast import SCIENTIST
from flights.data import ARRIVAL_COLUMNS, WEATHER_COLUMNS, between
from flights.features import HALF, HELD_BACK, Groups
from flights.stage import Stage
from flights.story import Chapter
from headrace import FeatureView, TrainingDataset

OF_FLIGHTS = ("carrier", "dest", "distance", "hour", "month", "weekday")
OF_WEATHER = tuple(name for name in WEATHER_COLUMNS if name not in {"origin", "time_hour"})


def play(stage: Stage, chapter: Chapter, groups: Groups) -> tuple[FeatureView, TrainingDataset]:
    """Define the view, make everything before July split by time, insert late rows, make it again elsewhere."""
    story, cast, extent = stage.story, stage.cast, stage.extent
    store = cast.scientist.get_feature_store()
    flights, weather, arrivals = (store.get_feature_group(name, 1) for name in ("flights", "weather", "arrivals"))
    view = store.create_feature_view(
        "departures",
        flights.select(["flight_id", "origin", *OF_FLIGHTS])
        .join(weather.select(list(OF_WEATHER)), on=["origin"])
        .join(arrivals.select(["late"]), on=["flight_id"], join_type="inner"),
        labels=["late"],
        description="A flight, the weather known at its departure, and whether it arrived over 15 minutes late",
    )
    version, dataset = view.create_train_test_split(train_start=extent.first, train_end=extent.split, test_end=HALF)
    manifest = dataset.manifest
    for file in manifest.files:
        story.say(f"{file.split}: {file.rows:,} rows")
    story.say(f"hash {manifest.hash}")

    late = between(stage.year.arrivals, "scheduled", HELD_BACK, HALF).select(*ARRIVAL_COLUMNS)
    groups.arrivals.insert(late, show_progress=False).wait(timeout=120)
    story.say(f"{late.height:,} arrivals of 30 June come late: the log has moved on")

    again = _elsewhere(stage, view, version, "same")
    if not again["hash"] == again["recomputed"] == manifest.hash == dataset.recompute_hash():
        raise AssertionError(f"made again it is {again}, not {manifest.hash}")
    story.say("made again in a new process from the same positions: [green]the same hash[/]")
    other = _elsewhere(stage, view, version, "shorter")
    if other["hash"] == manifest.hash:
        raise AssertionError("another bound gave the same hash")
    story.say(f"with another bound: {other['hash']}")
    rows = sum(file.rows for file in manifest.files)
    chapter.figures = {
        "view": f"{view.name} version {view.version}",
        "training_dataset": version,
        "rows": {file.split: file.rows for file in manifest.files},
        "positions": list(manifest.positions),
        "hash": manifest.hash,
        "hash_made_again": again["recomputed"],
        "hash_with_another_bound": other["hash"],
    }
    chapter.result = f"{rows:,} examples, made twice with the hash {manifest.hash[:12]}…"
    return view, dataset


def _elsewhere(stage: Stage, view: FeatureView, version: int, how: str) -> dict[str, str]:
    """Make the dataset in a new process, which knows no more than its name."""
    done = subprocess.run(
        [sys.executable, "-m", "flights.remake", view.name, str(view.version), str(version), how],
        env={
            **os.environ,
            "HEADRACE_API": stage.api,
            "HEADRACE_API_KEY": stage.cast.keys[SCIENTIST],
            "HEADRACE_PROJECT": stage.cast.name,
        },
        check=True,
        stdout=subprocess.PIPE,
    )
    made: dict[str, str] = json.loads(done.stdout)
    return made
