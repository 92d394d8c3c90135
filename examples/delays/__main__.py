"""The feature store, part by part, on two months of real flights, beside whatever the stack already holds.

python -m delays
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import headrace
from delays import drift, fleet, groups, online, past, training, used, windows
from delays.tables import read_tables
from flights.story import Story

REPORT = Path("delays-report.json")
OWNER = "ada"


def main() -> None:
    """Tell the story."""
    story = Story()
    with story.chapter("0", "The stack") as chapter:
        subprocess.run([sys.executable, "-m", "headrace_compose", "up"], check=True)
        administrator = headrace.administrator()
        chapter.result = f"the API answers at {administrator.url}"
    with administrator, tempfile.TemporaryDirectory() as folder, _project(administrator) as project:
        _play(story, project, Path(folder))
        story.close(REPORT, {"project": project.name})


def _play(story: Story, project: headrace.Project, folder: Path) -> None:
    tables = read_tables()
    with story.chapter("1", "Feature groups") as chapter:
        made = groups.play(story, chapter, project, tables, folder)
    with story.chapter("2", "Aggregates over windows") as chapter:
        windows.play(story, chapter, made, tables)
    with story.chapter("3", "Training data") as chapter:
        view, version = training.play(story, chapter, project, made)
    with story.chapter("4", "Online") as chapter:
        online.play(story, chapter, project, made, view)
    with story.chapter("5", "Drift") as chapter:
        drift.play(story, chapter, view, version)
    with story.chapter("6", "Time travel") as chapter:
        past.play(story, chapter, made, tables)
    with story.chapter("7", "Another database") as chapter:
        fleet.play(story, chapter, project, made)
    with story.chapter("8", "Search and usage") as chapter:
        used.play(story, chapter, project, made)


def _project(administrator: headrace.Platform) -> headrace.Project:
    """The first of `delays`, `delays-2`, … that there never was, as its owner sees it."""
    taken = {row["project"] for row in administrator.get_projects()}
    name, number = "delays", 1
    while name in taken:
        number += 1
        name = f"delays-{number}"
    if OWNER not in {row["user"] for row in administrator.get_users()}:
        administrator.create_user(OWNER)
    administrator.create_project(name, "The feature store on real flights", owner=OWNER)
    return headrace.login(administrator.url, administrator.issue_key(OWNER, project=name, hours=24).key, name)


if __name__ == "__main__":
    main()
