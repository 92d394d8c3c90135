"""Columns of a feature group, given by hand or read off a frame."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from headrace._errors import Invalid
from headrace._feature_types import of_arrow
from headrace._frames import kind_of, slices

_NESTED = (list, tuple, dict, Decimal)


@dataclass(frozen=True, slots=True)
class Feature:
    """A column of a feature group.

    `type` is boolean, int, bigint, float, double, string, binary, date, timestamp, decimal(precision,scale),
    embedding(size), array<type>, map<string,type> or struct<name:type,…>.
    `default_value` is for `append_features`: what rows have that were written without the column (None: null).
    """

    name: str
    type: str
    description: str = ""
    default_value: Any = None


def features_of(given: Any) -> list[Feature]:
    """Features from Features, from {name: type}, or from a frame; raises Invalid."""
    if isinstance(given, Mapping):
        return [Feature(str(name), str(kind)) for name, kind in given.items()]
    if isinstance(given, Sequence) and given and all(isinstance(one, Feature) for one in given):
        return list(given)
    return _of_frame(given)


def _of_frame(frame: Any) -> list[Feature]:
    if kind_of(frame) == "arrow":
        columns = {name: frame.schema.field(name).type for name in frame.schema.names}
        return [Feature(name, _named(name, kind)) for name, kind in columns.items()]
    found: dict[str, str] = {}
    seen: dict[str, None] = {}
    for part in slices(frame):
        for name, values in part.columns.items():
            seen[name] = None
            if name not in found and (kind := _of_column(name, values)) is not None:
                found[name] = kind
        if len(found) == len(seen):
            break
    untyped = [name for name in seen if name not in found]
    if untyped or not found:
        raise Invalid(
            f"columns without a value have no type to read off: {', '.join(untyped) or 'all'}; "
            "give features={name: type, …}",
            code="unknown-type",
        )
    return [Feature(name, found[name]) for name in seen]


def _of_column(name: str, values: Any) -> str | None:
    if isinstance(values, list):
        if any(isinstance(value, _NESTED) for value in values):
            return _of_nested(name, values)
        kinds = {_of_value(name, value) for value in values if value is not None}
        if not kinds:
            return None
        if kinds == {"bigint", "double"}:
            return "double"
        if len(kinds) > 1:
            raise Invalid(
                f"column {name!r} mixes {', '.join(sorted(kinds))}; give features={{name: type, …}}", code="mixed-types"
            )
        return kinds.pop()
    return None if str(values.type) == "null" else _named(name, values.type)


def _named(name: str, arrow: Any) -> str:
    """The feature type of an Arrow type; raises Invalid, naming the column."""
    try:
        return of_arrow(arrow)
    except Invalid as error:
        raise Invalid(f"column {name!r}: {error}", code="unknown-type") from None


def _of_nested(name: str, values: list[Any]) -> str:
    import pyarrow as pa  # noqa: PLC0415 - only frames need it

    try:
        return _named(name, pa.array(values).type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise Invalid(
            f"column {name!r} has values of no one type ({error}); give features={{name: type, …}}", code="mixed-types"
        ) from None


def _of_value(name: str, value: Any) -> str:
    kinds = {"bool": "boolean", "int": "bigint", "float": "double", "str": "string", "bytes": "binary"}
    kinds |= {"date": "date", "datetime": "timestamp"}
    kind = kinds.get(type(value).__name__)
    if kind is None:
        raise Invalid(f"column {name!r} has values of type {type(value).__name__}", code="unknown-type")
    return kind
