"""The canonical bytes of a primary key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace._entity_key import ENCODERS, key_encoder
from headrace_events.entity_key import TAGS, decode_key, encode_key
from headrace_events.errors import Invalid
from headrace_events.feature_group import KEY_TYPES

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "entity_keys.json").read_text())
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "string": st.text(st.characters(codec="utf-8"), max_size=12),
    "binary": st.binary(max_size=12),
    "date": st.integers(-(2**31), 2**31 - 1),
    "timestamp": st.integers(-(2**63), 2**63 - 1),
}
KEYS = st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=4).flatmap(
    lambda types: st.tuples(st.just(types), st.tuples(*(VALUES[kind] for kind in types)))
)


def values_of(vector: dict[str, Any]) -> list[Any]:
    return [bytes.fromhex(one["hex"]) if isinstance(one, dict) else one for one in vector["values"]]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["key"][:24])
def test_every_vector_has_its_bytes_on_both_sides_of_the_log(vector: dict[str, Any]) -> None:
    key = bytes.fromhex(vector["key"])
    assert encode_key(vector["types"], values_of(vector)) == key
    assert key_encoder(vector["types"])(values_of(vector)) == key
    assert list(decode_key(vector["types"], key)) == values_of(vector)


def test_every_type_that_can_be_a_key_has_a_tag_and_vectors() -> None:
    assert set(TAGS) == set(ENCODERS) == KEY_TYPES
    assert {kind for vector in VECTORS for kind in vector["types"]} == KEY_TYPES


@given(KEYS)
def test_a_key_is_read_back_and_the_client_writes_the_same(made: tuple[list[str], tuple[Any, ...]]) -> None:
    types, values = made
    key = encode_key(types, values)
    assert decode_key(types, key) == values
    assert key_encoder(types)(values) == key


@given(
    st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=3).flatmap(
        lambda types: st.tuples(
            st.just(types), st.tuples(*(VALUES[k] for k in types)), st.tuples(*(VALUES[k] for k in types))
        )
    )
)
def test_two_entities_never_share_a_key(made: tuple[list[str], tuple[Any, ...], tuple[Any, ...]]) -> None:
    types, one, other = made
    assert (encode_key(types, one) == encode_key(types, other)) == (one == other)


@given(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=3), st.binary(max_size=40))
def test_bytes_that_are_no_canonical_key_are_refused(types: list[str], raw: bytes) -> None:
    try:
        values = decode_key(types, raw)
    except Invalid:
        return
    assert encode_key(types, values) == raw


@pytest.mark.parametrize(
    ("types", "values", "code"),
    [
        (["string"], [None], "missing-key"),
        (["string"], [5], "invalid-key"),
        (["string"], ["\ud800"], "invalid-key"),
        (["int"], [2**31], "invalid-key"),
        (["int"], [True], "invalid-key"),
        (["bigint"], [1.0], "invalid-key"),
        (["int", "int"], [1], "invalid-key"),
    ],
)
def test_a_value_of_another_type_is_no_key(types: list[str], values: list[Any], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        encode_key(types, values)
    assert refusal.value.code == code
