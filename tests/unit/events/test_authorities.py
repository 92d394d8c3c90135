"""One authority follows another."""

from tests.unit.events.scenario import Scenario, project

from headrace_events.authority import (
    AuthorityAdded,
    AuthorityRetired,
    AuthorityRetirementRequested,
    AuthorityRotationRequested,
    RecordAuthority,
    RecordAuthorityRetired,
    RetireAuthority,
    RotateAuthority,
)
from headrace_events.ids import Micros
from headrace_events.language import Command
from headrace_events.revocation_list import RevocationListErased
from headrace_processors.commands.handle import Refused

ADMINISTRATOR, PROVISIONING = "user:root-admin", "system:provisioning"
LATER = Micros(2**60)


def rotated(until: Micros = LATER) -> Scenario:
    """Authority 2 signs, and 1 is believed."""
    scenario = project()
    assert scenario.events(RotateAuthority(), ADMINISTRATOR) == [AuthorityRotationRequested(authority=2)]
    said = RecordAuthority(authority=2, certificate="PEM", overlaps_until=until)
    assert scenario.events(said, PROVISIONING) == [AuthorityAdded(authority=2, certificate="PEM", overlaps_until=until)]
    return scenario


def advice(scenario: Scenario, command: Command) -> tuple[str, str]:
    """The code and the sentence of a command that must be refused."""
    outcome = scenario.when(command, ADMINISTRATOR)
    assert isinstance(outcome, Refused)
    return outcome.refusal.code, outcome.refusal.message


def test_there_is_one_rotation_at_a_time() -> None:
    assert rotated().refusal(RotateAuthority(), ADMINISTRATOR) == "rotation-under-way"


def test_who_rotates_while_one_is_coming_is_told_to_wait_until_it_signs() -> None:
    scenario = project()
    scenario.events(RotateAuthority(), ADMINISTRATOR)
    coming = "authority 2 is being made: wait until authority 2 signs"
    assert advice(scenario, RotateAuthority()) == ("rotation-coming", coming)
    signs = "authority 1 signs: wait until authority 2 does"
    assert advice(scenario, RetireAuthority(authority=1, force=True)) == ("rotation-coming", signs)


def test_who_retires_one_twice_is_told_to_wait() -> None:
    scenario = rotated(until=Micros(0))
    scenario.events(RetireAuthority(authority=1), ADMINISTRATOR)
    going = "authority 1 is being retired: wait until it is"
    assert advice(scenario, RetireAuthority(authority=1, force=True)) == ("retirement-under-way", going)
    assert scenario.refusal(RetireAuthority(authority=2), ADMINISTRATOR) == "authority-signs"


def test_the_older_one_is_retired_when_its_certificates_have_expired_or_by_force() -> None:
    waiting = rotated()
    assert waiting.refusal(RetireAuthority(authority=1), ADMINISTRATOR) == "certificates-still-count"
    going = [AuthorityRetirementRequested(authority=1)]
    assert waiting.events(RetireAuthority(authority=1, force=True), ADMINISTRATOR) == going
    scenario = rotated(until=Micros(0))
    assert scenario.events(RetireAuthority(authority=1), ADMINISTRATOR) == going
    assert scenario.events(RecordAuthorityRetired(authority=1), PROVISIONING) == [
        AuthorityRetired(authority=1),
        RevocationListErased(authority=1),
    ]
    assert scenario.events(RotateAuthority(), ADMINISTRATOR) == [AuthorityRotationRequested(authority=3)]


def test_the_one_that_signs_is_not_retired_nor_one_that_is_not() -> None:
    assert project().refusal(RetireAuthority(authority=1), ADMINISTRATOR) == "authority-signs"
    assert rotated().refusal(RetireAuthority(authority=2, force=True), ADMINISTRATOR) == "authority-signs"
    assert rotated().refusal(RetireAuthority(authority=7), ADMINISTRATOR) == "authority-not-found"


def test_nobody_says_what_was_not_asked_for() -> None:
    said = RecordAuthority(authority=2, certificate="PEM", overlaps_until=LATER)
    assert project().refusal(said, PROVISIONING) == "not-asked-for"
    assert rotated().refusal(RecordAuthorityRetired(authority=1), PROVISIONING) == "not-asked-for"


def test_rotating_is_for_administrators() -> None:
    assert project().refusal(RotateAuthority(), "user:ada") == "administrators-only"
    assert rotated().refusal(RetireAuthority(authority=1, force=True), "user:ada") == "administrators-only"
