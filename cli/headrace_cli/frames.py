"""Rows in files and on the screen, as Arrow tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.feather as pf
import pyarrow.json as pj
import pyarrow.parquet as pq
import typer

import headrace
from headrace_cli.telling import tell, tell_rows

SHOWN = 20
"""Rows on the screen where nobody says how many."""

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_TEXTS = {
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.string(),
}
"""How the columns of text files are read, where the type says so; others as they look. Times have zones or none."""


def read_file(path: Path, features: Sequence[headrace.Feature]) -> pa.Table:
    """The rows of a parquet, arrow, csv, tsv or jsonl file, read as these features.

    In a csv an empty cell is null, in a time without a zone UTC is meant. Raises Invalid.
    """
    types = {one.name: _TEXTS[one.type] for one in features if one.type in _TEXTS}
    try:
        match path.suffix:
            case ".parquet":
                return pq.read_table(path)
            case ".arrow" | ".feather":
                return pf.read_table(path)
            case ".csv" | ".tsv" as suffix:
                options = pc.ConvertOptions(
                    column_types=types, strings_can_be_null=True, quoted_strings_can_be_null=False
                )
                delimited = pc.ParseOptions(delimiter=_DELIMITERS[suffix])
                return _with_times(pc.read_csv(path, parse_options=delimited, convert_options=options), features)
            case ".jsonl":
                # Arrow reads no dates out of JSON; as texts they are what inserts take, too.
                schema = pa.schema([(name, kind) for name, kind in types.items() if kind != pa.date32()])
                return _with_times(pj.read_json(path, parse_options=pj.ParseOptions(explicit_schema=schema)), features)
    except FileNotFoundError as error:
        raise headrace.Invalid(f"there is no file {path}", code="no-such-file") from error
    except (pa.ArrowException, OSError, ValueError) as error:
        raise headrace.Invalid(f"{path} cannot be read: {error}", code="unreadable-file") from error
    raise _unknown(path)


def _with_times(table: pa.Table, features: Sequence[headrace.Feature]) -> pa.Table:
    """The table with its times read; raises ValueError."""
    for place, name in enumerate(table.column_names):
        if any(one.name == name and one.type == "timestamp" for one in features):
            times = [None if text is None else _time(text) for text in table.column(place).to_pylist()]
            table = table.set_column(place, name, pa.array(times, pa.timestamp("us", tz="UTC")))
    return table


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def write_file(table: pa.Table, path: Path) -> None:
    """Write a parquet, arrow, csv, tsv or jsonl file, whole or not at all; raises Invalid."""
    part = path.with_name(f".{path.name}.part")
    try:
        match path.suffix:
            case ".parquet":
                pq.write_table(table, part)
            case ".arrow" | ".feather":
                pf.write_feather(table, part, compression="uncompressed")
            case ".csv" | ".tsv" as suffix:
                pc.write_csv(table, part, pc.WriteOptions(delimiter=_DELIMITERS[suffix]))
            case ".jsonl":
                part.write_text("".join(f"{_json(row)}\n" for row in table.to_pylist()), encoding="utf-8")
            case _:
                raise _unknown(path)
        part.replace(path)
    except (pa.ArrowException, OSError) as error:
        raise headrace.Invalid(f"{path} cannot be written: {error}", code="unwritable-file") from error
    finally:
        part.unlink(missing_ok=True)


def deliver(as_json: bool, table: pa.Table, output: Path | None, limit: int | None) -> None:
    """Write the rows to a file, or show the first ones, and how many there are beyond those. Raises Invalid."""
    if output is not None:
        written = table if limit is None else table.slice(0, limit)
        write_file(written, output)
        tell(as_json, {"file": str(output), "rows": written.num_rows}, f"{written.num_rows:,} rows in {output}")
        return
    most = limit if limit is not None else (table.num_rows if as_json else SHOWN)
    tell_rows(as_json, table.slice(0, most).to_pylist(), tuple(table.column_names))
    if not as_json and table.num_rows > most:
        typer.echo(f"and {table.num_rows - most:,} more rows: --output FILE takes them all", err=True)


def key_of(given: Sequence[str], features: Sequence[headrace.Feature]) -> dict[str, Any]:
    """A key given as `name=value` words, each value as its feature's type; raises Invalid."""
    types = {one.name: one.type for one in features}
    return {name: _value(name, text, types) for name, text in pairs(given).items()}


def pairs(given: Sequence[str]) -> dict[str, str]:
    """What was given as `name=value` words; raises Invalid."""
    found = [word.partition("=") for word in given]
    if wrong := [word for word, (_, sign, _) in zip(given, found, strict=True) if not sign]:
        raise headrace.Invalid(f"{wrong[0]!r} is not of the form name=value", code="invalid-pair")
    return {name: value for name, _, value in found}


def _value(name: str, text: str, types: Mapping[str, str]) -> Any:
    if name not in types:
        raise headrace.Invalid(f"there is no column {name!r}, but {', '.join(types)}", code="unknown-column")
    if types[name] in {"string", "date", "timestamp", "binary"} or types[name].startswith("decimal"):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise headrace.Invalid(f"{name}={text}: {text!r} is no {types[name]}", code="invalid-value") from error


def _json(row: Mapping[str, Any]) -> str:
    return json.dumps(row, default=str)


def _unknown(path: Path) -> headrace.Invalid:
    return headrace.Invalid(
        f"{path.name!r} is no .parquet, .arrow, .csv, .tsv or .jsonl file: its name says how it is written",
        code="unknown-file-format",
    )
