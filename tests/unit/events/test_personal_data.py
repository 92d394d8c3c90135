"""What identifies a person: under one key, and gone for good when they are erased."""

from __future__ import annotations

import pytest
from tests.unit.events.scenario import Scenario, platform, project

from headrace_events.administration import AdministratorLeft
from headrace_events.api_key import IssueApiKey
from headrace_events.ids import Micros
from headrace_events.language import Command, Erasure, Home
from headrace_events.member import ChangeRole, RemoveMember
from headrace_events.password import PasswordErased
from headrace_events.personal import (
    SECRET_BYTES,
    DescribeUser,
    EraseSubject,
    MakePersonalKey,
    PersonalKeyErased,
    PersonalKeyMade,
    PersonalKeyStored,
    SubjectErased,
    UserDescribed,
)
from headrace_events.roles import Role
from headrace_events.session import SessionEnded, StartSession
from headrace_events.user import (
    ActivateUser,
    AdministratorWithdrawn,
    ApproveUser,
    CreateUser,
    DeactivateUser,
    GrantAdministrator,
    RegisterUser,
    Standing,
    User,
    UserBarred,
    UserDeactivated,
)
from headrace_processors.commands.handle import Refused

SEALED = "sealed:ada:AAAA"


def standing(scenario: Scenario, user: str = "ada") -> Standing:
    state = scenario.world.state(User, None, user)
    assert state is not None
    return state.standing


def test_a_person_has_one_key_of_random_bytes_that_lies_with_the_credentials_only() -> None:
    scenario = platform()
    made, stored = scenario.events(MakePersonalKey(user="ada"), "system:api")
    assert made == PersonalKeyMade(user="ada")
    assert isinstance(stored, PersonalKeyStored)
    assert (stored.home, len(stored.secret)) == (Home.CREDENTIALS, SECRET_BYTES)
    assert scenario.events(MakePersonalKey(user="ada"), "system:api") == []
    _, other = scenario.events(MakePersonalKey(user="bob"), "system:api")
    assert isinstance(other, PersonalKeyStored)
    assert other.secret != stored.secret
    assert "secret" not in repr(stored)


def test_only_the_api_has_keys_made() -> None:
    assert platform().refusal(MakePersonalKey(user="ada"), "user:root-admin") == "not-yours-to-send"


@pytest.mark.parametrize("actor", ["user:ada", "user:root-admin"])
def test_a_person_is_described_by_themselves_or_an_administrator(actor: str) -> None:
    wish = DescribeUser(user="ada", full_name=SEALED)
    assert platform().events(wish, actor) == [UserDescribed(user="ada", full_name=SEALED)]
    assert platform().refusal(wish, "user:bob") == "not-your-data"


@pytest.mark.parametrize("plain", ["Ada Lovelace", "sealed:bob:AAAA", "sealed:ada:", f"sealed:ada:{'A' * 20_001}"])
def test_what_is_not_sealed_for_that_person_never_becomes_an_event(plain: str) -> None:
    assert platform().refusal(DescribeUser(user="ada", full_name=plain)) == "not-sealed"
    assert platform().refusal(DescribeUser(user="ada", email=plain)) == "not-sealed"


def test_a_long_name_of_a_key_is_taken_only_sealed_for_its_owner() -> None:
    def wish(name: str) -> IssueApiKey:
        return IssueApiKey(key_id="k", user="ada", key_hash="0" * 64, name=name)

    assert platform().refusal(wish("n" * 101)) == "invalid-key-name"
    assert platform().refusal(wish(f"sealed:bob:{'A' * 100}")) == "invalid-key-name"
    assert len(platform().events(wish(f"sealed:ada:{'A' * 100}"))) == 2


def test_who_erases_themselves_is_shut_out_and_forgotten_in_one_step() -> None:
    scenario = platform()
    scenario.events(MakePersonalKey(user="ada"), "system:api")
    end = Micros(9_000)
    session = StartSession(user="ada", session_id="s-1", token_hash="0" * 64, by="password", idle_until=end, ends=end)
    scenario.events(session, "system:api")
    events = scenario.events(EraseSubject(user="ada"))
    # What lies on the platform's topic comes first, without a gap in its numbers.
    assert events[:2] == [UserDeactivated(user="ada", reason=""), SubjectErased(user="ada")]
    assert SessionEnded(user="ada", session_id="s-1") in events
    assert UserBarred(user="ada") in events
    gone = {event.key for event in events if isinstance(event, Erasure)}
    assert gone == {"person/ada", "password/ada", "lock/ada", "totp/ada", "session/s-1"}
    assert standing(scenario) is Standing.ERASED


def test_an_administrator_erases_only_who_is_shut_out() -> None:
    scenario = platform()
    erase = EraseSubject(user="ada")
    assert scenario.refusal(erase, "user:root-admin") == "user-not-deactivated"
    scenario.events(DeactivateUser(user="ada"), "user:root-admin")
    assert scenario.refusal(erase, "user:bob") == "not-your-data"
    assert SubjectErased(user="ada") in scenario.events(erase, "user:root-admin")


def test_a_registration_can_be_erased() -> None:
    scenario = platform()
    scenario.events(RegisterUser(user="zoe", sealed=b"hash"), "anonymous")
    events = scenario.events(EraseSubject(user="zoe"), "user:root-admin")
    assert {PasswordErased(user="zoe"), PersonalKeyErased(user="zoe"), SubjectErased(user="zoe")} <= set(events)


def test_erasing_again_is_quiet_and_an_unknown_person_is_none() -> None:
    scenario = platform()
    scenario.events(EraseSubject(user="ada"))
    assert scenario.events(EraseSubject(user="ada"), "user:root-admin") == []
    assert scenario.refusal(EraseSubject(user="nobody"), "user:root-admin") == "user-not-found"


def test_nobody_comes_back_from_erasure_and_the_name_stays_taken() -> None:
    scenario = platform()
    scenario.events(EraseSubject(user="ada"))
    refused = {
        type(wish).__name__: scenario.refusal(wish, "user:root-admin")
        for wish in (
            CreateUser(user="ada"),
            RegisterUser(user="ada"),
            ApproveUser(user="ada"),
            ActivateUser(user="ada"),
            DeactivateUser(user="ada"),
            GrantAdministrator(user="ada"),
            DescribeUser(user="ada", full_name=SEALED),
        )
    }
    assert refused == {
        "CreateUser": "user-exists",
        "RegisterUser": "user-exists",
        "ApproveUser": "user-not-pending",
        "ActivateUser": "user-not-deactivated",
        "DeactivateUser": "user-not-active",
        "GrantAdministrator": "user-not-active",
        "DescribeUser": "user-erased",
    }
    assert scenario.refusal(MakePersonalKey(user="ada"), "system:api") == "user-erased"
    assert scenario.refusal(EraseSubject(user="ada")) == "inactive-user"


def test_the_last_administrator_cannot_erase_themselves_and_another_leaves_first() -> None:
    scenario = platform()
    assert scenario.refusal(EraseSubject(user="root-admin"), "user:root-admin") == "last-administrator"
    scenario.events(GrantAdministrator(user="ada"), "user:root-admin")
    events = scenario.events(EraseSubject(user="ada"))
    assert events[:2] == [AdministratorLeft(user="ada"), AdministratorWithdrawn(user="ada")]


def owned_by_two() -> Scenario:
    """The project flights, whose owners are ada and bob."""
    scenario = project()
    scenario.events(ChangeRole(project="flights", user="bob", role=Role.DATA_OWNER))
    return scenario


@pytest.mark.parametrize("out", [EraseSubject(user="bob"), DeactivateUser(user="bob")])
def test_who_was_shut_out_is_no_owner_a_project_is_left_to(out: Command) -> None:
    scenario = owned_by_two()
    scenario.events(out, "user:bob" if isinstance(out, EraseSubject) else "user:root-admin")
    assert scenario.refusal(RemoveMember(project="flights", user="ada")) == "last-owner"
    assert scenario.refusal(ChangeRole(project="flights", user="ada", role=Role.DATA_SCIENTIST)) == "last-owner"
    assert scenario.events(RemoveMember(project="flights", user="bob"))


def test_the_last_owner_is_erased_neither_by_themselves_nor_by_an_administrator() -> None:
    scenario = project()
    outcome = scenario.when(EraseSubject(user="ada"), "user:ada")
    assert isinstance(outcome, Refused)
    assert outcome.refusal.code == "last-owner"
    assert outcome.refusal.details == {"user": "ada", "projects": "flights"}
    scenario.events(DeactivateUser(user="ada"), "user:root-admin")
    assert scenario.refusal(EraseSubject(user="ada"), "user:root-admin") == "last-owner"
    scenario.events(ChangeRole(project="flights", user="bob", role=Role.DATA_OWNER), "user:root-admin")
    assert SubjectErased(user="ada") in scenario.events(EraseSubject(user="ada"), "user:root-admin")


def test_who_owns_nothing_alone_is_erased() -> None:
    assert SubjectErased(user="ada") in owned_by_two().events(EraseSubject(user="ada"))
    assert SubjectErased(user="bob") in project().events(EraseSubject(user="bob"), "user:bob")
