"""`make demo`: start the stack, play the year, leave everything up."""

import subprocess
import sys
from pathlib import Path

import headrace
from flights import features, july, lineage, people, rebuilt, served, training, trials, watched, year
from flights.data import read_year
from flights.recomputed import compare
from flights.stage import Stage
from flights.story import Story
from headrace._settings import administrator_key, local_api, stack_home

REPORT = Path("demo-report.json")


def main() -> None:
    """Tell the whole story."""
    story = Story()
    with story.chapter("0", "The stack") as chapter:
        subprocess.run([sys.executable, "-m", "headrace_compose", "up"], check=True)
        api, key = local_api(), administrator_key()
        if api is None or key is None:
            sys.exit(f"{stack_home()} holds no address or no administrator's key: run `make up` and look there")
        chapter.result = f"the API answers at {api}"
    with headrace.connect(api, key) as administrator:
        _play(story, administrator, api)
    story.close(REPORT, {"api": api})


def _play(story: Story, administrator: headrace.Platform, api: str) -> None:
    with story.chapter("1", "Projects and people") as chapter:
        cast = people.play(story, chapter, administrator, api)
    stage = Stage(story=story, cast=cast, year=read_year(), api=api)
    with story.chapter("2", "Features up to 30 June") as chapter:
        groups = features.play(stage, chapter)
    with story.chapter("3", "Training data") as chapter:
        view, dataset = training.play(stage, chapter, groups)
    with story.chapter("4", "Experiment") as chapter:
        result = trials.play(stage, chapter, dataset)
    with story.chapter("5", "Model and serving") as chapter:
        deployment = served.play(stage, chapter, result)
        monitor = watched.begin(stage, deployment)
    with story.chapter("6", "July as it happened") as chapter:
        lived = july.play(stage, chapter, groups, deployment)
        recomputed = compare(stage, view)
        chapter.figures["vectors_recomputed_and_equal"] = recomputed
        chapter.result += f"; {recomputed} served vectors equal the offline store"
    with story.chapter("7", "Monitoring") as chapter:
        watched.play(stage, chapter, monitor, lived, dataset)
    with story.chapter("8", "The rest of the year") as chapter:
        year.play(stage, chapter, groups)
    with story.chapter("9", "Lineage") as chapter:
        lineage.play(stage, chapter)
    with story.chapter("10", "Rebuild") as chapter:
        rebuilt.play(stage, chapter)


if __name__ == "__main__":
    main()
