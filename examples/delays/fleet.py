"""Chapter 7: features that stay in another database, joined when they are asked for."""

from delays.groups import Groups
from delays.tables import FIRST, SPLIT
from flights.story import Chapter, Story
from headrace import Project


def play(story: Story, chapter: Chapter, project: Project, groups: Groups) -> None:
    """Join January's flights with the planes in SQLite; compare what small and large planes do."""
    query = groups.flights.select(["carrier", "late"]).join(groups.planes.select(["seats"]), on=["tailnum"])
    view = project.get_feature_store().create_feature_view("fleet", query, labels=["late"])
    rows, labels = view.training_data(FIRST, SPLIT)
    large = rows["seats"] > 100
    shares = {"large": float(labels["late"][large].mean()), "small": float(labels["late"][rows["seats"] <= 100].mean())}
    story.say(f"late of planes with over 100 seats: {shares['large']:.1%}, of smaller ones: {shares['small']:.1%}")
    chapter.figures = {"examples": len(rows), "with_a_plane": int(rows["seats"].notna().sum()), "late": shares}
    chapter.result = f"{len(rows):,} flights joined with planes that are not copied"
