"""Chapter 4: the same features online, one by one and many at a time, and both stores compared."""

import asyncio

from delays.groups import Groups
from flights.story import Chapter, Story
from headrace import FeatureView, Project

ENTRIES = 100


def play(story: Story, chapter: Chapter, project: Project, groups: Groups, view: FeatureView) -> None:
    """Read vectors in every way; compare them with what the offline store says of that time, and the stores."""
    newest = groups.flights.read("polars").sort("scheduled").tail(ENTRIES)
    entries = [{"flight_id": name} for name in newest["flight_id"]]
    vectors = view.get_feature_vectors(entries, return_type="polars")
    one = view.get_feature_vector(entries[0], return_type="dict")
    if vectors.row(0, named=True) != one:
        raise AssertionError(f"{one} is the first of {vectors}")
    story.say(f"{vectors.height} vectors of {vectors.width} features: {list(one.items())[:3]}, …")
    if asyncio.run(_at_once(project, view, entries[:8])) != vectors.head(8).rows():
        raise AssertionError("read at once they are others")
    colder = view.get_feature_vector(entries[0], {"temp": 10.0, "wind_speed": 25.0}, return_type="dict")
    story.say(f"in a cold that only the asker knows of: feels like {colder['wind_chill']}, not {one['wind_chill']}")
    if not -11 < colder["wind_chill"] < -10:
        raise AssertionError(f"what was passed does not count: {colder}")
    unknown, statuses = view.get_feature_vectors([{"flight_id": "XX1"}], allow_missing=True, return_status=True)
    story.say(f"of a flight that nobody knows: {statuses[0].lacking}")
    compared = {name: getattr(groups, name).check_consistency() for name in ("flights", "turns", "delays", "weather")}
    for name, found in compared.items():
        if not found:
            raise AssertionError(f"{name} differs online and offline: {found.differences}")
        story.say(f"{name}: {found.online.keys:,} keys are equal online and offline")
    keys = sum(found.online.keys for found in compared.values())
    chapter.figures = {"vectors": len(entries), "keys_equal": keys, "unknown": [list(one) for one in unknown]}
    chapter.result = f"{len(entries)} vectors read in three ways; {keys:,} keys are equal online and offline"


async def _at_once(project: Project, view: FeatureView, entries: list[dict[str, str]]) -> list[tuple[object, ...]]:
    try:
        found = await asyncio.gather(*(view.get_feature_vector_async(entry) for entry in entries))
    finally:
        await project.aclose()
    return [tuple(vector) for vector in found]
