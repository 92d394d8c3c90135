"""How types of features are written, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.feature_types import types

from headrace import Invalid as Refused
from headrace import _feature_types as sdk
from headrace_events.avro import Written
from headrace_events.errors import Invalid
from headrace_events.feature_type import canonical, in_avro, of_avro, parsed
from headrace_events.row_schema import Column, row_schema
from headrace_schemas.avro import ApacheAvro


@given(types())
def test_a_type_is_told_from_its_avro_type_again(text: str) -> None:
    assert canonical(text) == text
    assert str(of_avro(in_avro(parsed(text), "column"))) == text


@given(st.lists(types(), min_size=1, max_size=4))
def test_schemas_of_any_types_are_schemas(kinds: list[str]) -> None:
    columns = [Column(name=f"c{number}", type=kind) for number, kind in enumerate(kinds)]
    ApacheAvro().form(Written(text=row_schema("shop", "things", 1, columns, ())))


def test_spaces_and_capitals_do_not_count() -> None:
    assert canonical(" Struct< a : DECIMAL(4, 2), b: Map<STRING, array<embedding(3)>> >") == (
        "struct<a:decimal(4,2),b:map<string,array<embedding(3)>>>"
    )


BAD = [
    "",
    "number",
    "array",
    "array<>",
    "array<int",
    "array<int>>",
    "array(int)",
    "map<int,string>",
    "map<string>",
    "struct<>",
    "struct<a>",
    "struct<a:int,>",
    "decimal",
    "decimal(4)",
    "decimal(4,x)",
    "embedding<3>",
    "int(4)",
]


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_type_is_refused_by_both_sides(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parsed(text)
    assert refusal.value.code == "unknown-type"
    with pytest.raises(Refused):
        sdk.parsed(text)


@pytest.mark.parametrize(
    "text",
    [
        "decimal(39,0)",
        "decimal(4,5)",
        "decimal(0,0)",
        "embedding(0)",
        "embedding(16385)",
        "struct<a:int,a:int>",
        "struct<1a:int>",
        "array<" * 10 + "int" + ">" * 10,
        "array<" * 5_000 + "int" + ">" * 5_000,
    ],
)
def test_a_type_beyond_its_bounds_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parsed(text)
    assert refusal.value.code == "unknown-type"
