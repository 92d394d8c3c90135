"""`make demo`: start the stack, play the year, leave everything up.

python -m flights [year|sample]
"""

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import headrace
from flights import afterwards, features, july, lineage, people, rebuilt, served, training, trials, watched, year
from flights.data import read_year
from flights.extent import EXTENTS, Extent
from flights.recomputed import compare
from flights.stage import Stage
from flights.story import Story

REPORT = Path("demo-report.json")


def main(extent: str = "year") -> None:
    """Tell the whole story."""
    story = Story()
    with story.chapter("0", "The stack") as chapter:
        subprocess.run([sys.executable, "-m", "headrace_compose", "up"], check=True)
        administrator = headrace.administrator()
        chapter.result = f"the API answers at {administrator.url}"
    with administrator:
        stage = _play(story, administrator, EXTENTS[extent])
        story.close(REPORT, {"api": administrator.url, "extent": extent, "next": asdict(afterwards.point(stage))})
        afterwards.play(stage)


def _play(story: Story, administrator: headrace.Platform, extent: Extent) -> Stage:
    with story.chapter("1", "Projects and people") as chapter:
        cast = people.play(story, chapter, administrator)
    stage = Stage(story=story, cast=cast, extent=extent, year=read_year(), api=administrator.url)
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
    with story.chapter("8", "What followed") as chapter:
        year.play(stage, chapter, groups)
    with story.chapter("9", "Lineage") as chapter:
        lineage.play(stage, chapter)
    with story.chapter("10", "Rebuild") as chapter:
        rebuilt.play(stage, chapter)
    return stage


if __name__ == "__main__":
    main(*sys.argv[1:])
