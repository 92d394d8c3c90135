"""JSON Schema (draft 2020-12) within bounds: what a schema costs is what it and the value are long, and no more.

Source: JSON Schema, drafts `core` and `validation` of 2020-12. References are left out, to other documents because
nothing is fetched, within one because a few lines of them can mean billions of steps; so are regular expressions.
"""

import json
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, best_match

from headrace_events.errors import Invalid

DRAFT = "https://json-schema.org/draft/2020-12/schema"
MOST_SCHEMA_BYTES, MOST_PARTS = 16_384, 200
MOST_VALUE_BYTES, MOST_VALUES = 4_096, 500
DEEPEST = 20

_SCHEMAS = frozenset({"items", "additionalProperties", "propertyNames", "contains", "not", "if", "then", "else"})
"""Keywords whose value is a schema."""
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
"""Keywords whose value is a list of schemas."""
_MAPS = frozenset({"properties", "dependentSchemas"})
"""Keywords whose value has a schema for each name."""
_PLAIN = frozenset(
    {
        *("$schema", "$comment", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"),
        *("format", "type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
        *("multipleOf", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minContains", "maxContains"),
        *("required", "minProperties", "maxProperties", "dependentRequired"),
    }
)
"""Keywords whose value holds no schema."""


class BoundedJsonSchemas:
    """What decisions about tags ask of JSON Schema."""

    def form(self, schema: str) -> str:
        """The schema's text without what means nothing; raises Invalid where it is none, or beyond our bounds."""
        parsed = _parsed(schema, "schema", MOST_SCHEMA_BYTES)
        if not isinstance(parsed, dict):
            raise _no_schema("it is no JSON object")
        if parsed.get("$schema", DRAFT) != DRAFT:
            raise _no_schema(f"it is of another draft: leave `$schema` out, or write {DRAFT}")
        parts = _count(parsed, 1)
        if parts > MOST_PARTS:
            raise _no_schema(f"it has {parts} parts, and at most {MOST_PARTS} are allowed")
        try:
            Draft202012Validator.check_schema(parsed)
        except SchemaError as error:
            raise _no_schema(f"{error.message[:300]} at {error.json_path}") from None
        return _text(parsed)

    def fitting(self, schema: str, value: str) -> str:
        """The value's text without what means nothing; raises Invalid where it does not fit, or beyond our bounds."""
        parsed = _parsed(value, "value", MOST_VALUE_BYTES)
        if (values := _values(parsed, 1)) > MOST_VALUES:
            raise _no_value(f"it holds {values} values, and at most {MOST_VALUES} are allowed")
        try:
            error = best_match(Draft202012Validator(json.loads(schema)).iter_errors(parsed))
        except ArithmeticError as wrong:
            raise _no_value(f"it cannot be compared: {wrong}") from None
        if error is not None:
            raise Invalid(
                "tag-value-mismatch",
                f"the value does not fit the tag's schema: {error.message[:300]} at {error.json_path[:200]}",
                {"at": error.json_path[:200]},
            )
        return _text(parsed)


def _parsed(text: str, what: str, most: int) -> Any:
    wrong = _no_schema if what == "schema" else _no_value
    if (size := len(text.encode())) > most:
        raise wrong(f"it has {size} bytes, and at most {most} are allowed")
    try:
        parsed = json.loads(text, parse_constant=_no_constant)
        _text(parsed).encode()
    except (ValueError, RecursionError) as error:
        raise wrong(f"it is no JSON: {error}") from None
    return parsed


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _count(schema: Any, depth: int) -> int:
    """How many schemas there are in the schema, itself among them; raises Invalid for a keyword that is not taken."""
    if depth > DEEPEST:
        raise _no_schema(f"it is nested deeper than {DEEPEST} levels")
    if not isinstance(schema, dict):
        return 1
    count = 1
    for keyword, inner in schema.items():
        if keyword in _SCHEMAS:
            count += _count(inner, depth + 1)
        elif keyword in _LISTS and isinstance(inner, list):
            count += sum(_count(one, depth + 1) for one in inner)
        elif keyword in _MAPS and isinstance(inner, Mapping):
            count += sum(_count(one, depth + 1) for one in inner.values())
        elif keyword not in _PLAIN | _LISTS | _MAPS:
            known = ", ".join(sorted(_PLAIN | _SCHEMAS | _LISTS | _MAPS))
            raise _no_schema(f"keyword {keyword[:80]!r} is not taken; these are: {known}")
    return count


def _values(value: Any, depth: int) -> int:
    """How many values there are in the value, itself among them."""
    if depth > DEEPEST:
        raise _no_value(f"it is nested deeper than {DEEPEST} levels")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(_values(one, depth + 1) for one in inner)


def _text(parsed: Any) -> str:
    return json.dumps(parsed, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def _no_schema(why: str) -> Invalid:
    return Invalid("invalid-tag-schema", f"that is no schema for tags: {why}")


def _no_value(why: str) -> Invalid:
    return Invalid("invalid-tag-value", f"that is no value for a tag: {why}")
