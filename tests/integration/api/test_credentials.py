"""The keys that count, followed from the credentials topic."""

from __future__ import annotations

from hashlib import sha256

import pytest
from tests.integration.clients import connection, eventually
from tests.integration.platform import Platform
from tests.integration.served import unique

from headrace_broker.credentials import FollowedCredentials
from headrace_broker.errors import NotCounted
from headrace_broker.holder import holder_of
from headrace_broker.sealing import MasterKey
from headrace_events.api_key import IssueApiKey, RevokeApiKey
from headrace_events.ids import Micros


def followed(platform: Platform) -> FollowedCredentials:
    master = MasterKey.read(platform.stack.site.home.secrets / "master.key")
    return FollowedCredentials(connection(platform.stack, "api"), master)


def test_keys_are_known_from_the_start_and_as_they_come_and_go(platform: Platform) -> None:
    platform.user("ada")
    before, later = unique("k"), unique("k")
    digest = sha256(b"open").hexdigest()
    platform.send(IssueApiKey(key_id=before, user="ada", key_hash=digest))
    keys = followed(platform)
    stored = keys.find(before)
    assert stored is not None
    assert holder_of(f"{before}.open", keys, Micros(0)).user == stored.user == "ada"
    for secret in ("shut", ""):
        with pytest.raises(NotCounted):
            holder_of(f"{before}.{secret}", keys, Micros(0))
    assert keys.find(later) is None
    platform.send(IssueApiKey(key_id=later, user="ada", key_hash=digest, limited_to="flights"))
    assert keys.wait_for(later, 10)
    platform.send(RevokeApiKey(key_id=before))
    eventually(lambda: keys.find(before) is None or None, "the revoked key to be forgotten")
    assert keys.healthy
    keys.close()
    again = followed(platform)
    assert again.find(before) is None
    assert again.find(later) is not None
    again.close()
