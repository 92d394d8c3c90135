"""What projects let one another read: offered by one, taken by the other, ended by either."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.events.scenario import Scenario, fold, project

from headrace_events.envelope import Request
from headrace_events.feature_group import CreateFeatureGroup
from headrace_events.ids import CommandId, uuid7
from headrace_events.language import Command
from headrace_events.member import AddMember, MemberAdded
from headrace_events.project import (
    ArchiveProject,
    DeleteProject,
    MarkDeleted,
    MarkSensitive,
    ProjectReady,
    ProjectRequested,
)
from headrace_events.roles import Role
from headrace_events.row_schema import Column
from headrace_events.share import (
    AcceptShare,
    DeclineShare,
    OfferShare,
    RecordShareEnforced,
    RevokeShare,
    Share,
    ShareAccepted,
    ShareDeclined,
    ShareEnforced,
    ShareOffered,
    ShareRevoked,
)
from headrace_events.share_life import MOST_OFFERS
from headrace_events.shared import Shareable, Shared, TopicPattern
from headrace_events.topic import CloseTopic, CreateTopic, OpenedTopic, RecordTopicOpened
from headrace_processors.commands.handle import Accepted, Refused, handle
from headrace_schemas.records import from_record, to_record

CLICKS = "flights.topics.clicks"
SHARE = f"topic:{CLICKS}:fraud"
BETWEEN = {"share": SHARE, "project": "flights", "receiver": "fraud"}
OFFER = OfferShare(project="flights", receiver="fraud", what=Shareable.TOPIC, name=CLICKS)
ACCEPT = AcceptShare(project="fraud", share=SHARE)
DECLINE = DeclineShare(project="fraud", share=SHARE)
REVOKE = RevokeShare(project="flights", share=SHARE)
OPENED, CLOSED = (RecordShareEnforced(share=SHARE, open=opened) for opened in (True, False))
PROVISIONING = "system:provisioning"
EVE = "user:eve"


def two_projects() -> Scenario:
    """Ada's flights, with a topic and a feature group; eve's fraud with bob as scientist; bob's third."""
    scenario = project()
    for name, owner in (("fraud", "eve"), ("third", "bob")):
        fold(scenario, None, ProjectRequested(project=name, owner=owner))
        fold(scenario, None, ProjectReady(project=name, topics=()))
        fold(scenario, name, MemberAdded(user=owner, role=Role.DATA_OWNER))
    scenario.events(AddMember(project="fraud", user="bob", role=Role.DATA_SCIENTIST), EVE)
    scenario.events(CreateTopic(project="flights", name="clicks"))
    opened = OpenedTopic(name=CLICKS, topic_id="i", partitions=1, purpose="user")
    scenario.events(RecordTopicOpened(project="flights", topic=opened), PROVISIONING)
    column = Column(name="airport", type="string")
    scenario.events(CreateFeatureGroup(project="flights", name="weather", columns=(column,), primary_key=("airport",)))
    return scenario


def offered() -> Scenario:
    scenario = two_projects()
    scenario.events(OFFER)
    return scenario


def accepted() -> Scenario:
    scenario = offered()
    scenario.events(ACCEPT, EVE)
    return scenario


def phase(scenario: Scenario) -> str:
    share = scenario.world.state(Share, None, SHARE)
    assert share is not None
    return share.phase


def settled(scenario: Scenario) -> bool:
    share = scenario.world.state(Share, None, SHARE)
    assert share is not None
    return share.settled


def test_an_offer_is_accepted_by_an_owner_of_the_other_project_and_revoked_by_one_of_its_own() -> None:
    scenario = two_projects()
    assert scenario.events(OFFER) == [
        ShareOffered(share=SHARE, project="flights", receiver="fraud", what=Shareable.TOPIC, name=CLICKS)
    ]
    assert scenario.events(ACCEPT, EVE) == [ShareAccepted(**BETWEEN)]
    assert scenario.events(OPENED, PROVISIONING) == [ShareEnforced(open=True, **BETWEEN)]
    assert scenario.events(REVOKE) == [ShareRevoked(**BETWEEN)]
    assert scenario.events(CLOSED, PROVISIONING) == [ShareEnforced(open=False, **BETWEEN)]


def test_what_is_revoked_before_the_brokers_were_said_to_be_open_is_settled_only_when_they_are_said_to_be_closed() -> (
    None
):
    scenario = accepted()
    scenario.events(REVOKE)
    assert scenario.refusal(OPENED, PROVISIONING) == "share-moved-on"
    assert not settled(scenario)
    assert scenario.events(CLOSED, PROVISIONING) == [ShareEnforced(open=False, **BETWEEN)]
    assert settled(scenario)
    assert scenario.events(CLOSED, PROVISIONING) == []


@pytest.mark.parametrize(("answer", "actor"), [(ACCEPT, EVE), (DECLINE, EVE), (REVOKE, "user:ada")])
def test_each_answer_unsettles_a_share_until_the_brokers_have_followed(answer: Command, actor: str) -> None:
    scenario = offered()
    assert settled(scenario)
    scenario.events(answer, actor)
    assert not settled(scenario)
    scenario.events(OPENED if answer is ACCEPT else CLOSED, PROVISIONING)
    assert settled(scenario)


def test_a_share_is_the_platforms_and_neither_projects() -> None:
    scenario = two_projects()
    command_id = CommandId(uuid7())
    outcome = handle(Request(command=OFFER, id=command_id, actor="user:ada"), "f", scenario.world)
    assert isinstance(outcome, Accepted)
    assert [recorded.project for recorded in outcome.events] == [None]


@pytest.mark.parametrize("sender", ["user:bob", "user:root-admin"])
@pytest.mark.parametrize("command", [OFFER, ACCEPT, DECLINE, REVOKE])
def test_only_data_owners_share(command: Command, sender: str) -> None:
    expected = {"user:bob": "owners-only", "user:root-admin": "project-not-found"}
    assert accepted().refusal(command, sender) == expected[sender]


@pytest.mark.parametrize("command", [OPENED, CLOSED])
def test_only_provisioning_says_what_the_brokers_hold(command: Command) -> None:
    assert accepted().refusal(command, "user:ada") == "not-yours-to-send"
    assert accepted().refusal(command, "system:studies") == "not-yours-to-send"


def test_an_offer_that_stands_is_not_made_twice() -> None:
    assert offered().refusal(OFFER) == "share-exists"
    assert accepted().refusal(OFFER) == "share-exists"


def test_what_is_done_already_is_not_done_again() -> None:
    scenario = accepted()
    assert scenario.events(ACCEPT, EVE) == []
    scenario.events(REVOKE)
    assert scenario.events(REVOKE) == []
    declined = offered()
    declined.events(DECLINE, EVE)
    assert declined.events(DECLINE, EVE) == []


def test_an_offer_can_be_declined_and_so_can_what_was_accepted() -> None:
    assert offered().events(DECLINE, EVE) == [ShareDeclined(**BETWEEN)]
    assert accepted().events(DECLINE, EVE) == [ShareDeclined(**BETWEEN)]


def test_an_offer_that_was_taken_back_or_declined_cannot_be_accepted() -> None:
    for ending, actor in ((REVOKE, "user:ada"), (DECLINE, EVE)):
        scenario = offered()
        scenario.events(ending, actor)
        assert scenario.refusal(ACCEPT, EVE) == "share-not-offered"


def test_the_second_of_an_accepting_and_a_revoking_at_once_finds_the_first() -> None:
    revoked_first, accepted_first = offered(), offered()
    revoked_first.events(REVOKE)
    assert revoked_first.refusal(ACCEPT, EVE) == "share-not-offered"
    accepted_first.events(ACCEPT, EVE)
    accepted_first.events(REVOKE)
    assert phase(revoked_first) == phase(accepted_first) == "revoked"


def test_what_was_ended_cannot_be_ended_in_another_way() -> None:
    revoked, declined = accepted(), accepted()
    revoked.events(REVOKE)
    assert revoked.refusal(DECLINE, EVE) == "share-not-offered"
    declined.events(DECLINE, EVE)
    assert declined.refusal(REVOKE) == "share-not-offered"


def test_what_was_ended_can_be_offered_anew_and_is_open_to_nobody_until_it_is_accepted_again() -> None:
    scenario = accepted()
    scenario.events(OPENED, PROVISIONING)
    scenario.events(REVOKE)
    scenario.events(OFFER)
    assert phase(scenario) == "offered"
    assert scenario.refusal(OPENED, PROVISIONING) == "share-moved-on"
    assert scenario.events(CLOSED, PROVISIONING) == [ShareEnforced(open=False, **BETWEEN)]
    assert scenario.events(ACCEPT, EVE) == [ShareAccepted(**BETWEEN)]


def test_the_project_that_offers_cannot_accept_and_the_one_that_receives_cannot_revoke() -> None:
    scenario = offered()
    assert scenario.refusal(AcceptShare(project="flights", share=SHARE)) == "other-side-only"
    assert scenario.refusal(DeclineShare(project="flights", share=SHARE)) == "other-side-only"
    assert scenario.refusal(RevokeShare(project="fraud", share=SHARE), EVE) == "other-side-only"


@pytest.mark.parametrize("command", [AcceptShare, DeclineShare, RevokeShare])
def test_a_third_project_learns_of_no_share(command: type[AcceptShare]) -> None:
    assert offered().refusal(command(project="third", share=SHARE), "user:bob") == "share-not-found"


@pytest.mark.parametrize("command", [AcceptShare, DeclineShare, RevokeShare])
@pytest.mark.parametrize("expected", [0, 1, 7])
def test_nor_does_it_by_asking_for_a_version(command: type[AcceptShare], expected: int) -> None:
    outcome = offered().when(command(project="third", share=SHARE), "user:bob", expected=expected)
    assert isinstance(outcome, Refused)
    assert outcome.refusal.code == "share-not-found"


def test_whoever_knows_of_the_share_is_told_first_that_it_has_moved_on() -> None:
    outcome = offered().when(OFFER, expected=7)
    assert isinstance(outcome, Refused)
    assert outcome.refusal.code == "wrong-version"


def test_a_share_that_nobody_offered_is_not_found() -> None:
    assert two_projects().refusal(ACCEPT, EVE) == "share-not-found"


@pytest.mark.parametrize(
    ("what", "name", "version", "code"),
    [
        (Shareable.TOPIC, "flights.topics.other", None, "topic-not-found"),
        (Shareable.TOPIC, "fraud.topics.clicks", None, "topic-not-found"),
        (Shareable.TOPIC, "flights.predictions", None, "not-shareable"),
        (Shareable.TOPIC, "flights.features.weather.1", None, "not-shareable"),
        (Shareable.TOPIC, "", None, "incomplete-share"),
        (Shareable.TOPIC, CLICKS, 1, "incomplete-share"),
        (Shareable.FEATURE_GROUP, "weather", None, "incomplete-share"),
        (Shareable.FEATURE_GROUP, "", 1, "incomplete-share"),
        (Shareable.FEATURE_GROUP, "weather", 2, "feature-group-not-found"),
        (Shareable.FEATURE_GROUP, "climate", 1, "feature-group-not-found"),
        (Shareable.FEATURE_STORE, "weather", None, "incomplete-share"),
    ],
)
def test_what_is_not_there_cannot_be_shared(what: Shareable, name: str, version: int | None, code: str) -> None:
    offer = OfferShare(project="flights", receiver="fraud", what=what, name=name, version=version)
    assert two_projects().refusal(offer) == code


@pytest.mark.parametrize(
    ("receiver", "code"),
    [("flights", "share-with-oneself"), ("nobody", "receiver-takes-no-offers"), ("", "receiver-takes-no-offers")],
)
def test_a_share_needs_another_project(receiver: str, code: str) -> None:
    assert (
        two_projects().refusal(OfferShare(project="flights", receiver=receiver, what=Shareable.FEATURE_STORE)) == code
    )


def test_why_a_project_takes_no_offer_is_told_to_its_members_only() -> None:
    closed: dict[str, Command] = {
        "project-archived": ArchiveProject(project="fraud"),
        "project-sensitive": MarkSensitive(project="fraud"),
        "receiving-project-not-found": DeleteProject(project="fraud"),
    }
    refusals = []
    for code, command in closed.items():
        scenario = two_projects()
        scenario.events(command, EVE)
        outcome = scenario.when(OFFER)
        assert isinstance(outcome, Refused)
        refusals.append((outcome.refusal.code, outcome.refusal.message, outcome.refusal.details))
        member = two_projects()
        member.events(AddMember(project="fraud", user="ada", role=Role.DATA_SCIENTIST), EVE)
        member.events(command, EVE)
        assert member.refusal(OFFER) == code
    assert refusals[1:] == refusals[:-1]
    assert refusals[0][0] == "receiver-takes-no-offers"


def test_no_more_than_so_many_offers_to_one_project_stand_and_answers_make_room() -> None:
    scenario = two_projects()
    store = Shared(project="flights", what=Shareable.FEATURE_STORE)
    for number in range(MOST_OFFERS):
        stands = ShareOffered(
            share=f"{store}:{number}:fraud", project="flights", receiver="fraud", what=Shareable.FEATURE_STORE
        )
        fold(scenario, None, stands)
    assert scenario.refusal(OFFER) == "too-many-offers"
    assert scenario.events(replace(OFFER, receiver="third"))
    scenario.events(DeclineShare(project="fraud", share=f"{store}:0:fraud"), EVE)
    assert scenario.events(OFFER)
    assert scenario.refusal(replace(OFFER, what=Shareable.FEATURE_STORE, name="")) == "too-many-offers"


def test_a_topic_that_is_deleted_is_no_longer_offered_nor_accepted() -> None:
    scenario = offered()
    scenario.events(CloseTopic(project="flights", topic=CLICKS))
    assert scenario.refusal(ACCEPT, EVE) == "topic-not-found"
    assert scenario.refusal(OFFER) == "topic-not-found"
    assert scenario.events(REVOKE) == [ShareRevoked(**BETWEEN)]


@pytest.mark.parametrize("archived", ["flights", "fraud"])
def test_an_archived_project_offers_and_accepts_nothing_but_still_ends_shares(archived: str) -> None:
    owner = {"flights": "user:ada", "fraud": EVE}[archived]
    fresh = two_projects()
    fresh.events(ArchiveProject(project=archived), owner)
    assert fresh.refusal(OFFER) == {"flights": "project-archived", "fraud": "receiver-takes-no-offers"}[archived]
    scenario = offered()
    scenario.events(ArchiveProject(project=archived), owner)
    if archived == "fraud":
        assert scenario.refusal(ACCEPT, EVE) == "project-archived"
        assert scenario.events(DECLINE, EVE) == [ShareDeclined(**BETWEEN)]
    else:
        assert scenario.events(REVOKE) == [ShareRevoked(**BETWEEN)]


@pytest.mark.parametrize(("closing", "owner"), [("flights", "user:ada"), ("fraud", EVE)])
def test_a_share_goes_with_either_of_its_projects(closing: str, owner: str) -> None:
    scenario = accepted()
    scenario.events(DeleteProject(project=closing), owner)
    for command, actor in ((DECLINE, EVE), (REVOKE, "user:ada"), (OPENED, PROVISIONING)):
        assert scenario.refusal(command, actor) == "share-not-found"
    scenario.events(MarkDeleted(project=closing), PROVISIONING)
    assert scenario.world.state(Share, None, SHARE) is None


def test_a_group_is_one_topic_and_a_store_is_all_of_its_groups() -> None:
    group = Shared(project="flights", what=Shareable.FEATURE_GROUP, name="weather", version=1)
    assert (str(group), group.topics) == (
        "feature_group:flights.weather.1",
        TopicPattern(name="flights.features.weather.1"),
    )
    store = Shared(project="flights", what=Shareable.FEATURE_STORE)
    assert (str(store), store.topics) == (
        "feature_store:flights",
        TopicPattern(name="flights.features.", prefixed=True),
    )


def test_a_share_is_the_same_after_its_snapshot() -> None:
    share = accepted().world.state(Share, None, SHARE)
    assert share is not None
    assert from_record(Share, to_record(share)) == share
