"""What provisioning still has to do for topics, folded from whatever happened before it was killed."""

from __future__ import annotations

from tests.unit.processors.provisioning.test_shut_out import at

from headrace_broker.topics import requested_topic
from headrace_events.feature_group_clearing import FeatureGroupCleared, FeatureGroupClearRequested
from headrace_events.language import Event
from headrace_events.project import ProjectReady, ProjectRequested
from headrace_events.topic import TopicChanged, TopicChangeRequested, TopicClosed
from headrace_events.topic_settings import TopicSettings
from headrace_processors.provisioning.wanted import Wanted
from headrace_processors.provisioning.wanted_project import WantedProject

CLICKS = "flights.topics.clicks"
WEATHER = "flights.features.weather.1"
WIDE, WIDER = TopicSettings(partitions=2), TopicSettings(partitions=3, retention_ms=1_000)


def flights(*events: Event) -> WantedProject:
    """The project after these events, in this order."""
    wanted = Wanted()
    wanted.apply(at(1, ProjectRequested(project="flights", owner="ada")))
    wanted.apply(at(2, ProjectReady(project="flights", topics=())))
    for time, event in enumerate(events, 3):
        wanted.apply(at(time, event, "flights"))
    return wanted.projects["flights"]


def due(*events: Event) -> dict[str, TopicSettings]:
    """The changes that are due after these events."""
    return {name: change.settings for name, (change, _) in flights(*events).changes.items()}


def test_a_change_is_due_until_it_is_said_to_hold() -> None:
    asked = TopicChangeRequested(name=CLICKS, settings=WIDE)
    assert due(asked) == {CLICKS: WIDE}
    assert due(asked, TopicChanged(name=CLICKS, settings=WIDE)) == {}


def test_the_last_change_is_due_though_an_earlier_one_holds() -> None:
    asked = (TopicChangeRequested(name=CLICKS, settings=WIDE), TopicChangeRequested(name=CLICKS, settings=WIDER))
    assert due(*asked, TopicChanged(name=CLICKS, settings=WIDE)) == {CLICKS: WIDER}


def test_nothing_is_due_for_a_closed_topic() -> None:
    assert due(TopicChangeRequested(name=CLICKS, settings=WIDE), TopicClosed(name=CLICKS)) == {}


def test_what_a_topic_keeps_is_said_in_kafkas_words() -> None:
    assert requested_topic(CLICKS, "user", TopicSettings()).config == {
        "cleanup.policy": "delete",
        "retention.ms": "-1",
        "retention.bytes": "-1",
    }
    assert requested_topic(CLICKS, "user", TopicSettings(compacted=True)).config["cleanup.policy"] == "compact"
    both = requested_topic(CLICKS, "user", TopicSettings(compacted=True, retention_bytes=7)).config
    assert (both["cleanup.policy"], both["retention.bytes"]) == ("compact,delete", "7")


def clear(request: int) -> FeatureGroupClearRequested:
    return FeatureGroupClearRequested(name="weather", version=1, topic=WEATHER, request=request)


def cleared(request: int) -> FeatureGroupCleared:
    return FeatureGroupCleared(name="weather", version=1, topic=WEATHER, request=request, positions=("id:0:7",))


def test_the_last_request_to_clear_is_due_until_it_is_done_or_its_topic_gone() -> None:
    assert flights(clear(1), clear(2)).clears == {WEATHER: clear(2)}
    assert flights(clear(1), clear(2), cleared(1)).clears == {WEATHER: clear(2)}
    assert flights(clear(1), clear(2), cleared(2)).clears == {}
    assert flights(clear(1), TopicClosed(name=WEATHER)).clears == {}
