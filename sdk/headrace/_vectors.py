"""Feature vectors in the shape that a model takes."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from headrace._columns import Feature
from headrace._errors import Invalid
from headrace._nested_values import from_json
from headrace._values import plain

ReturnType = Literal["list", "dict", "pandas", "polars", "numpy"]

_POLARS = {"boolean": "Boolean", "int": "Int32", "bigint": "Int64", "float": "Float32", "double": "Float64"}
_POLARS |= {"string": "String", "binary": "Binary", "date": "Date"}
"""Feature type → the name of the polars type that a column has even where it holds nothing."""
_AS_JSON_HAS_THEM = frozenset({"boolean", "int", "bigint", "float", "double", "string"})
"""The types of which a value in JSON is the value."""


def shaped(rows: Sequence[Mapping[str, Any]], features: Sequence[Feature], return_type: ReturnType) -> Any:
    """The rows as lists of values in the order of the features, as dicts, as a DataFrame or as an array.

    Raises Invalid for another return type.
    """
    dicts = named(rows, features)
    if return_type == "dict":
        return dicts
    values = [list(row.values()) for row in dicts]
    if return_type == "list":
        return values
    if return_type == "numpy":
        import numpy as np  # noqa: PLC0415 - only on demand

        return np.array(values)
    if return_type == "pandas":
        import pandas as pd  # noqa: PLC0415 - only on demand

        return pd.DataFrame(values, columns=[feature.name for feature in features])
    if return_type == "polars":
        return _polars(values, features)
    known = "list, dict, pandas, polars or numpy"
    raise Invalid(f"return_type is {known}, not {return_type!r}", code="unknown-return-type")


def named(rows: Sequence[Mapping[str, Any]], features: Sequence[Feature]) -> list[dict[str, Any]]:
    """The rows with the values of the features alone, each of its type; what is not there is None."""
    names = [feature.name for feature in features]
    found = [{name: row.get(name) for name in names} for row in rows]
    for feature in features:
        if feature.type not in _AS_JSON_HAS_THEM:
            for row in found:
                row[feature.name] = typed(row[feature.name], feature.type)
    return found


def _polars(values: list[list[Any]], features: Sequence[Feature]) -> Any:
    import polars as pl  # noqa: PLC0415 - only on demand

    types = {
        feature.name: pl.Datetime("us", "UTC")
        if feature.type == "timestamp"
        else getattr(pl, _POLARS[feature.type])
        if feature.type in _POLARS
        else None
        for feature in features
    }
    return pl.DataFrame(values, schema=types, orient="row")


def jsonable(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows as the API takes them: binaries as base64."""
    return [{name: _text(plain(value)) for name, value in row.items()} for row in rows]


def _text(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def typed(value: Any, kind: str) -> Any:
    """A value as JSON has it, which has no times, no dates, no decimals and no bytes, as one of that type."""
    return from_json(value, kind) if isinstance(value, str | list | dict) and kind != "string" else value
