"""Chapter 3: no future in training data, and the same rows in every file format."""

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Literal

from delays.groups import Groups
from delays.tables import END, FIRST, SPLIT
from flights.story import Chapter, Story
from headrace import FeatureView, Project, builtin_transformations

DataFormat = Literal["csv", "tsv", "npy", "hdf5", "tfrecord", "petastorm"]
FORMATS: tuple[DataFormat, ...] = ("csv", "tsv", "npy", "hdf5", "tfrecord", "petastorm")


def play(story: Story, chapter: Chapter, project: Project, groups: Groups) -> tuple[FeatureView, int]:
    """Join what the events say and what was known; then a view to serve, its dataset written in all formats."""
    told = {
        "said": _correlation(project, groups, "turns_as_said", known_at=False),
        "known": _correlation(project, groups, "turns_as_known", known_at=True),
    }
    story.say(f"how late a plane came in last, and how late it comes in now, correlate by {told['said']:.2f}:")
    story.say(f"that flight is the last one. By what was known at departure they correlate by {told['known']:.2f}")
    if told["said"] < 0.9 or not 0.1 < told["known"] < 0.5:
        raise AssertionError(f"the future does not show: {told}")
    view = _departures(project, groups)
    version, dataset = view.create_train_test_split(train_start=FIRST, train_end=SPLIT, test_end=END)
    hashes = {"parquet": dataset.manifest.hash}
    with tempfile.TemporaryDirectory() as folder:
        for data_format in FORMATS:
            _, again = view.create_train_test_split(
                train_start=FIRST, train_end=SPLIT, test_end=END, data_format=data_format
            )
            hashes[data_format] = again.manifest.hash
            written = again.download(Path(folder) / data_format)
            story.say(f"{data_format}: " + ", ".join(f"{path.name}" for path in written))
    if len(set(hashes.values())) != 1:
        raise AssertionError(f"the formats do not hold the same rows: {hashes}")
    train, test, _, _ = view.get_train_test_split(version)
    view.init_serving(version)
    chapter.figures = {"correlation": told, "hash": dataset.manifest.hash, "formats": list(hashes)}
    chapter.result = f"{len(train):,} and {len(test):,} examples in {len(hashes)} formats, one hash"
    return view, version


def _correlation(project: Project, groups: Groups, name: str, *, known_at: bool) -> float:
    """Of how late a plane came in, the last time that an example sees, with how late it comes in."""
    query = groups.flights.select(["arr_delay"]).join(
        groups.turns.select(["arr_delay"]), on=["tailnum"], prefix="last_", lookback=timedelta(days=1)
    )
    view = project.get_feature_store().create_feature_view(name, query, labels=["arr_delay"], known_at=known_at)
    rows, labels = view.training_data(FIRST, END)
    return float(rows["last_arr_delay"].corr(labels["arr_delay"]))


def _departures(project: Project, groups: Groups) -> FeatureView:
    """A flight, the delays and the weather at its airport, and whether it came in late."""
    query = (
        groups.flights.select(["origin", "carrier", "distance", "hour", "late"])
        .join(groups.delays.select(["arr_delay_mean_1h", "arr_delay_mean_24h"]), on=["origin"])
        .join(groups.weather.select(["temp", "wind_speed", "wind_chill", "visib"]), on=["origin"])
    )
    return project.get_feature_store().create_feature_view(
        "departures",
        query,
        labels=["late"],
        inference_helper_columns=["origin"],
        transformation_functions=[
            builtin_transformations.standard_scaler("distance"),
            builtin_transformations.one_hot_encoder("carrier"),
            builtin_transformations.impute_mean("arr_delay_mean_1h"),
        ],
    )
