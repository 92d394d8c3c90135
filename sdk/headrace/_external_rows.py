"""Rows of another database as features: checked and converted as rows that are inserted are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from headrace._columns import Feature, features_of
from headrace._errors import Failed, Invalid
from headrace._external_databases import Answer
from headrace._feature_types import FeatureType, parsed
from headrace._frames import Slice
from headrace._rows import checked

_SHOWN = 3
"""How many rows that do not fit an error names."""


class ExternalRows:
    """What makes Arrow batches of the features out of answers; rows need what `always` names."""

    def __init__(self, types: Mapping[str, str], always: Sequence[str]) -> None:
        import pyarrow as pa  # noqa: PLC0415 - only frames need it

        self._kinds = {name: parsed(kind) for name, kind in types.items()}
        self._types = types
        self._always = always
        self.schema = pa.schema([(name, arrow_type(kind)) for name, kind in self._kinds.items()])

    def batches(self, answer: Answer) -> Iterator[Any]:
        """Arrow record batches in the order of the answer, each with all features and nothing else.

        Raises:
            Failed: the query has no column for a feature, or values that do not fit; the message names rows (from 0).
        """
        import pyarrow as pa  # noqa: PLC0415 - only frames need it

        place = self._places(answer.names)
        for part in answer.parts:
            wrong: dict[int, str] = {}
            columns = {
                name: checked(_loosened(part.columns[place[name]], kind), kind, name, wrong)
                for name, kind in self._types.items()
            }
            for name in self._always:
                for row, value in enumerate(columns[name]):
                    if value is None:
                        wrong.setdefault(row, f"{name!r} is missing")
            if wrong:
                raise _refused(part, wrong)
            arrays = [
                pa.array([_python(kind, value) for value in columns[name]], self.schema.field(name).type)
                for name, kind in self._kinds.items()
            ]
            yield pa.record_batch(arrays, schema=self.schema)

    def _places(self, names: Sequence[str]) -> dict[str, str]:
        """Feature → the column of the answer that is it; capitals count where columns differ in nothing else."""
        folded = {name.lower(): name for name in names if [one.lower() for one in names].count(name.lower()) == 1}
        found = {name: name if name in names else folded.get(name, "") for name in self._types}
        if missing := [name for name, column in found.items() if not column]:
            raise Failed(
                f"the query gives no column {', '.join(missing)}; it gives {', '.join(names)}",
                code="external-columns-missing",
            )
        return found


def features_in(answer: Answer, times: Sequence[str]) -> list[Feature]:
    """The features of an answer, by its first rows; of `times` those that a database keeps as text are timestamps.

    Raises:
        Invalid: a column has no value there, a type of no feature, or decimals whose digits the database does not tell.
    """
    part = next(answer.parts, None)
    if part is None:
        raise Invalid("the query gives no rows to read types off: say features={name: type, …}", code="unknown-type")
    exact = [name for name, values in part.columns.items() if _has_decimals(values)]
    untold = {name: values for name, values in part.columns.items() if name not in exact}
    for name in exact:
        if name not in answer.types:
            raise Invalid(
                f"column {name!r} has decimals of unknown precision: say features={{name: type, …}}",
                code="unknown-type",
            )
    found = {one.name: one.type for one in features_of(_table(untold))} if untold else {}
    types = {name: answer.types[name] if name in exact else found[name] for name in part.columns}
    types |= {name: "timestamp" for name in times if types.get(name) == "string"}
    return [Feature(name.lower() if name.isupper() else name, kind) for name, kind in types.items()]


def _has_decimals(values: Any) -> bool:
    return isinstance(values, list) and any(isinstance(value, Decimal) for value in values)


def _table(columns: Mapping[str, Any]) -> Any:
    values = list(columns.values())
    if not isinstance(values[0], list):
        import pyarrow as pa  # noqa: PLC0415 - only frames need it

        return pa.table(dict(columns))
    plain = [[str(one) if isinstance(one, UUID) else one for one in column] for column in values]
    return [dict(zip(columns, row, strict=True)) for row in zip(*plain, strict=True)]


def arrow_type(kind: FeatureType) -> Any:
    """The Arrow type of a feature's values, as reading any feature group gives it."""
    import pyarrow as pa  # noqa: PLC0415 - only frames need it

    flat = {
        "boolean": pa.bool_(),
        "int": pa.int32(),
        "bigint": pa.int64(),
        "float": pa.float32(),
        "double": pa.float64(),
        "string": pa.string(),
        "binary": pa.binary(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us", tz="UTC"),
    }
    match kind.name:
        case "decimal":
            return pa.decimal128(*kind.numbers)
        case "embedding":
            return pa.list_(pa.float32())
        case "array":
            return pa.list_(arrow_type(kind.inner[0]))
        case "map":
            return pa.map_(pa.string(), arrow_type(kind.inner[0]))
        case "struct":
            named = zip(kind.names, kind.inner, strict=True)
            return pa.struct([pa.field(name, arrow_type(one)) for name, one in named])
        case name:
            return flat[name]


def _python(kind: FeatureType, value: Any) -> Any:
    """What the log would hold, as Arrow takes it."""
    if value is None:
        return None
    match kind.name:
        case "decimal":
            return Decimal(int.from_bytes(value, signed=True)).scaleb(-kind.numbers[1])
        case "array":
            return [_python(kind.inner[0], one) for one in value]
        case "map":
            return [(name, _python(kind.inner[0], one)) for name, one in value.items()]
        case "struct":
            return {name: _python(one, value[name]) for name, one in zip(kind.names, kind.inner, strict=True)}
        case _:
            return value


def _refused(part: Slice, wrong: Mapping[int, str]) -> Failed:
    shown = "; ".join(f"row {part.first + row}: {wrong[row]}" for row in sorted(wrong)[:_SHOWN])
    more = f" and {len(wrong) - _SHOWN} rows more" if len(wrong) > _SHOWN else ""
    return Failed(f"rows of the query do not fit the features: {shown}{more}", code="external-rows-do-not-fit")


def _loosened(values: Any, kind: str) -> Any:
    """Values as that type, of databases that lack it: SQLite has times and decimals as text, booleans as 0 and 1."""
    loosen = _LOOSE.get(kind.partition("(")[0])
    if loosen is None or not isinstance(values, list):
        return values
    return [loosen(value) for value in values]


def _boolean(value: Any) -> Any:
    return bool(value) if type(value) is int and value in {0, 1} else value


def _moment(value: Any) -> Any:
    return _parsed(datetime.fromisoformat, value)


def _day(value: Any) -> Any:
    return _parsed(date.fromisoformat, value)


def _exact(value: Any) -> Any:
    return _parsed(Decimal, str(value) if isinstance(value, float) else value)


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def _parsed(parse: Callable[[str], Any], value: Any) -> Any:
    """The text read, or as it is where it cannot be; then the column refuses it."""
    try:
        return parse(value) if isinstance(value, str) else value
    except (ValueError, InvalidOperation):
        return value


_LOOSE: Mapping[str, Callable[[Any], Any]] = {
    "boolean": _boolean,
    "timestamp": _moment,
    "date": _day,
    "decimal": _exact,
    "float": _number,
    "double": _number,
    "string": _text,
}
