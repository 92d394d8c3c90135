"""Step 1: projects and people, and what the broker lets whom do."""

from flights.access import consume, join, must_be_refused, must_succeed, produce
from flights.cast import Cast, gather
from flights.story import Chapter, Story
from headrace import Platform


def play(story: Story, chapter: Chapter, administrator: Platform) -> Cast:
    """Make people and projects; try the rival's certificate and the owner's on the same topic."""
    cast = gather(administrator)
    story.say(f"projects {cast.name} and {cast.rival.name} are Ready: their topics and access rules hold")
    topic = cast.owner.get_kafka_api().create_topic("radar").name
    rival = cast.rival.client_files().librdkafka()
    owner = cast.owner.client_files().librdkafka()
    refusals = {
        f"{cast.rival.name} produces to {topic}": produce(rival, topic),
        f"{cast.rival.name} consumes from {topic}": consume(rival, topic, f"{cast.rival.name}.readers"),
        f"{cast.rival.name} joins group {cast.name}.readers": join(
            rival, f"{cast.rival.name}.runs", f"{cast.name}.readers"
        ),
        f"the owner produces to {cast.name}.events": produce(owner, f"{cast.name}.events"),
    }
    for what, answer in refusals.items():
        story.say(f"{what}: [red]{must_be_refused(answer, what)}[/]")
    must_succeed(produce(owner, topic), "the owner producing")
    must_succeed(consume(owner, topic, f"{cast.name}.readers"), "the owner consuming")
    must_succeed(join(owner, topic, f"{cast.name}.readers"), "the owner joining a group of the project")
    story.say(f"the owner's certificate produces, consumes and joins on the same topic: {topic}")
    chapter.figures = {
        "projects": [cast.name, cast.rival.name],
        "members": [[member.user, member.role] for member in cast.owner.get_members()],
        "refused": list(refusals),
    }
    chapter.result = f"2 projects, 3 people, {len(refusals)} attempts refused by the broker"
    return cast
