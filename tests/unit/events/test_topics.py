"""Topics that members make: opened, granted, closed for ever."""

import pytest
from tests.unit.events.scenario import Scenario, fold, project

from headrace_events.topic import (
    CloseTopic,
    CreateTopic,
    GrantTopic,
    OpenedTopic,
    RecordTopicOpened,
    TopicClosed,
    TopicOpened,
)

CLICKS = "flights.topics.clicks"
CREATE = CreateTopic(project="flights", name="clicks")
CLOSE = CloseTopic(project="flights", topic=CLICKS)
GRANT = GrantTopic(project="flights", topic=CLICKS, user="bob")


def opened() -> Scenario:
    """A project with an open topic."""
    scenario = project()
    scenario.events(CREATE)
    topic = OpenedTopic(name=CLICKS, topic_id="t", partitions=1, purpose="user")
    scenario.events(RecordTopicOpened(project="flights", topic=topic), "system:provisioning")
    return scenario


def test_a_topic_opens_once() -> None:
    topic = OpenedTopic(name=CLICKS, topic_id="t", partitions=1, purpose="user")
    again = RecordTopicOpened(project="flights", topic=topic)
    assert opened().refusal(again, "system:provisioning") == "topic-is-open"


@pytest.mark.parametrize("actor", ["user:ada", "user:root-admin"])
def test_an_owner_or_an_administrator_closes_a_topic(actor: str) -> None:
    assert opened().events(CLOSE, actor) == [TopicClosed(name=CLICKS)]


def test_a_scientist_closes_no_topic() -> None:
    assert opened().refusal(CLOSE, "user:bob") == "owners-only"


def test_a_closed_topic_is_neither_granted_nor_closed_nor_made_again() -> None:
    scenario = opened()
    scenario.events(CLOSE)
    assert scenario.refusal(GRANT) == "topic-not-found"
    assert scenario.refusal(CLOSE) == "topic-not-found"
    assert scenario.refusal(CREATE) == "topic-exists"


def test_a_topic_that_is_being_made_cannot_be_closed_yet() -> None:
    scenario = project()
    scenario.events(CREATE)
    assert scenario.refusal(CLOSE) == "topic-not-ready"


def test_a_topic_that_members_did_not_make_is_not_closed_by_itself() -> None:
    scenario = project()
    runs = OpenedTopic(name="flights.runs", topic_id="r", partitions=1, purpose="runs")
    fold(scenario, "flights", TopicOpened.of(runs))
    assert scenario.refusal(CloseTopic(project="flights", topic="flights.runs")) == "topic-belongs-elsewhere"
