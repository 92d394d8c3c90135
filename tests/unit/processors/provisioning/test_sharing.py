"""What provisioning lets the members of one project read of another one, and what it says of it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations

import pytest

from headrace_broker.acls import Rule
from headrace_events.certificate import CertificateIssued, CertificateRequested
from headrace_events.envelope import Position, Recorded
from headrace_events.ids import CommandId, EventId, Micros
from headrace_events.language import Event, Home
from headrace_events.member import MemberAdded, MemberRemoved
from headrace_events.project import (
    ProjectArchived,
    ProjectClosing,
    ProjectReady,
    ProjectRequested,
)
from headrace_events.roles import Role
from headrace_events.share import (
    RecordShareEnforced,
    ShareAccepted,
    ShareDeclined,
    ShareEnforced,
    ShareOffered,
    ShareRevoked,
)
from headrace_events.shared import Shareable
from headrace_events.topic import TopicClosed
from headrace_processors.provisioning.wanted import Wanted

CLICKS = "flights.topics.clicks"
SHARE = f"topic:{CLICKS}:fraud"
BETWEEN = {"share": SHARE, "project": "flights", "receiver": "fraud"}
OFFERED = ShareOffered(share=SHARE, project="flights", receiver="fraud", what=Shareable.TOPIC, name=CLICKS)
ACCEPTED, DECLINED, REVOKED = ShareAccepted(**BETWEEN), ShareDeclined(**BETWEEN), ShareRevoked(**BETWEEN)
EVE = "fraud__eve__1"
READS = {Rule(EVE, "topic", CLICKS, False, "read")}


def at(offset: int, event: Event, project: str) -> Recorded:
    scope = project if event.home is Home.PROJECT else None
    return Recorded(
        event=event,
        id=EventId("e"),
        project=scope,
        seq=offset,
        version=1,
        actor="user:ada",
        cause=CommandId("c"),
        time=Micros(offset),
        at=Position(scope or "platform", 0, offset),
    )


def member(user: str, generation: int = 1) -> list[Event]:
    return [
        MemberAdded(user=user, role=Role.DATA_SCIENTIST),
        CertificateRequested(user=user, generation=generation, signing_request="a"),
        CertificateIssued(user=user, generation=generation, certificate="a", serial="a", expires=Micros(9)),
    ]


def projects() -> Wanted:
    wanted = Wanted()
    for name in ("flights", "fraud", "third"):
        for offset, event in enumerate(
            [ProjectRequested(project=name, owner="x"), ProjectReady(project=name, topics=())]
        ):
            wanted.apply(at(offset, event, name))
    for offset, event in enumerate([*member("eve")]):
        wanted.apply(at(offset, event, "fraud"))
        wanted.apply(at(offset, event, "third"))
    for project in wanted.projects.values():
        project.rules_changed = False
    return wanted


def after(events: Iterable[tuple[Event, str]]) -> Wanted:
    wanted = projects()
    for offset, (event, project) in enumerate(events, 10):
        wanted.apply(at(offset, event, project))
    return wanted


def shared(*events: Event) -> Wanted:
    return after((event, "flights") for event in events)


def foreign(wanted: Wanted, project: str = "fraud") -> set[Rule]:
    """The rules of the project's members about topics of another one."""
    own = f"{project}."
    return {
        rule
        for rule in wanted.projects[project].rules()
        if rule.principal.startswith(f"{project}__") and not rule.name.startswith(own)
    }


def test_an_offer_opens_nothing() -> None:
    wanted = shared(OFFERED)
    assert foreign(wanted) == set()
    assert not wanted.projects["fraud"].rules_changed


def test_an_accepted_share_lets_every_member_read_and_nobody_write() -> None:
    wanted = shared(OFFERED, ACCEPTED)
    assert foreign(wanted) == READS
    assert wanted.projects["fraud"].rules_changed
    assert foreign(wanted, "third") == set()
    assert not wanted.projects["third"].rules_changed


@pytest.mark.parametrize("ending", [REVOKED, DECLINED])
def test_an_ended_share_opens_nothing(ending: Event) -> None:
    wanted = shared(OFFERED, ACCEPTED)
    wanted.projects["fraud"].rules_changed = False
    wanted.apply(at(20, ending, "flights"))
    assert foreign(wanted) == set()
    assert wanted.projects["fraud"].rules_changed


def test_who_joins_later_reads_and_who_leaves_does_not() -> None:
    joined = after([(OFFERED, ""), (ACCEPTED, ""), *((event, "fraud") for event in member("bob"))])
    assert {rule.principal for rule in foreign(joined)} == {EVE, "fraud__bob__1"}
    joined.apply(at(30, MemberRemoved(user="bob"), "fraud"))
    assert {rule.principal for rule in foreign(joined)} == {EVE}


def test_a_certificate_has_the_rules_of_shares_before_it_is_handed_out() -> None:
    wanted = shared(OFFERED, ACCEPTED)
    wanted.apply(at(30, CertificateRequested(user="eve", generation=2, signing_request="a"), "fraud"))
    (pending,) = wanted.projects["fraud"].certificates.values()
    names = {(rule.name, rule.operation) for rule in wanted.projects["fraud"].rules_of(pending)}
    assert (CLICKS, "read") in names


def test_members_of_an_archived_project_read_what_they_were_given() -> None:
    assert foreign(shared(OFFERED, ACCEPTED, ProjectArchived(project="fraud"))) == READS


def test_what_a_closing_project_shared_is_open_to_nobody() -> None:
    wanted = shared(OFFERED, ACCEPTED)
    wanted.projects["fraud"].rules_changed = False
    wanted.apply(at(20, ProjectClosing(project="flights"), "flights"))
    assert foreign(wanted) == set()
    assert wanted.projects["fraud"].rules_changed
    assert wanted.sharing.take_due("fraud") == []


def test_whatever_is_read_first_a_deleted_topic_is_open_to_nobody() -> None:
    for order in permutations([OFFERED, ACCEPTED, TopicClosed(name=CLICKS)]):
        if order.index(OFFERED) < order.index(ACCEPTED):
            assert foreign(shared(*order)) == set()
    closed = shared(OFFERED, ACCEPTED)
    closed.projects["fraud"].rules_changed = False
    closed.apply(at(20, TopicClosed(name=CLICKS), "flights"))
    assert closed.projects["fraud"].rules_changed


@pytest.mark.parametrize(
    ("what", "name", "version", "topic", "prefixed"),
    [
        (Shareable.FEATURE_GROUP, "weather", 1, "flights.features.weather.1", False),
        (Shareable.FEATURE_STORE, "", None, "flights.features.", True),
    ],
)
def test_groups_are_read_one_by_one_and_stores_with_all_that_comes_later(
    what: Shareable, name: str, version: int | None, topic: str, prefixed: bool
) -> None:
    offer = ShareOffered(share=SHARE, project="flights", receiver="fraud", what=what, name=name, version=version)
    read = {Rule(EVE, "topic", topic, prefixed, "read")}
    assert foreign(shared(offer, ACCEPTED)) == read


def said(opened: bool) -> RecordShareEnforced:
    return RecordShareEnforced(share=SHARE, open=opened)


def test_provisioning_says_once_what_holds_and_the_next_one_says_it_with_the_same_position() -> None:
    wanted = shared(OFFERED, ACCEPTED)
    due = wanted.sharing.take_due("fraud")
    assert due == [(said(True), Position("platform", 0, 11))]
    assert wanted.sharing.take_due("fraud") == []
    assert wanted.sharing.take_due("third") == []
    assert shared(OFFERED, ACCEPTED).sharing.take_due("fraud") == due
    assert shared(OFFERED, ACCEPTED, ShareEnforced(open=True, **BETWEEN)).sharing.take_due("fraud") == []


@pytest.mark.parametrize("events", [(OFFERED, REVOKED), (OFFERED, ACCEPTED, REVOKED), (OFFERED, DECLINED)])
def test_what_was_ended_is_said_to_be_closed_though_nobody_said_it_was_open(events: tuple[Event, ...]) -> None:
    wanted = shared(*events)
    assert wanted.sharing.take_due("fraud") == [(said(False), Position("platform", 0, 9 + len(events)))]
    assert wanted.sharing.take_due("fraud") == []
    assert shared(*events, ShareEnforced(open=False, **BETWEEN)).sharing.take_due("fraud") == []


def test_of_an_offer_that_nobody_has_answered_nothing_is_said() -> None:
    assert shared(OFFERED).sharing.take_due("fraud") == []


def test_what_was_said_before_a_share_was_revoked_is_said_anew() -> None:
    wanted = shared(OFFERED, ACCEPTED)
    assert [command for command, _ in wanted.sharing.take_due("fraud")] == [said(True)]
    wanted.apply(at(20, REVOKED, "flights"))
    assert wanted.sharing.take_due("fraud") == [(said(False), Position("platform", 0, 20))]


def test_what_was_open_is_closed_even_where_it_is_offered_anew_meanwhile() -> None:
    enforced = ShareEnforced(open=True, **BETWEEN)
    for events in ((REVOKED,), (REVOKED, OFFERED)):
        wanted = shared(OFFERED, ACCEPTED, enforced, *events)
        ((command, _),) = wanted.sharing.take_due("fraud")
        assert command == said(False)
