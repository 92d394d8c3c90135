"""What identifies a person opens with their key and no other."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace_broker.credentials import StoredCredentials
from headrace_broker.personal import ERASED, PersonalKey, shown
from headrace_events.personal import SECRET_BYTES, PersonalKeyStored, place_of, sealed_for
from headrace_schemas.errors import Undecodable

ADA, BOB = (PersonalKey(user, os.urandom(SECRET_BYTES)) for user in ("ada", "bob"))


def holding(*keys: PersonalKey) -> StoredCredentials:
    credentials = StoredCredentials()
    for key in keys:
        credentials.put(place_of(key.user), PersonalKeyStored(user=key.user, secret=key.secret))
    return credentials


@given(st.text(min_size=1, max_size=320))
def test_a_sealed_text_names_its_person_opens_with_their_key_and_is_equal_for_equal_texts(text: str) -> None:
    sealed = ADA.seal(text)
    assert sealed_for(sealed) == "ada"
    assert ADA.open(sealed) == text
    assert sealed == ADA.seal(text) != BOB.seal(text)


def test_a_sealed_text_opens_for_nobody_else_and_not_when_it_was_changed() -> None:
    sealed = ADA.seal("ada@example.org")
    changed = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]
    for key, text in (
        (PersonalKey("ada", BOB.secret), sealed),
        (PersonalKey("bob", ADA.secret), sealed),
        (ADA, changed),
    ):
        with pytest.raises(Undecodable):
            key.open(text)


def test_without_its_key_a_text_shows_as_erased_and_a_plain_one_as_it_is() -> None:
    sealed = ADA.seal("Ada Lovelace")
    credentials = holding(ADA, BOB)
    assert shown(sealed, credentials) == "Ada Lovelace"
    credentials.put(place_of("ada"), None)
    assert shown(sealed, credentials) == ERASED
    assert shown("left the company", credentials) == "left the company"
    assert shown("sealed: not really", credentials) == "sealed: not really"
