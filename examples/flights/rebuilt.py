"""Step 10: read models computed again beside the live ones, compared in every row and column, and swapped."""

import json
import subprocess
import sys

from flights.stage import Stage
from flights.story import Chapter

PROJECTIONS = ("catalogue", "lineage")


def play(stage: Stage, chapter: Chapter) -> None:
    """Rebuild with the command line, as the administrator."""
    results = {}
    for name in PROJECTIONS:
        done = subprocess.run(
            [sys.executable, "-m", "headrace_cli.main", "rebuild", name, "--verify", "--json"],
            check=True,
            stdout=subprocess.PIPE,
        )
        results[name] = result = json.loads(done.stdout)
        if not result["equal"]:
            raise AssertionError(f"the rebuilt {name} differs from the live one: {result}")
        stage.story.say(f"{name}: {result['events']:,} events at {result['events_per_second']:,.0f}/s, equal, swapped")
    chapter.figures = results
    chapter.result = ", ".join(f"{name} equal in every row and column" for name in PROJECTIONS)
