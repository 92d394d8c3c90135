"""Between values and plain records: one closure per class, made once from its type hints.

Known types: str and its NewTypes, StrEnum, int, float, bool, bytes, X | None, tuple[X, ...], Mapping[str, X], and
dataclasses of these.
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, NewType, Union, get_args, get_origin

Convert = Callable[[Any], Any]


def fields_of(cls: Any) -> dict[str, Any]:
    """The fields of a dataclass with their resolved types, in order."""
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


def to_record(value: Any) -> dict[str, Any]:
    """The value as nested dicts and lists of plain values."""
    cls: Any = type(value)
    record: dict[str, Any] = _writer(cls)(value)
    return record


def from_record(cls: type[Any], record: Mapping[str, Any]) -> Any:
    """The record as a value of that class; missing fields take the class's defaults. Raises TypeError, ValueError."""
    hint: Any = cls
    return _reader(hint)(record)


def plain(hint: Any) -> Any:
    """The type behind a NewType."""
    return hint.__supertype__ if isinstance(hint, NewType) else hint


def optional(hint: Any) -> Any | None:
    """X of `X | None`, else None."""
    if get_origin(hint) in {Union, types.UnionType}:
        (inner,) = [arg for arg in get_args(hint) if arg is not type(None)]
        return inner
    return None


@cache
def _writer(hint: Any) -> Convert:
    hint = plain(hint)
    inner = optional(hint)
    if inner is not None:
        write = _writer(inner)
        return lambda value: None if value is None else write(value)
    origin = get_origin(hint)
    if origin is tuple:
        write = _writer(get_args(hint)[0])
        return lambda value: [write(item) for item in value]
    if origin is not None and issubclass(origin, Mapping):
        write = _writer(get_args(hint)[1])
        return lambda value: {key: write(item) for key, item in value.items()}
    if dataclasses.is_dataclass(hint):
        writers = [(name, _writer(field)) for name, field in fields_of(hint).items()]
        return lambda value: {name: write(getattr(value, name)) for name, write in writers}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return lambda value: value.value
    if hint is float:
        return float
    return lambda value: value


@cache
def _reader(hint: Any) -> Convert:
    hint = plain(hint)
    inner = optional(hint)
    if inner is not None:
        read = _reader(inner)
        return lambda value: None if value is None else read(value)
    origin = get_origin(hint)
    if origin is tuple:
        read = _reader(get_args(hint)[0])
        return lambda value: tuple([read(item) for item in value])
    if origin is not None and issubclass(origin, Mapping):
        read = _reader(get_args(hint)[1])
        return lambda value: {key: read(item) for key, item in value.items()}
    if dataclasses.is_dataclass(hint):
        cls = typing.cast(Any, hint)
        readers = [(name, _reader(field)) for name, field in fields_of(cls).items()]
        return lambda record: cls(**{name: read(record[name]) for name, read in readers if name in record})
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    if hint is float:
        return float
    if hint is bytes:  # as text, in Avro's JSON encoding: one character for each byte
        return lambda value: value.encode("latin-1") if isinstance(value, str) else value
    return lambda value: value
