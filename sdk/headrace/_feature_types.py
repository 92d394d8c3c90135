"""The types of features as people write them: flat ones, and others that hold them.

decimal(precision,scale), embedding(size), array<type>, map<string,type> and struct<name:type,…>.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from headrace._errors import Invalid

FLAT = ("boolean", "int", "bigint", "float", "double", "string", "binary", "date", "timestamp")

_HEAD = re.compile(r"([a-z]+)(?:([(<])(.*)([)>]))?")
_CLOSES = {"decimal": "()", "embedding": "()", "array": "<>", "map": "<>", "struct": "<>"}


@dataclass(frozen=True, slots=True)
class FeatureType:
    """A type: its name, the numbers in brackets, and the types inside, those of a struct by their names."""

    name: str
    numbers: tuple[int, ...] = ()
    inner: tuple[FeatureType, ...] = ()
    names: tuple[str, ...] = ()


@lru_cache(maxsize=4096)
def parsed(text: str) -> FeatureType:
    """The type; raises Invalid."""
    bare = "".join(text.lower().split())
    found = _HEAD.fullmatch(bare)
    if found is None:
        raise _unknown(text)
    name, opened, inside, closed = found.groups()
    if opened is None:
        if name not in FLAT:
            raise _unknown(text)
        return FeatureType(name)
    if _CLOSES.get(name) != opened + closed:
        raise _unknown(text)
    parts = _parts(inside)
    if name in {"decimal", "embedding"}:
        if not all(part.isdecimal() for part in parts) or len(parts) != (2 if name == "decimal" else 1):
            raise _unknown(text)
        return FeatureType(name, tuple(map(int, parts)))
    if name == "struct":
        named = [part.partition(":") for part in parts]
        if any(not one[2] for one in named):
            raise _unknown(text)
        return FeatureType(name, inner=tuple(parsed(one[2]) for one in named), names=tuple(one[0] for one in named))
    if name == "map" and parts[0] != "string":
        raise _unknown(text)
    if len(parts) != (2 if name == "map" else 1):
        raise _unknown(text)
    return FeatureType(name, inner=(parsed(parts[-1]),))


def _parts(text: str) -> list[str]:
    """What stands between the commas that are in no brackets."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "(<") - (letter in ")>")
        if letter == "," and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


def of_arrow(kind: Any) -> str:
    """The feature type that holds values of an Arrow type; raises Invalid."""
    import pyarrow as pa  # noqa: PLC0415 - only frames need it

    types = pa.types
    if types.is_dictionary(kind):
        return of_arrow(kind.value_type)
    if types.is_decimal(kind) and 0 <= kind.scale <= kind.precision <= 38:
        return f"decimal({kind.precision},{kind.scale})"
    if types.is_fixed_size_list(kind) and types.is_floating(kind.value_type):
        return f"embedding({kind.list_size})"
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return f"array<{of_arrow(kind.value_type)}>"
    if types.is_struct(kind) and kind.num_fields:
        return f"struct<{','.join(f'{field.name}:{of_arrow(field.type)}' for field in kind)}>"
    if types.is_map(kind) and of_arrow(kind.key_type) == "string":
        return f"map<string,{of_arrow(kind.item_type)}>"
    for feature, holds in _flat(types):
        if any(test(kind) for test in holds):
            return feature
    raise Invalid(f"{kind} is no type that a feature can have", code="unknown-type")


def _flat(types: Any) -> Sequence[tuple[str, Sequence[Any]]]:
    return (
        ("boolean", (types.is_boolean,)),
        ("int", (types.is_int8, types.is_int16, types.is_int32, types.is_uint8, types.is_uint16)),
        ("bigint", (types.is_integer,)),
        ("float", (types.is_float16, types.is_float32)),
        ("double", (types.is_floating,)),
        ("string", (types.is_string, types.is_large_string, types.is_string_view)),
        ("binary", (types.is_binary, types.is_large_binary, types.is_fixed_size_binary)),
        ("date", (types.is_date,)),
        ("timestamp", (types.is_timestamp,)),
    )


def _unknown(text: str) -> Invalid:
    return Invalid(
        f"{text[:80]!r} is no type of a feature: use {', '.join(FLAT)}, decimal(p,s), embedding(n), array<type>, "
        "map<string,type> or struct<name:type,…>",
        code="unknown-type",
    )
