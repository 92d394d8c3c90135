"""Feature vectors in the shape that a model takes."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

from headrace._columns import Feature
from headrace._errors import Invalid
from headrace._values import plain

ReturnType = Literal["list", "dict", "pandas", "numpy"]


def shaped(rows: Sequence[Mapping[str, Any]], features: Sequence[Feature], return_type: ReturnType) -> Any:
    """The rows as lists of values in the order of the features, as dicts, as a DataFrame or as an array."""
    typed = [{feature.name: _typed(row.get(feature.name), feature.type) for feature in features} for row in rows]
    if return_type == "dict":
        return typed
    values = [list(row.values()) for row in typed]
    if return_type == "list":
        return values
    if return_type == "numpy":
        import numpy as np  # noqa: PLC0415 - only on demand

        return np.array(values)
    if return_type == "pandas":
        import pandas as pd  # noqa: PLC0415 - only on demand

        return pd.DataFrame(values, columns=[feature.name for feature in features])
    raise Invalid(f"return_type is list, dict, pandas or numpy, not {return_type!r}", code="unknown-return-type")


def jsonable(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows as the API takes them: binaries as base64."""
    return [{name: _text(plain(value)) for name, value in row.items()} for row in rows]


def _text(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _typed(value: Any, kind: str) -> Any:
    """JSON has no times, no dates and no bytes."""
    if not isinstance(value, str):
        return value
    if kind == "timestamp":
        return datetime.fromisoformat(value)
    if kind == "binary":
        return base64.b64decode(value)
    return date.fromisoformat(value) if kind == "date" else value
