"""How people come, go and administer."""

import pytest
from tests.unit.events.scenario import Scenario, fold, platform, project

from headrace_events.administration import Administration
from headrace_events.api_key import IssueApiKey
from headrace_events.certificate import (
    CertificateIssued,
    CertificateRejected,
    CertificateRequested,
    CertificateRevoked,
    Ending,
    RecordCertificatesClosed,
    RequestCertificate,
)
from headrace_events.ids import Micros
from headrace_events.language import Command
from headrace_events.member import AddMember
from headrace_events.project import CreateProject
from headrace_events.roles import Role
from headrace_events.user import (
    ActivateUser,
    AdministratorWithdrawn,
    ApproveUser,
    CreateUser,
    DeactivateUser,
    GrantAdministrator,
    RegisterUser,
    RejectUser,
    UserApproved,
    UserBarred,
    UserDeactivated,
    UserRegistered,
    UserUnbarred,
    WithdrawAdministrator,
)

ADMINISTRATOR = "user:root-admin"
KEY = IssueApiKey(key_id="k", user="zoe", key_hash="0" * 64)


def test_anybody_registers_and_an_administrator_lets_them_in() -> None:
    scenario = platform()
    assert scenario.events(RegisterUser(user="zoe"), "anonymous") == [UserRegistered(user="zoe")]
    assert scenario.events(ApproveUser(user="zoe"), ADMINISTRATOR) == [UserApproved(user="zoe")]
    assert scenario.events(KEY, "user:zoe")


def test_a_name_registers_once_unless_it_was_rejected() -> None:
    scenario = platform()
    scenario.events(RegisterUser(user="zoe"), "anonymous")
    assert scenario.refusal(RegisterUser(user="zoe"), "anonymous") == "user-exists"
    assert scenario.refusal(RegisterUser(user="ada"), "anonymous") == "user-exists"
    scenario.events(RejectUser(user="zoe", reason="unknown here"), ADMINISTRATOR)
    assert scenario.events(RegisterUser(user="zoe"), "anonymous") == [UserRegistered(user="zoe")]


@pytest.mark.parametrize("name", ["admin", "Zoe", "a.b", "z", "zo--e"])
def test_a_bad_name_does_not_register(name: str) -> None:
    assert platform().refusal(RegisterUser(user=name), "anonymous") in {"invalid-name", "reserved-name"}


@pytest.mark.parametrize(
    "command",
    [
        KEY,
        AddMember(project="flights", user="zoe", role=Role.DATA_SCIENTIST),
        CreateProject(project="mine", owner="zoe"),
        GrantAdministrator(user="zoe"),
        ActivateUser(user="zoe"),
        DeactivateUser(user="zoe"),
    ],
)
def test_who_waits_is_given_nothing(command: Command) -> None:
    scenario = project()
    scenario.events(RegisterUser(user="zoe"), "anonymous")
    code = "user-not-deactivated" if isinstance(command, ActivateUser) else "user-not-active"
    assert scenario.refusal(command, ADMINISTRATOR) == code


@pytest.mark.parametrize("command", [ApproveUser(user="ada"), RejectUser(user="ada")])
def test_who_is_in_does_not_wait(command: Command) -> None:
    assert platform().refusal(command, ADMINISTRATOR) == "user-not-pending"


def test_who_waits_does_nothing() -> None:
    scenario = platform()
    scenario.events(RegisterUser(user="zoe"), "anonymous")
    assert scenario.refusal(CreateProject(project="mine", owner="zoe"), "user:zoe") == "inactive-user"


@pytest.mark.parametrize(
    "command",
    [
        ApproveUser(user="eve"),
        RejectUser(user="eve"),
        DeactivateUser(user="bob"),
        ActivateUser(user="bob"),
        GrantAdministrator(user="ada"),
        WithdrawAdministrator(user="root-admin"),
    ],
)
def test_only_administrators_decide_about_people(command: Command) -> None:
    assert platform().refusal(command, "user:ada") == "administrators-only"


def test_a_deactivated_person_does_nothing_until_activated() -> None:
    scenario = project()
    shut = scenario.events(DeactivateUser(user="ada", reason="left"), ADMINISTRATOR)
    assert shut == [UserDeactivated(user="ada", reason="left"), UserBarred(user="ada")]
    assert scenario.refusal(AddMember(project="flights", user="eve", role=Role.DATA_OWNER)) == "inactive-user"
    assert scenario.refusal(DeactivateUser(user="ada"), ADMINISTRATOR) == "user-not-active"
    assert UserUnbarred(user="ada") in scenario.events(ActivateUser(user="ada"), ADMINISTRATOR)
    assert scenario.events(AddMember(project="flights", user="eve", role=Role.DATA_OWNER))


def test_what_names_nobody_is_not_found() -> None:
    for command in (ApproveUser(user="zoe"), DeactivateUser(user="zoe"), GrantAdministrator(user="zoe")):
        assert platform().refusal(command, ADMINISTRATOR) == "user-not-found"


def test_the_last_administrator_keeps_the_right_and_stays_active() -> None:
    scenario = platform()
    assert scenario.refusal(WithdrawAdministrator(user="root-admin"), ADMINISTRATOR) == "last-administrator"
    assert scenario.refusal(DeactivateUser(user="root-admin"), ADMINISTRATOR) == "last-administrator"
    scenario.events(GrantAdministrator(user="ada"), ADMINISTRATOR)
    assert scenario.events(WithdrawAdministrator(user="root-admin"))
    assert scenario.refusal(CreateUser(user="zoe"), ADMINISTRATOR) == "administrators-only"
    assert scenario.refusal(WithdrawAdministrator(user="ada")) == "last-administrator"


def test_a_deactivated_administrator_comes_back_without_the_right() -> None:
    scenario = platform()
    scenario.events(GrantAdministrator(user="ada"), ADMINISTRATOR)
    assert AdministratorWithdrawn(user="ada") in scenario.events(DeactivateUser(user="ada"), ADMINISTRATOR)
    scenario.events(ActivateUser(user="ada"), ADMINISTRATOR)
    assert scenario.refusal(CreateUser(user="zoe")) == "administrators-only"
    held = scenario.world.state(Administration, None, "platform")
    assert held is not None
    assert held.administrators == ("root-admin",)


def test_granting_and_withdrawing_twice_changes_nothing() -> None:
    scenario = platform()
    assert scenario.events(WithdrawAdministrator(user="ada"), ADMINISTRATOR) == []
    assert scenario.events(GrantAdministrator(user="root-admin"), ADMINISTRATOR) == []


def _with_generations() -> Scenario:
    scenario = project()
    for generation in (1, 2):
        fold(scenario, "flights", CertificateRequested(user="bob", generation=generation, signing_request="PEM"))
    issued = CertificateIssued(user="bob", generation=1, certificate="PEM", serial="1", expires=Micros(9))
    fold(scenario, "flights", issued)
    return scenario


def test_certificates_of_who_was_shut_out_end_once() -> None:
    scenario = _with_generations()
    closed = RecordCertificatesClosed(project="flights", user="bob", generations=(1, 2, 3))
    reason = "bob was deactivated before it was signed"
    assert scenario.events(closed, "system:provisioning") == [
        CertificateRevoked(user="bob", generation=1, reason=Ending.PERSON_DEACTIVATED),
        CertificateRejected(user="bob", generation=2, reason=reason),
    ]
    assert scenario.events(closed, "system:provisioning") == []
    assert scenario.refusal(closed, "user:ada") == "not-yours-to-send"


def test_nobody_asks_for_a_certificate_of_who_was_shut_out() -> None:
    scenario = project()
    scenario.events(DeactivateUser(user="bob"), ADMINISTRATOR)
    wish = RequestCertificate(project="flights", user="bob", signing_request="PEM")
    assert scenario.refusal(wish, ADMINISTRATOR) == "user-not-active"
