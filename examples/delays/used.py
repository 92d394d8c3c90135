"""Chapter 8: what is found by its words, and who uses what."""

import time

from delays.groups import Groups
from flights.story import Chapter, Story
from headrace import Project


def play(story: Story, chapter: Chapter, project: Project, groups: Groups) -> None:
    """Describe, find, and ask who uses the features."""
    groups.weather.update_feature_description("visib", "How far one sees, in miles")
    groups.weather.add_keywords(["meteorology", "hourly"])
    found = _found(project, "meteorology hourly")
    story.say(f"“meteorology hourly” finds {found}")
    uses = {use.feature: [view.name for view in use.views] for use in groups.weather.usage()}
    unused = [name for name, views in uses.items() if not views]
    story.say(f"visib is used by {uses['visib']}; nobody uses {unused}")
    chapter.figures = {"found": found, "used_by": uses}
    chapter.result = f"{len(uses) - len(unused)} of {len(uses)} features of the weather are used"


def _found(project: Project, words: str, seconds: float = 60) -> list[str]:
    """Names of what the words find, once the search has heard of them."""
    deadline = time.monotonic() + seconds
    while not (found := project.search(words)):
        if time.monotonic() > deadline:
            raise AssertionError(f"nothing is found by {words!r} after {seconds:.0f} s")
        time.sleep(0.5)
    return [one.id for one in found]
