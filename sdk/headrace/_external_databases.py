"""Queries on other databases: opened for reading alone, asked once, read in parts.

DuckDB and SQLite files are opened by their own clients, everything else by SQLAlchemy.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from headrace._errors import Failed, HeadraceError, Invalid
from headrace._frames import Slice
from headrace._storage_connectors import Opening

PART_ROWS = 10_000
_FILES = {"duckdb": "duckdb", "sqlite": "sqlite", "sqlite+pysqlite": "sqlite"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a query gives: the names of its columns, their feature types where the database tells, and the rows."""

    names: tuple[str, ...]
    parts: Iterator[Slice]
    types: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Which rows of an answer are wanted: those whose `columns` have the values of one of the `keys`."""

    columns: Sequence[str]
    keys: Sequence[Sequence[Any]]

    @property
    def values(self) -> list[Any]:
        """What stands in the places of the condition."""
        return [value for key in self.keys for value in key]

    def condition(self, quoted: Callable[[str], str], place: Callable[[int], str]) -> str:
        """SQL with a place for each of the values, counted from 0."""
        numbers = count()
        each = (" AND ".join(f"{quoted(name)} = {place(next(numbers))}" for name in self.columns) for _ in self.keys)
        return f" WHERE {' OR '.join(f'({one})' for one in each)}"


@contextmanager
def answered(opening: Opening, query: str, lookup: Lookup | None = None) -> Iterator[Answer]:
    """The answer to one SELECT, or the rows of it that are looked up; it is read while the database is open.

    Raises:
        Invalid: no driver for such a URL is installed.
        Failed: the database cannot be opened, or refuses the query; the message is the database's, without secrets.
    """
    dialect, _, place = opening.url.partition("://")
    # As a part of another query it can be neither two statements nor one that changes rows.
    whole = f"SELECT * FROM (\n{query}\n) AS external_rows"
    marked = whole if lookup is None else whole + lookup.condition(_in_quotes, lambda _: "?")
    values = [] if lookup is None else lookup.values
    try:
        match _FILES.get(dialect):
            case "duckdb":
                with _duckdb(_path(place), opening, marked, values) as answer:
                    yield answer
            case "sqlite":
                with _sqlite(_path(place), marked, values) as answer:
                    yield answer
            case _:
                with _sqlalchemy(opening, whole, lookup) as answer:
                    yield answer
    except HeadraceError:
        raise
    except Exception as error:
        if not _of_database(error):
            raise
        raise Failed(f"the external database says: {_without(opening, error)}", code="external-query-failed") from None


def _path(place: str) -> Path:
    """The file that a URL names: `/sales.db` is relative, `//srv/sales.db` is not; raises Failed where it is none."""
    path = Path(unquote(place.partition("?")[0].removeprefix("/")))
    if not path.is_file():
        raise Failed(
            f"there is no file {str(path)!r} here: a database in a file is read where your program runs",
            code="external-database-missing",
        )
    return path


@contextmanager
def _duckdb(path: Path, opening: Opening, query: str, values: Sequence[Any]) -> Iterator[Answer]:
    duckdb = _installed("duckdb")
    config = {"enable_external_access": "false", **opening.secret}
    # A reader that is left open keeps the file open, and whoever opens it next waits for ever.
    with (
        closing(duckdb.connect(str(path), read_only=True, config=config)) as database,
        closing(database.sql(query, params=list(values)).to_arrow_reader(PART_ROWS)) as reader,
    ):
        names = tuple(reader.schema.names)
        yield Answer(names=names, parts=_batches(reader, names))


def _batches(reader: Any, names: tuple[str, ...]) -> Iterator[Slice]:
    first = 0
    for batch in reader:
        yield Slice(first=first, count=batch.num_rows, columns=dict(zip(names, batch.columns, strict=True)))
        first += batch.num_rows


@contextmanager
def _sqlite(path: Path, query: str, values: Sequence[Any]) -> Iterator[Answer]:
    with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)) as database:
        cursor = database.execute(query, [_as_text(value) for value in values])
        names = _names(cursor.description)
        yield Answer(names=names, parts=_parts(cursor, names))


@contextmanager
def _sqlalchemy(opening: Opening, query: str, lookup: Lookup | None) -> Iterator[Answer]:
    sqlalchemy = _installed("sqlalchemy")
    try:
        engine = sqlalchemy.create_engine(_url(opening), poolclass=sqlalchemy.pool.NullPool)
    except sqlalchemy.exc.ArgumentError as error:  # its text may say the whole URL again
        kind = "no dialect" if isinstance(error, sqlalchemy.exc.NoSuchModuleError) else "nothing"
        raise Invalid(
            f"SQLAlchemy has {kind} for {opening.url!r}: install its dialect", code="driver-missing"
        ) from None
    except ModuleNotFoundError as error:
        raise Invalid(f"{opening.url!r} takes the driver {error.name!r}: install it", code="driver-missing") from None
    options: dict[str, Any] = {"stream_results": True, "max_row_buffer": PART_ROWS}
    options |= {"no_parameters": True} if lookup is None else {}
    if engine.dialect.name == "postgresql":
        options["postgresql_readonly"] = True
    with engine.connect() as connection:
        if engine.dialect.name in {"mysql", "mariadb"}:
            connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
            connection.commit()
        reading = connection.execution_options(**options)
        with closing(
            reading.exec_driver_sql(query)
            if lookup is None
            else reading.execute(_bound(query, lookup, engine.dialect.identifier_preparer.quote))
        ) as result:
            description = result.cursor.description
            # Once its last rows are in memory the result has no cursor any more.
            names = _names(description)
            yield Answer(names=names, parts=_parts(result, names), types=_decimals(description))


def _bound(query: str, lookup: Lookup, quoted: Callable[[str], str]) -> Any:
    """The lookup for SQLAlchemy. No colon of the query is a place, and no value is cast: its column says its type."""
    sqlalchemy = _installed("sqlalchemy")
    text = query.replace(":", r"\:") + lookup.condition(quoted, lambda number: f":key_{number}")
    untyped = sqlalchemy.types.NullType()
    places = (sqlalchemy.bindparam(f"key_{number}", one, untyped) for number, one in enumerate(lookup.values))
    return sqlalchemy.text(text).bindparams(*places)


def _in_quotes(name: str) -> str:
    return f'"{name}"'


def _as_text(value: Any) -> Any:
    """What SQLite keeps of a value: it has no type for dates; of times nobody knows how they are written."""
    if isinstance(value, datetime):
        raise Invalid(
            "SQLite keeps times as text, in whatever form: rows are not looked up by them", code="external-key-type"
        )
    return value.isoformat() if isinstance(value, date) else value


def _url(opening: Opening) -> Any:
    """The whole URL, for SQLAlchemy alone: its own text hides the password, but no other setting."""
    sqlalchemy = _installed("sqlalchemy")
    url = sqlalchemy.engine.make_url(opening.url)
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    secret = dict(opening.secret)
    if "password" in secret:
        url = url.set(password=secret.pop("password"))
    return url.update_query_dict(secret) if secret else url


def _parts(cursor: Any, names: Sequence[str]) -> Iterator[Slice]:
    for first in count(0, PART_ROWS):
        rows = cursor.fetchmany(PART_ROWS)
        if not rows:
            return
        columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
        yield Slice(first=first, count=len(rows), columns=columns)


def _names(description: Sequence[Sequence[Any]]) -> tuple[str, ...]:
    return tuple(str(column[0]) for column in description)


def _decimals(description: Sequence[Sequence[Any]]) -> dict[str, str]:
    """The columns whose precision and scale the driver tells (the 5th and 6th item of PEP 249's description)."""
    return {
        str(column[0]): f"decimal({column[4]},{column[5]})"
        for column in description
        if column[4] is not None and column[5] is not None
    }


def _installed(name: str) -> Any:
    import importlib  # noqa: PLC0415 - only external databases need it

    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError:
        raise Invalid(f"install headrace[sql]: {name} reads this database", code="driver-missing") from None
    if name == "sqlalchemy":
        importlib.import_module("sqlalchemy.pool")
    return module


def _of_database(error: Exception) -> bool:
    """Whether a database's client raised it; each has an exception of its own, as PEP 249 asks, named Error."""
    return any(
        kind.__name__ in {"Error", "SQLAlchemyError"} and kind.__module__ != "builtins" for kind in type(error).__mro__
    )


def _without(opening: Opening, error: Exception) -> str:
    """The first words of the error, with no secret in them."""
    original = getattr(error, "orig", None) or error
    text = " ".join(str(original).split())
    for secret in sorted(opening.secret.values(), key=len, reverse=True):
        if secret:
            text = text.replace(secret, "***").replace(quote(secret, safe=""), "***")
    return text[:1_000]
