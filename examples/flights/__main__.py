"""`make demo`: start the stack, play the year, leave everything up."""

import subprocess
import sys
from pathlib import Path

import headrace
from flights import people
from flights.story import Story
from headrace._settings import administrator_key, local_api, stack_home

REPORT = Path("demo-report.json")


def main() -> None:
    """Tell the whole story."""
    story = Story()
    with story.chapter("0", "The stack") as chapter:
        subprocess.run([sys.executable, "-m", "headrace_compose", "up"], check=True)
        api = local_api()
        key = administrator_key()
        if api is None or key is None:
            sys.exit(f"{stack_home()} holds no address or no administrator's key: run `make up` and look there")
        chapter.result = f"the API answers at {api}"
    administrator = headrace.connect(api, key)
    with story.chapter("1", "Projects and people") as chapter:
        people.play(story, chapter, administrator, api)
    story.close(REPORT, {"api": api})


if __name__ == "__main__":
    main()
