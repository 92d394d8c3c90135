"""Rows on their way to Postgres."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace_projections.writing import as_json


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [("\x00", "\ufffd"), ("a\x00\x00b", "a\ufffd\ufffdb"), ("\\u0000", "\\u0000"), ("\\\x00", "\\\ufffd")],
)
def test_only_the_character_that_postgres_cannot_hold_is_replaced(given_text: str, kept: str) -> None:
    assert json.loads(as_json([{"text": given_text}])) == [{"text": kept}]


@given(st.text(alphabet=st.one_of(st.sampled_from("\x00\\u0"), st.characters(exclude_categories=["Cs"]))))
def test_every_other_text_arrives_as_it_is(text: str) -> None:
    assert json.loads(as_json([{"text": text}])) == [{"text": text.replace("\x00", "\ufffd")}]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_arrives_exactly(number: float) -> None:
    (row,) = json.loads(as_json([{"n": number}]))
    assert row["n"] == number
