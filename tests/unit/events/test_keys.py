"""API keys: whose they are, and what a hash and a name look like."""

from dataclasses import replace

import pytest
from tests.unit.events.scenario import platform

from headrace_events.api_key import IssueApiKey, RevokeApiKey

ISSUE = IssueApiKey(key_id="k", user="bob", key_hash="0" * 64)
REVOKE = RevokeApiKey(key_id="k")


def test_a_key_is_issued_once() -> None:
    scenario = platform()
    assert scenario.events(ISSUE, "user:bob")
    assert scenario.refusal(ISSUE, "user:bob") == "API-key-exists"


def test_nobody_but_an_administrator_issues_or_revokes_the_key_of_another() -> None:
    scenario = platform()
    assert scenario.refusal(ISSUE, "user:ada") == "not-your-key"
    scenario.events(ISSUE, "user:root-admin")
    assert scenario.refusal(REVOKE, "user:ada") == "not-your-key"
    assert scenario.events(REVOKE, "user:root-admin")
    assert scenario.refusal(REVOKE, "user:bob") == "API-key-not-found"


@pytest.mark.parametrize(
    ("change", "code"), [({"key_hash": "0" * 63}, "invalid-key-hash"), ({"name": "n" * 101}, "invalid-key-name")]
)
def test_a_key_is_refused_for(change: dict[str, str], code: str) -> None:
    assert platform().refusal(replace(ISSUE, **change), "user:bob") == code  # type: ignore[arg-type] # one field each
