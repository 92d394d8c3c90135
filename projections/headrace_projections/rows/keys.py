"""Canonical keys of many rows at once; `headrace_events.entity_key` says what the bytes are."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from headrace_events.entity_key import TAGS
from headrace_projections.rows.avro import Values
from headrace_projections.rows.ragged import Bytes, Longs, fixed, offsets_of, span

_WIDTHS = {"boolean": 2, "int": 9, "bigint": 9, "date": 5, "timestamp": 9}
_BIG_ENDIAN = {"boolean": ">u1", "int": ">i8", "bigint": ">i8", "date": ">i4", "timestamp": ">i8"}


def keys_of(buffer: Bytes, types: Sequence[str], columns: Sequence[Values]) -> list[bytes]:
    """The key of every row; `types` are those of the group. Where a value is absent, the bytes mean nothing."""
    if not columns:
        return []
    parts = [_lengths(kind, values) for kind, values in zip(types, columns, strict=True)]
    offsets = offsets_of(np.sum(parts, axis=0, dtype=np.int64))
    out = np.zeros(int(offsets[-1]), np.uint8)
    place = offsets[:-1].copy()
    for kind, values, lengths in zip(types, columns, parts, strict=True):
        out[place] = TAGS[kind]
        if values.numbers is not None:
            _put_numbers(out, place + 1, values.numbers, kind)
        else:
            _put_texts(out, place + 1, buffer, values)
        place = place + lengths
    raw, bounds = out.tobytes(), offsets.tolist()
    return [raw[start:end] for start, end in pairwise(bounds)]


def _lengths(kind: str, values: Values) -> Longs:
    if kind in _WIDTHS:
        return np.full(len(values.present), _WIDTHS[kind], np.int64)
    assert values.lengths is not None  # noqa: S101 - strings and binaries have lengths
    return values.lengths + 5


def _put_numbers(out: Bytes, place: Longs, numbers: npt.NDArray[Any], kind: str) -> None:
    big = np.ascontiguousarray(numbers.astype(_BIG_ENDIAN[kind]))
    width = big.dtype.itemsize
    out[fixed(place, width)] = big.view(np.uint8).reshape(len(place), width)


def _put_texts(out: Bytes, place: Longs, buffer: Bytes, values: Values) -> None:
    assert values.starts is not None  # noqa: S101 - strings and binaries have places
    assert values.lengths is not None  # noqa: S101
    out[fixed(place, 4)] = values.lengths.astype(">u4").view(np.uint8).reshape(len(place), 4)
    out[span(place + 4, values.lengths)] = buffer[span(values.starts, values.lengths)]
