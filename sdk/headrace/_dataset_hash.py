"""The hash of a training dataset, computed from its rows alone; `docs/training-data.md` says how they are encoded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from decimal import Context, Decimal
from typing import Any

from headrace._errors import Invalid
from headrace._feature_types import of_arrow, parsed
from headrace._training_files import arrow_of

BLOCK_ROWS = 16_384
_DIGITS = Context(prec=38)


class DatasetHash:
    """Takes splits in the order of the manifest; their rows sorted as the files have them."""

    def __init__(self, schema: Any) -> None:
        head = "".join(f"{field.name}\0{_kind(field.type)}\n" for field in schema)
        self._sha = hashlib.sha256(b"headrace training rows 1\n" + head.encode())

    def add_split(self, name: str, batches: Iterable[Any]) -> None:
        """Take a split's Arrow record batches, of any size."""
        import pyarrow as pa  # noqa: PLC0415 - only training data needs it

        self._sha.update(b"\x01" + name.encode() + b"\n")
        pending: Any = None
        for batch in batches:
            table = pa.Table.from_batches([batch])
            pending = table if pending is None else pa.concat_tables([pending, table])
            whole = pending.num_rows // BLOCK_ROWS * BLOCK_ROWS
            for start in range(0, whole, BLOCK_ROWS):
                self._add_block(pending.slice(start, BLOCK_ROWS))
            pending = pending.slice(whole)
        if pending is not None and pending.num_rows:
            self._add_block(pending)

    def hexdigest(self) -> str:
        """The hash of the splits so far."""
        return self._sha.hexdigest()

    def _add_block(self, block: Any) -> None:
        self._sha.update(b"\x02" + block.num_rows.to_bytes(4, "little"))
        for column in block.columns:
            for part in _encoded(column.combine_chunks()):
                self._sha.update(part)


def _encoded(array: Any) -> Iterator[bytes]:
    """A column: where it has values, then these; of what is nested, what is inside as columns again."""
    import pyarrow as pa  # noqa: PLC0415 - only training data needs it

    kind, types = array.type, pa.types
    yield _bytes(array.is_valid(), "u1")
    if types.is_struct(kind):
        for field in array.flatten():
            yield from _encoded(field)
    elif types.is_map(kind):
        maps = [entries or () for entries in array.to_pylist()]
        yield _lengths(maps)
        entry = pa.struct([("key", kind.key_type), ("value", kind.item_type)])
        yield from _encoded(pa.array([pair for entries in maps for pair in entries], entry))
    elif types.is_nested(kind):
        yield _bytes(array.value_lengths().fill_null(0), "<u4")
        yield from _encoded(array.flatten())
    else:
        yield from _values(array)


def _values(array: Any) -> Iterator[bytes]:
    import numpy as np  # noqa: PLC0415 - only training data needs it
    import pyarrow as pa  # noqa: PLC0415 - only training data needs it

    kind, types = array.type, pa.types
    if types.is_string(kind) or types.is_binary(kind):
        values = [value or b"" for value in array.cast(pa.large_binary()).to_pylist()]
        yield _lengths(values)
        yield b"".join(values)
    elif types.is_decimal(kind):
        for value in array.to_pylist():
            yield int((value or Decimal(0)).scaleb(kind.scale, _DIGITS)).to_bytes(16, "little", signed=True)
    elif types.is_boolean(kind):
        yield _bytes(array.fill_null(False), "u1")
    elif types.is_floating(kind):
        width = np.dtype("<f4" if kind.bit_width == 32 else "<f8")
        floats = array.fill_null(0.0).to_numpy(zero_copy_only=False).astype(width)
        # Every NaN is hashed as numpy's own, which is quiet, positive and without payload.
        floats[np.isnan(floats)] = np.nan
        yield floats.tobytes()
    elif kind.bit_width == 32:
        yield _bytes(array.cast(pa.int32()).fill_null(0), "<i4")
    else:
        yield _bytes(array.cast(pa.int64()).fill_null(0), "<i8")


def _lengths(values: Sequence[Any]) -> bytes:
    import numpy as np  # noqa: PLC0415 - only training data needs it

    return np.fromiter(map(len, values), np.dtype("<u4"), len(values)).tobytes()


def _bytes(array: Any, kind: str) -> bytes:
    content: bytes = array.to_numpy(zero_copy_only=False).astype(kind).tobytes()
    return content


def _kind(arrow: Any) -> str:
    kind = of_arrow(arrow)
    if arrow_of(parsed(kind)) != arrow:
        raise Invalid(f"a training file does not hold {arrow}", code="unknown-type")
    return kind
