"""Identities at providers: what is decided about whose they are."""

from __future__ import annotations

import pytest
from tests.unit.events.scenario import Scenario, platform

from headrace_events.identity import (
    MOST,
    Identities,
    IdentityErased,
    IdentityFreed,
    IdentityLinked,
    IdentityStored,
    IdentityTaken,
    IdentityUnlinked,
    LinkIdentity,
    RegisterWithIdentity,
    UnlinkIdentity,
)
from headrace_events.personal import EraseSubject
from headrace_events.user import (
    ActivateUser,
    ApproveUser,
    DeactivateUser,
    RegisterUser,
    RejectUser,
    UserRegistered,
)

ADMINISTRATOR = "user:root-admin"
ISSUER = "https://login.example"


def link(identity: str = "i-1", user: str = "ada") -> LinkIdentity:
    return LinkIdentity(user=user, identity=identity, provider=ISSUER)


def linked(scenario: Scenario, user: str = "ada") -> set[str]:
    held = scenario.world.state(Identities, None, user)
    return set(held.linked) if held else set()


def test_an_identity_becomes_a_persons_and_nobodys_again() -> None:
    scenario = platform()
    assert scenario.events(link()) == [
        IdentityLinked(user="ada", identity="i-1", provider=ISSUER),
        IdentityTaken(identity="i-1", user="ada"),
        IdentityStored(identity="i-1", user="ada", provider=ISSUER),
    ]
    assert scenario.events(link()) == []
    assert scenario.events(UnlinkIdentity(user="ada", identity="i-1")) == [
        IdentityUnlinked(user="ada", identity="i-1"),
        IdentityFreed(identity="i-1"),
        IdentityErased(identity="i-1"),
    ]
    assert scenario.refusal(UnlinkIdentity(user="ada", identity="i-1")) == "identity-not-found"
    assert scenario.events(link(user="bob"), "user:bob")


def test_erasing_somebody_frees_their_identities() -> None:
    scenario = platform()
    scenario.events(link())
    events = scenario.events(EraseSubject(user="ada"))
    assert [event for event in events if isinstance(event, IdentityErased)] == [IdentityErased(identity="i-1")]
    assert linked(scenario) == set()
    assert scenario.events(link(user="bob"), "user:bob")


def test_an_identity_is_one_persons() -> None:
    scenario = platform()
    scenario.events(link())
    assert scenario.refusal(link(user="bob"), "user:bob") == "identity-taken"
    zoe = RegisterWithIdentity(user="zoe", identity="i-1", provider=ISSUER)
    assert scenario.refusal(zoe, "anonymous") == "identity-taken"


@pytest.mark.parametrize("other", ["user:bob", ADMINISTRATOR])
def test_nobody_gives_another_person_an_identity(other: str) -> None:
    assert platform().refusal(link(), other) == "not-your-identity"


def test_the_person_and_administrators_take_an_identity_away() -> None:
    scenario = platform()
    unlink = UnlinkIdentity(user="ada", identity="i-1")
    scenario.events(link())
    assert scenario.refusal(unlink, "user:bob") == "not-your-identity"
    assert scenario.events(unlink, ADMINISTRATOR)


def test_a_person_has_only_so_many_identities() -> None:
    scenario = platform()
    for number in range(MOST):
        scenario.events(link(f"i-{number}"))
    assert scenario.refusal(link("one-more")) == "too-many-identities"


def test_an_identity_comes_with_a_registration_and_goes_with_its_rejection() -> None:
    scenario = platform()
    register = RegisterWithIdentity(user="zoe", identity="i-1", provider=ISSUER)
    assert scenario.events(register, "anonymous")[0] == UserRegistered(user="zoe")
    assert linked(scenario, "zoe") == {"i-1"}
    assert scenario.refusal(register, "anonymous") == "user-exists"
    assert IdentityErased(identity="i-1") in scenario.events(RejectUser(user="zoe"), ADMINISTRATOR)
    scenario.events(RegisterUser(user="zoe"), "anonymous")
    scenario.events(ApproveUser(user="zoe"), ADMINISTRATOR)
    assert linked(scenario, "zoe") == set(), "whoever was turned away is not who has the name now"


def test_nobody_registers_under_a_name_that_is_taken_or_none() -> None:
    scenario = platform()
    for user, code in (("ada", "user-exists"), ("Ada", "invalid-name"), ("admin", "reserved-name")):
        wish = RegisterWithIdentity(user=user, identity="i-1", provider=ISSUER)
        assert scenario.refusal(wish, "anonymous") == code


def test_who_was_shut_out_links_nothing_and_keeps_what_they_had() -> None:
    scenario = platform()
    scenario.events(link())
    scenario.events(DeactivateUser(user="ada"), ADMINISTRATOR)
    assert scenario.refusal(link("i-2")) == "inactive-user"
    scenario.events(ActivateUser(user="ada"), ADMINISTRATOR)
    assert linked(scenario) == {"i-1"}
