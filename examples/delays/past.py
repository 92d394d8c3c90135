"""Chapter 6: what was known before a correction, and what the correction changed."""

from delays.groups import Groups
from delays.tables import Tables
from flights.story import Chapter, Story


def play(story: Story, chapter: Chapter, groups: Groups, tables: Tables) -> None:
    """Correct ten readings and take one back; read the group as it was, and what changed."""
    weather, readings = groups.weather, tables.weather.head(11)
    before = weather.commit_details(limit=1)[0].positions
    corrected = weather.insert(readings.head(10).with_columns(temp=32.0), show_progress=False)
    taken_back = weather.delete_rows(readings.tail(1).select("origin", "time_hour")).wait(timeout=120)
    then = weather.read("polars", history=True, as_of=before)
    changes = weather.read_changes(before, taken_back, "polars")
    told = changes["_operation"].value_counts(sort=True).rows()
    if dict(told) != {"update": 10, "delete": 1} or then.height != tables.weather.height:
        raise AssertionError(f"{told} of {then.height} rows")
    story.say(f"as it was: {then.height:,} readings; since then {told}")
    statistics = weather.get_statistics().features["temp"]
    story.say(f"temperatures so far: mean {statistics.mean:.1f}, {statistics.distinct:.0f} different ones")
    chapter.figures = {"corrected": corrected.accepted, "changes": dict(told)}
    chapter.result = f"{corrected.accepted} corrections and a deletion, told from {then.height:,} rows as they were"
