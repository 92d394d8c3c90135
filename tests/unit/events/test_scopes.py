"""What a key is good for."""

import pytest
from tests.unit.events.scenario import Scenario, platform

from headrace_events.api_key import DAY_US, ApiKeyIssued, ApiKeyStored, ApiKeyUsed, IssueApiKey, RecordApiKeyUse
from headrace_events.errors import Forbidden, Invalid
from headrace_events.ids import Micros
from headrace_events.permissions import PERMISSIONS
from headrace_events.roles import Right
from headrace_events.scopes import MEANING, OF_KIND, Scope, must_have, needed, scopes
from headrace_events.topic import CreateTopic
from headrace_events.user import ApproveUser

SENT_BY_PEOPLE = set(Right) - {Right.SYSTEM, Right.NOBODY_YET, Right.ANYBODY}


def test_every_kind_of_command_that_people_send_has_its_scope() -> None:
    sent = {command.wire.partition(".")[0] for command, (right, _) in PERMISSIONS.items() if right in SENT_BY_PEOPLE}
    assert sent - OF_KIND.keys() == set()
    assert set(MEANING) == set(Scope)


def test_a_command_needs_the_scope_of_its_kind() -> None:
    assert needed(CreateTopic(project="flights", name="clicks")) is Scope.KAFKA
    assert needed(ApproveUser(user="ada")) is Scope.ADMIN


def test_a_key_without_scopes_has_all_and_one_with_scopes_only_those() -> None:
    must_have(None, Scope.ADMIN)
    must_have((Scope.READ, Scope.KAFKA), Scope.KAFKA)
    must_have((Scope.MODELS,), Scope.FEATURES, Scope.MODELS)
    with pytest.raises(Forbidden) as refused:
        must_have((Scope.READ,), Scope.KAFKA)
    assert refused.value.code == "scope-missing"


def test_scopes_are_known_names_each_once() -> None:
    assert scopes(["predict", "read", "read"]) == (Scope.READ, Scope.PREDICT)
    for wrong in ([], ["root"], ["read", ""]):
        with pytest.raises(Invalid):
            scopes(wrong)


def _issued() -> Scenario:
    scenario = platform()
    wish = IssueApiKey(key_id="k", user="ada", key_hash="0" * 64, scopes=(Scope.READ,), name="notebook")
    issued, stored = scenario.events(wish)
    assert isinstance(issued, ApiKeyIssued)
    assert isinstance(stored, ApiKeyStored)
    assert issued.scopes == stored.scopes == (Scope.READ,)
    assert issued.name == "notebook"
    return scenario


def test_a_use_is_told_once_a_day() -> None:
    scenario = _issued()

    def used(micros: int) -> list[object]:
        wish = RecordApiKeyUse(key_id="k", used=Micros(micros))
        return list(scenario.events(wish, "system:api"))

    assert used(5 * DAY_US) == [ApiKeyUsed(key_id="k", used=Micros(5 * DAY_US))]
    assert used(5 * DAY_US + 7) == []
    assert used(4 * DAY_US) == []
    assert used(6 * DAY_US) == [ApiKeyUsed(key_id="k", used=Micros(6 * DAY_US))]


def test_only_the_api_says_that_a_key_was_used() -> None:
    scenario = _issued()
    wish = RecordApiKeyUse(key_id="k", used=Micros(1))
    assert scenario.refusal(wish, "user:ada") == "not-yours-to-send"
    assert scenario.refusal(RecordApiKeyUse(key_id="no", used=Micros(1)), "system:api") == "API-key-not-found"
