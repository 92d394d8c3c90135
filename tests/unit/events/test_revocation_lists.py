"""The revocation lists of an authority."""

from tests.unit.events.scenario import project

from headrace_events.certificate import Ending
from headrace_events.ids import Micros
from headrace_events.revocation_list import (
    PublishRevocationList,
    RevocationListPublished,
    RevocationListStored,
    RevokedSerial,
)

ADDED = (RevokedSerial(serial="77", revoked=Micros(1), expires=Micros(9), reason=Ending.REVOKED),)
PROVISIONING = "system:provisioning"


def publish(number: int) -> PublishRevocationList:
    return PublishRevocationList(authority=1, number=number, added=ADDED, next_update=Micros(5), document=b"signed")


def test_a_list_says_what_is_new_on_it_and_is_stored_whole() -> None:
    assert project().events(publish(1), PROVISIONING) == [
        RevocationListPublished(authority=1, number=1, added=ADDED, next_update=Micros(5)),
        RevocationListStored(authority=1, number=1, document=b"signed"),
    ]


def test_lists_are_numbered_without_a_gap_and_none_twice() -> None:
    scenario = project()
    assert scenario.refusal(publish(2), PROVISIONING) == "out-of-turn"
    scenario.events(publish(1), PROVISIONING)
    assert scenario.refusal(publish(1), PROVISIONING) == "out-of-turn"
    assert scenario.events(publish(2), PROVISIONING)


def test_nobody_but_provisioning_publishes_one() -> None:
    for actor in ("user:root-admin", "user:ada", "system:api"):
        assert project().refusal(publish(1), actor) == "not-yours-to-send"
