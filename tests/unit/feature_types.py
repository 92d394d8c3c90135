"""Types of features, and values of them, as Hypothesis draws them."""

from __future__ import annotations

import json
from datetime import UTC, date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from headrace._feature_types import FLAT, FeatureType, parsed
from headrace._nested_values import converter
from headrace_events.row_schema import Column, row_schema

_FIELDS = ("a", "b", "items", "values")


def types() -> st.SearchStrategy[str]:
    """Types as events have them."""
    decimals = st.tuples(st.integers(1, 38), st.integers(0, 38)).map(lambda ns: f"decimal({ns[0]},{min(ns)})")
    embeddings = st.integers(1, 5).map(lambda size: f"embedding({size})")
    return st.recursive(
        st.sampled_from(FLAT) | decimals | embeddings,
        lambda inner: (
            inner.map(lambda kind: f"array<{kind}>")
            | inner.map(lambda kind: f"map<string,{kind}>")
            | st.dictionaries(st.sampled_from(_FIELDS), inner, min_size=1, max_size=3).map(
                lambda fields: f"struct<{','.join(f'{name}:{kind}' for name, kind in fields.items())}>"
            )
        ),
        max_leaves=4,
    )


def values(kind: str) -> st.SearchStrategy[Any]:
    """Values of the type, as both stores give them back; no nulls but inside others."""
    return _values(parsed(kind))


def _values(kind: FeatureType) -> st.SearchStrategy[Any]:
    match kind.name:
        case "boolean":
            return st.booleans()
        case "int":
            return st.integers(-(2**31), 2**31 - 1)
        case "bigint":
            return st.integers(-(2**63), 2**63 - 1)
        case "float":
            return st.floats(width=32, allow_nan=False, allow_infinity=False)
        case "double":
            return st.floats(allow_nan=False, allow_infinity=False)
        case "string":
            return st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=3)
        case "binary":
            return st.binary(max_size=3)
        case "date":
            return st.dates(date(1, 1, 1))
        case "timestamp":
            return st.datetimes(timezones=st.just(UTC))
        case "decimal":
            digits, scale = kind.numbers
            return st.integers(1 - 10**digits, 10**digits - 1).map(lambda number: Decimal(f"{number}e-{scale}"))
        case "embedding":
            size = kind.numbers[0]
            return st.lists(_values(FeatureType("float")), min_size=size, max_size=size)
        case "array":
            return st.lists(st.none() | _values(kind.inner[0]), max_size=3)
        case "map":
            return st.dictionaries(_values(FeatureType("string")), st.none() | _values(kind.inner[0]), max_size=3)
        case _:
            named = zip(kind.names, kind.inner, strict=True)
            return st.fixed_dictionaries({name: st.none() | _values(inner) for name, inner in named})


@st.composite
def records(draw: st.DrawFn) -> tuple[Any, dict[str, list[Any]]]:
    """A record schema, with null before or behind its types, and columns of some rows as the log holds them."""
    kinds = draw(st.lists(types(), max_size=3)) + draw(st.lists(st.sampled_from(["double", "float"]), max_size=6))
    named = {"id": "bigint"} | {f"f{place}": kind for place, kind in enumerate(kinds)}
    columns = [Column(name=name, type=kind) for name, kind in named.items()]
    record = json.loads(row_schema("shop", "g", 1, columns, ("id",)))
    behind = draw(st.sets(st.sampled_from(sorted(named))))
    for entry in record["fields"]:
        if entry["name"] in behind - {"id"}:
            entry["type"].reverse()
            del entry["default"]
    count = draw(st.integers(0, 4))
    rows = {}
    for name, kind in named.items():
        value = values(kind).map(converter(kind))
        nulls = name != "id" and draw(st.booleans())
        rows[name] = draw(st.lists(st.none() | value if nulls else value, min_size=count, max_size=count))
    return record, rows
