"""JSON Schema within bounds: no schema and no value holds up whoever decides."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace_events.errors import Invalid
from headrace_schemas.json_schemas import DEEPEST, MOST_PARTS, MOST_VALUES, BoundedJsonSchemas

RULES = BoundedJsonSchemas()


def nested(keyword: str, levels: int) -> Any:
    schema: Any = {}
    for _ in range(levels):
        schema = {keyword: [schema]} if keyword == "allOf" else {keyword: schema}
    return schema


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"$ref": "https://example.org/schema.json"}, "'\\$ref' is not taken"),
        ({"$ref": "file:///etc/passwd"}, "'\\$ref' is not taken"),
        ({"properties": {"a": {"$ref": "#"}}}, "'\\$ref' is not taken"),
        ({"anyOf": [{"$dynamicRef": "#a"}]}, "'\\$dynamicRef' is not taken"),
        ({"items": {"pattern": "(a+)+$"}}, "'pattern' is not taken"),
        ({"patternProperties": {"^a": {}}}, "'patternProperties' is not taken"),
        ({"$defs": {"a": {}}}, "'\\$defs' is not taken"),
        ({"typo": 1}, "'typo' is not taken"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "another draft"),
        ({"type": "text"}, "is not valid"),
        ([], "no JSON object"),
        (True, "no JSON object"),
        ({"allOf": [{}] * MOST_PARTS}, f"at most {MOST_PARTS}"),
        (nested("not", DEEPEST), "nested deeper"),
        (nested("allOf", 200), "nested deeper"),
        ({"description": "x" * 20_000}, "bytes"),
    ],
)
def test_a_schema_beyond_the_bounds_is_refused(schema: Any, why: str) -> None:
    with pytest.raises(Invalid, match=why) as refused:
        RULES.form(json.dumps(schema))
    assert refused.value.code == "invalid-tag-schema"


@pytest.mark.parametrize("text", ["{", "[" * 5_000, '{"minimum": NaN}', '{"title": "\\ud800"}', ""])
def test_what_is_no_json_is_no_schema_and_no_value(text: str) -> None:
    for judge in (RULES.form, lambda value: RULES.fitting("{}", value)):
        with pytest.raises(Invalid):
            judge(text)


@pytest.mark.parametrize("value", [[0] * MOST_VALUES, "x" * 5_000, json.loads("[" * 21 + "]" * 21)])
def test_a_value_beyond_the_bounds_is_refused(value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        RULES.fitting("{}", json.dumps(value))
    assert refused.value.code == "invalid-tag-value"


def test_a_mismatch_says_where_and_what() -> None:
    schema = RULES.form('{"properties": {"team": {"enum": ["a", "b"]}}}')
    with pytest.raises(Invalid, match=r"'c' is not one of \['a', 'b'\] at \$\.team"):
        RULES.fitting(schema, '{"team": "c"}')


def code(schema: str, value: str) -> str | None:
    """What a value is refused with, if it is."""
    try:
        RULES.fitting(schema, value)
    except Invalid as refused:
        return refused.code
    return None


def test_the_largest_value_is_held_against_the_largest_schema() -> None:
    schema = RULES.form(json.dumps({"items": {"allOf": [{"type": "integer"}] * (MOST_PARTS - 2)}}))
    assert code(schema, json.dumps([1] * (MOST_VALUES - 1))) is None
    assert code(schema, json.dumps([1] * (MOST_VALUES - 2) + ["x"])) == "tag-value-mismatch"


@pytest.mark.parametrize("number", ["1e308", "1" * 400, "0.1", "1" * 4_090])
def test_numbers_that_cannot_be_divided_fit_or_are_refused_and_are_never_an_accident(number: str) -> None:
    schema = RULES.form('{"multipleOf": 1e-300, "minimum": 0.5}')
    assert code(schema, number) in {None, "tag-value-mismatch", "invalid-tag-value"}


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_the_form_of_a_value_is_the_value(value: Any) -> None:
    assert code("{}", json.dumps(value)) in {None, "invalid-tag-value"}
    if code("{}", json.dumps(value)) is None:
        text = RULES.fitting("{}", json.dumps(value))
        assert json.loads(text) == value
        assert RULES.fitting("{}", text) == text
