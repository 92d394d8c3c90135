"""Step 9: found by free text, and the way from the model back to everything that made it, and forward."""

import time

from flights.stage import Stage
from flights.story import Chapter

WORDS = ("weather at the three airports", "boosted trees", "late", "wind_speed")


def play(stage: Stage, chapter: Chapter) -> None:
    """Search as the scientist, and walk the graph both ways."""
    project = stage.cast.scientist
    found = {}
    for words in WORDS:
        began = time.monotonic()
        results = project.search(words)
        milliseconds = (time.monotonic() - began) * 1000
        names = [f"{one.kind} {one.name}" for one in results]
        if not names:
            raise AssertionError(f"nothing was found for {words!r}")
        found[words] = names
        stage.story.say(f"{words!r}: {', '.join(names[:4])} [dim]({milliseconds:.0f} ms)[/]")
    back = project.lineage("model_version:late.1", "upstream")
    stage.story.console.print(back)
    forward = project.lineage("model_version:late.1", "downstream")
    stage.story.console.print(forward)
    kinds = {
        kind: len(back.of_kind(kind))
        for kind in ("trial", "program", "environment", "training_dataset", "feature_view", "feature_group", "topic")
    }
    if not all(kinds.values()):
        raise AssertionError(f"the way back misses something: {kinds}")
    chapter.figures = {
        "found": found,
        "upstream": kinds,
        "people": list(back.people),
        "downstream": [node.label for node in forward.nodes],
    }
    chapter.result = (
        f"back to {sum(kinds.values())} things and {', '.join(back.people)}; forward to {len(forward.nodes) - 1}"
    )
