"""What provisioning still has to do for topics, folded from whatever happened before it was killed."""

from __future__ import annotations

from tests.unit.processors.provisioning.test_shut_out import at

from headrace_broker.topics import requested_topic
from headrace_events.language import Event
from headrace_events.project import ProjectReady, ProjectRequested
from headrace_events.topic import TopicChanged, TopicChangeRequested, TopicClosed
from headrace_events.topic_settings import TopicSettings
from headrace_processors.provisioning.wanted import Wanted

CLICKS = "flights.topics.clicks"
WIDE, WIDER = TopicSettings(partitions=2), TopicSettings(partitions=3, retention_ms=1_000)


def due(*events: Event) -> dict[str, TopicSettings]:
    """The changes that are due after these events, in this order."""
    wanted = Wanted()
    wanted.apply(at(1, ProjectRequested(project="flights", owner="ada")))
    wanted.apply(at(2, ProjectReady(project="flights", topics=())))
    for time, event in enumerate(events, 3):
        wanted.apply(at(time, event, "flights"))
    return {name: change.settings for name, (change, _) in wanted.projects["flights"].changes.items()}


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
