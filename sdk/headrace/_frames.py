"""Frames of any library as slices of columns; nobody's frame is changed, and no more than a slice is held twice."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace._errors import Invalid
from headrace._values import plain

MOST_ROWS = 10_000
MOST_CELLS = 1_000_000
"""Of a slice: rows, and rows times columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Some rows of a frame: `first` is the index of the first one, columns are Arrow arrays or lists of objects.

    Every slice has all columns of the frame.
    """

    first: int
    count: int
    columns: Mapping[str, Any]


def kind_of(frame: Any) -> str:
    """pandas, polars, arrow or rows; raises Invalid for anything else."""
    module = type(frame).__module__.partition(".")[0]
    if module == "pandas" and hasattr(frame, "columns"):
        return "pandas"
    if module == "polars" and hasattr(frame, "lazy"):
        return "polars"
    if module == "pyarrow" and hasattr(frame, "schema"):
        return "arrow"
    if isinstance(frame, Sequence) and all(isinstance(row, Mapping) for row in frame):
        return "rows"
    raise Invalid(
        f"cannot read rows from a {type(frame).__name__}: give a pandas or polars DataFrame, an Arrow table, "
        "or a list of dicts",
        code="unknown-frame",
    )


def slices(frame: Any, size: int | None = None) -> Iterator[Slice]:
    """The frame in order, `size` rows at a time, or as many as are easily held; raises Invalid."""
    kind = kind_of(frame)
    total = len(frame) if kind != "arrow" else frame.num_rows
    names = list(dict.fromkeys(name for row in frame for name in row)) if kind == "rows" else _names(frame, kind)
    size = size or max(1, min(MOST_ROWS, MOST_CELLS // max(1, len(names))))
    for first in range(0, total, size):
        count = min(size, total - first)
        if kind == "rows":
            yield Slice(first=first, count=count, columns=_of_rows(names, frame[first : first + count]))
        else:
            taken = frame.iloc[first : first + count] if kind == "pandas" else frame.slice(first, count)
            yield Slice(first=first, count=count, columns={name: _column(taken, kind, name) for name in names})


def rows_in(frame: Any) -> int:
    """How many rows the frame has."""
    return int(frame.num_rows) if kind_of(frame) == "arrow" else len(frame)


def _names(frame: Any, kind: str) -> list[str]:
    names = list(frame.schema.names if kind == "arrow" else frame.columns)
    twice = sorted({str(name) for name, times in Counter(names).items() if times > 1})
    if twice:
        raise Invalid(f"the frame has two columns named {', '.join(twice)}", code="duplicate-column")
    odd = [name for name in names if not isinstance(name, str)]
    if odd:
        raise Invalid(f"column names are strings, not {odd[0]!r}", code="invalid-name")
    return names


def _of_rows(names: Sequence[Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {str(name): [plain(row.get(name)) for row in rows] for name in names}


def _column(frame: Any, kind: str, name: str) -> Any:
    if kind == "pandas":
        series = frame[name]
        if series.dtype == object:
            return [_no_nan(plain(value)) for value in series.tolist()]
        import pyarrow as pa  # noqa: PLC0415 - only frames need it

        try:
            return _null_for_nan(pa.array(series, from_pandas=True))
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            return [_no_nan(plain(value)) for value in series.tolist()]
    if kind == "polars":
        series = frame.get_column(name)
        if str(series.dtype) in {"Object", "Decimal"}:
            return [plain(value) for value in series.to_list()]
        return series.to_arrow()
    column = frame.column(name)
    return column.combine_chunks() if hasattr(column, "combine_chunks") else column


def _null_for_nan(array: Any) -> Any:
    """The Arrow array with null for NaN, which nullable dtypes of pandas may hold beside NA."""
    import pyarrow as pa  # noqa: PLC0415 - only frames need it
    import pyarrow.compute as pc  # noqa: PLC0415 - only frames need it

    if not pa.types.is_floating(array.type):
        return array
    nan = pc.is_nan(array)
    return pc.if_else(nan, pa.scalar(None, array.type), array) if pc.any(nan).as_py() else array


def _no_nan(value: Any) -> Any:
    """The value, or None for NaN, as which pandas writes a missing object too; so inside lists and dicts."""
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, list):
        return [_no_nan(one) for one in value]
    if isinstance(value, dict):
        return {name: _no_nan(one) for name, one in value.items()}
    return value
