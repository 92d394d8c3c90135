"""Topics that members make: opened, changed, granted, closed for ever."""

import pytest
from tests.unit.events.scenario import Scenario, fold, project

from headrace_events.subject import RegisterSchema
from headrace_events.topic import (
    ChangeTopic,
    CloseTopic,
    CreateTopic,
    GrantTopic,
    OpenedTopic,
    RecordTopicChanged,
    RecordTopicOpened,
    TopicChanged,
    TopicChangeRequested,
    TopicClosed,
    TopicOpened,
    TopicRequested,
)
from headrace_events.topic_settings import Limit, TopicSettings

CLICKS = "flights.topics.clicks"
CREATE = CreateTopic(project="flights", name="clicks")
CLOSE = CloseTopic(project="flights", topic=CLICKS)
GRANT = GrantTopic(project="flights", topic=CLICKS, user="bob")
WIDEN = ChangeTopic(project="flights", topic=CLICKS, partitions=3, retention_ms=Limit(most=1_000))
WIDER = TopicSettings(partitions=3, retention_ms=1_000)


def changed(settings: TopicSettings) -> RecordTopicChanged:
    """What provisioning says."""
    return RecordTopicChanged(project="flights", topic=CLICKS, settings=settings)


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


def test_a_topic_is_asked_for_with_all_that_it_keeps() -> None:
    wish = CreateTopic(project="flights", name="clicks", partitions=2, retention_bytes=5, compacted=True)
    (requested,) = project().events(wish)
    assert isinstance(requested, TopicRequested)
    assert requested.settings == TopicSettings(partitions=2, retention_bytes=5, compacted=True)
    assert requested.subject == f"{CLICKS}-value"


def test_a_topic_stands_on_a_subject_that_there_is() -> None:
    scenario = project()
    wish = CreateTopic(project="flights", name="clicks", subject="Click")
    assert scenario.refusal(wish) == "subject-not-found"
    schema = '{"type": "record", "name": "Click", "fields": []}'
    scenario.events(RegisterSchema(project="flights", subject="Click", schema=schema))
    (requested,) = scenario.events(wish)
    assert isinstance(requested, TopicRequested)
    assert requested.subject == "Click"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (TopicSettings(partitions=0), "invalid-partitions"),
        (TopicSettings(partitions=65), "invalid-partitions"),
        (TopicSettings(retention_ms=-1), "invalid-retention"),
        (TopicSettings(retention_ms=0), "invalid-retention"),
        (TopicSettings(retention_bytes=-1), "invalid-retention"),
        (TopicSettings(retention_bytes=1 << 63), "invalid-retention"),
    ],
)
def test_settings_that_no_topic_can_have_are_refused(settings: TopicSettings, code: str) -> None:
    wish = CreateTopic(
        project="flights",
        name="clicks",
        partitions=settings.partitions,
        retention_ms=settings.retention_ms,
        retention_bytes=settings.retention_bytes,
    )
    assert project().refusal(wish) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (ChangeTopic(project="flights", topic=CLICKS, partitions=65), "invalid-partitions"),
        (ChangeTopic(project="flights", topic=CLICKS, retention_ms=Limit(most=-1)), "invalid-retention"),
        (ChangeTopic(project="flights", topic=CLICKS, retention_bytes=Limit(most=0)), "invalid-retention"),
    ],
)
def test_no_topic_is_changed_into_one_that_cannot_be(change: ChangeTopic, code: str) -> None:
    assert opened().refusal(change) == code


def test_a_change_is_asked_for_and_then_holds() -> None:
    scenario = opened()
    assert scenario.events(WIDEN) == [TopicChangeRequested(name=CLICKS, settings=WIDER)]
    assert scenario.events(WIDEN) == []
    said = changed(WIDER)
    assert scenario.events(said, "system:provisioning") == [TopicChanged(name=CLICKS, settings=WIDER)]
    assert scenario.refusal(said, "system:provisioning") == "not-awaited"


def test_what_a_change_does_not_name_stays_and_a_limit_can_go() -> None:
    scenario = opened()
    scenario.events(WIDEN)
    (compacted,) = scenario.events(ChangeTopic(project="flights", topic=CLICKS, compacted=True))
    assert compacted == TopicChangeRequested(
        name=CLICKS, settings=TopicSettings(partitions=3, retention_ms=1_000, compacted=True)
    )
    (forever,) = scenario.events(ChangeTopic(project="flights", topic=CLICKS, retention_ms=Limit()))
    assert forever == TopicChangeRequested(name=CLICKS, settings=TopicSettings(partitions=3, compacted=True))


def test_a_change_that_was_overtaken_is_not_awaited_any_more() -> None:
    scenario = opened()
    scenario.events(WIDEN)
    scenario.events(ChangeTopic(project="flights", topic=CLICKS, compacted=True))
    assert scenario.refusal(changed(WIDER), "system:provisioning") == "not-awaited"


def test_partitions_never_get_fewer() -> None:
    scenario = opened()
    scenario.events(WIDEN)
    assert scenario.refusal(ChangeTopic(project="flights", topic=CLICKS, partitions=2)) == "fewer-partitions"


def test_only_owners_and_administrators_change_topics_that_members_made() -> None:
    scenario = opened()
    assert scenario.refusal(WIDEN, "user:bob") == "owners-only"
    assert scenario.refusal(WIDEN, "user:eve") == "project-not-found"
    assert scenario.events(WIDEN, "user:root-admin")
    fold(scenario, "flights", TopicOpened(name="flights.runs", topic_id="r", partitions=1, purpose="runs"))
    shorter = ChangeTopic(project="flights", topic="flights.runs", retention_ms=Limit(most=1))
    assert scenario.refusal(shorter) == "topic-belongs-elsewhere"
    assert scenario.refusal(ChangeTopic(project="flights", topic="flights.topics.other")) == "topic-not-found"


def test_a_closed_topic_is_not_changed_and_its_change_not_awaited() -> None:
    scenario = opened()
    scenario.events(WIDEN)
    scenario.events(CLOSE)
    assert scenario.refusal(WIDEN) == "topic-not-found"
    assert scenario.refusal(changed(WIDER), "system:provisioning") == "topic-not-found"
