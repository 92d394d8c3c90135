"""The metadata feed among many projects: it asks for few of them, and hears of everything in all of them."""

from __future__ import annotations

from tests.integration.clients import connection, eventually
from tests.integration.platform import Platform

from headrace_broker.feed import MetadataFeed
from headrace_broker.topics import events_of
from headrace_events.envelope import Recorded
from headrace_events.member import AddMember, MemberRemoved, RemoveMember
from headrace_events.roles import Role

AWAKE = 1


def test_a_project_that_rests_is_heard_of_as_soon_as_something_happens_in_it(platform: Platform) -> None:
    projects = [platform.project(scientist=None) for _ in range(3)]
    feed = MetadataFeed(connection(platform.stack, "provisioning"), awake=AWAKE)
    heard: list[Recorded] = []

    def resting() -> set[str]:
        heard.extend(feed.poll(0.2).events)
        return {where.topic for where in feed.resting}

    topics = {events_of(project) for project in projects}
    eventually(lambda: len(resting() & topics) >= len(topics) - AWAKE or None, "all but one to rest", 60)
    platform.user("bob")
    for project in projects:
        platform.send(AddMember(project=project, user="bob", role=Role.DATA_SCIENTIST), "user:ada")
    for project in projects:
        platform.send(RemoveMember(project=project, user="bob"), "user:ada")

    def told() -> bool | None:
        resting()
        left = {recorded.project for recorded in heard if isinstance(recorded.event, MemberRemoved)}
        return True if left >= set(projects) else None

    eventually(told, "what happened while they rested", 60)
    eventually(lambda: len(resting() & topics) >= len(topics) - AWAKE or None, "them to rest again", 60)
    feed.close()
    assert len({recorded.at for recorded in heard}) == len(heard), "nothing is handed out twice"
