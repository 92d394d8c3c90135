"""Arrow's types in training files: those of the offline store, but embeddings say how many floats they have."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import pyarrow as pa

from headrace_events.errors import Invalid
from headrace_events.feature_type import FLAT, Array, Decimal, Embedding, FeatureType, Flat, Map, Struct, parsed
from headrace_projections.offline.arrow import TYPES

_FLAT = {TYPES[kind]: kind for kind in FLAT}


def file_schema(types: Mapping[str, str]) -> pa.Schema:
    """The schema of these columns (name → feature type)."""
    return pa.schema([pa.field(name, _arrow(parsed(kind))) for name, kind in types.items()])


def _arrow(kind: FeatureType) -> Any:
    match kind:
        case Embedding():
            return pa.list_(pa.float32(), kind.size)
        case Array():
            return pa.list_(_arrow(kind.item))
        case Map():
            return pa.map_(pa.string(), _arrow(kind.item))
        case Struct():
            return pa.struct([pa.field(name, _arrow(inner)) for name, inner in kind.fields])
        case Flat() | Decimal():
            return TYPES[str(kind)]


@lru_cache(maxsize=4096)
def feature_type(arrow: Any) -> FeatureType:
    """The feature type whose values are in columns of that type; raises Invalid where there is none."""
    types = pa.types
    if arrow in _FLAT:
        return Flat(name=_FLAT[arrow])
    if types.is_decimal128(arrow):
        return Decimal(precision=arrow.precision, scale=arrow.scale)
    if types.is_fixed_size_list(arrow) and arrow.value_type == pa.float32():
        return Embedding(size=arrow.list_size)
    if types.is_list(arrow):
        return Array(item=feature_type(arrow.value_type))
    if types.is_map(arrow) and arrow.key_type == pa.string():
        return Map(item=feature_type(arrow.item_type))
    if types.is_struct(arrow):
        return Struct(fields=tuple((field.name, feature_type(field.type)) for field in arrow))
    raise Invalid("unknown-type", f"a training file does not hold {arrow}")
