"""The types of features: flat ones, and decimals, embeddings, arrays, maps and structs of any of them.

    type := boolean | int | bigint | float | double | string | binary | date | timestamp
          | decimal(precision,scale)          at most 38 digits, `scale` of them after the point
          | embedding(size)                   so many floats, none of them null
          | array<type> | map<string,type>    items and values may be null
          | struct<name:type,…>               fields may be null

Spaces and capitals do not count; `canonical` says how a type is written in events.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from headrace_events.errors import Invalid
from headrace_events.language import value

FLAT: Mapping[str, Any] = {
    "boolean": "boolean",
    "int": "int",
    "bigint": "long",
    "float": "float",
    "double": "double",
    "string": "string",
    "binary": "bytes",
    "date": {"type": "int", "logicalType": "date"},
    "timestamp": {"type": "long", "logicalType": "timestamp-micros"},
}
"""Flat type → Avro type."""

MOST_DEPTH = 8
MOST_FIELDS = 1_000
MOST_DIGITS = 38
LARGEST_EMBEDDING = 16_384
LONGEST_TYPE = 10_000

_WORD = re.compile(r"[a-z]+")
_NUMBER = re.compile(r"[0-9]{1,5}")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,62}")


@value
class Flat:
    """A flat type."""

    name: str

    def __str__(self) -> str:
        return self.name


@value
class Decimal:
    """A number of so many decimal digits, `scale` of them after the point."""

    precision: int
    scale: int

    def __str__(self) -> str:
        return f"decimal({self.precision},{self.scale})"


@value
class Embedding:
    """A vector of so many floats."""

    size: int

    def __str__(self) -> str:
        return f"embedding({self.size})"


@value
class Array:
    """A list."""

    item: "FeatureType"

    def __str__(self) -> str:
        return f"array<{self.item}>"


@value
class Map:
    """Values by strings."""

    item: "FeatureType"

    def __str__(self) -> str:
        return f"map<string,{self.item}>"


@value
class Struct:
    """Named fields in their order."""

    fields: tuple[tuple[str, "FeatureType"], ...]

    def __str__(self) -> str:
        return f"struct<{','.join(f'{name}:{kind}' for name, kind in self.fields)}>"


FeatureType = Flat | Decimal | Embedding | Array | Map | Struct


@lru_cache(maxsize=4096)
def parsed(text: str) -> FeatureType:
    """The type; raises Invalid."""
    if len(text) > LONGEST_TYPE:
        raise _unknown(text, f"it has more than {LONGEST_TYPE} characters")
    reading = _Reading("".join(text.lower().split()))
    found = reading.type(0)
    reading.end()
    return found


def canonical(text: str) -> str:
    """The type as events have it; raises Invalid."""
    return text if text in FLAT else str(parsed(text))


def in_avro(kind: FeatureType, path: str) -> Any:
    """The Avro type; `path` (the column, then what leads into it) keeps the names of structs apart."""
    match kind:
        case Flat():
            return FLAT[kind.name]
        case Decimal():
            return {"type": "bytes", "logicalType": "decimal", "precision": kind.precision, "scale": kind.scale}
        case Embedding():
            return {"type": "array", "items": "float", "logicalType": "embedding", "dimension": kind.size}
        case Array():
            return {"type": "array", "items": ["null", in_avro(kind.item, f"{path}.Items")]}
        case Map():
            return {"type": "map", "values": ["null", in_avro(kind.item, f"{path}.Values")]}
        case Struct():
            fields = [
                {"name": name, "type": ["null", in_avro(inner, f"{path}.{name}")], "default": None}
                for name, inner in kind.fields
            ]
            return {"type": "record", "name": "Struct", "namespace": path, "fields": fields}


_LOGICAL = {("int", "date"): "date", ("long", "timestamp-micros"): "timestamp"}
_PLAIN = {"long": "bigint", "bytes": "binary", **{name: name for name in FLAT if FLAT[name] == name}}


def of_avro(avro: Any) -> FeatureType:
    """The type whose values are written so; raises ValueError where there is none."""
    form = avro if isinstance(avro, dict) else {"type": avro}
    name, logical = form.get("type"), form.get("logicalType")
    match name, logical:
        case "bytes", "decimal":
            return parsed(f"decimal({form.get('precision')},{form.get('scale', 0)})")
        case "array", "embedding" if form.get("items") == "float":
            return parsed(f"embedding({form.get('dimension')})")
        case "array", _:
            return Array(item=_nullable(form.get("items")))
        case "map", _:
            return Map(item=_nullable(form.get("values")))
        case "record", _:
            return Struct(fields=tuple((field["name"], _nullable(field["type"])) for field in form["fields"]))
        case str(), _ if (flat := _LOGICAL.get((name, str(logical))) or _PLAIN.get(name)) is not None:
            return Flat(name=flat)
    raise ValueError("it is a type that rows cannot have")


def _nullable(avro: Any) -> FeatureType:
    if not isinstance(avro, list) or len(avro) != 2 or avro[0] != "null":
        raise ValueError("what is inside a type is null or one type, in this order")
    return of_avro(avro[1])


class _Reading:
    """A type's text, and how far it was read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def type(self, depth: int) -> FeatureType:
        if depth > MOST_DEPTH:
            raise _unknown(self._text, f"types are nested deeper than {MOST_DEPTH}")
        word = self._take(_WORD, "a type")
        if word in FLAT:
            return Flat(name=word)
        read = _NESTED.get(word)
        if read is None:
            raise _unknown(self._text, f"{word!r} is none of {', '.join((*FLAT, *_NESTED))}")
        return read(self, depth + 1)

    def decimal(self, _: int) -> FeatureType:
        self._expect("(")
        precision = self._number(1, MOST_DIGITS)
        self._expect(",")
        scale = self._number(0, precision)
        self._expect(")")
        return Decimal(precision=precision, scale=scale)

    def embedding(self, _: int) -> FeatureType:
        self._expect("(")
        size = self._number(1, LARGEST_EMBEDDING)
        self._expect(")")
        return Embedding(size=size)

    def array(self, depth: int) -> FeatureType:
        self._expect("<")
        item = self.type(depth)
        self._expect(">")
        return Array(item=item)

    def map(self, depth: int) -> FeatureType:
        self._expect("<string,")
        item = self.type(depth)
        self._expect(">")
        return Map(item=item)

    def struct(self, depth: int) -> FeatureType:
        self._expect("<")
        fields: dict[str, FeatureType] = {}
        while True:
            name = self._take(_FIELD, "a field's name")
            if name in fields:
                raise _unknown(self._text, f"field {name!r} is named twice")
            self._expect(":")
            fields[name] = self.type(depth)
            if len(fields) > MOST_FIELDS:
                raise _unknown(self._text, f"a struct has at most {MOST_FIELDS} fields")
            if not self._text.startswith(",", self._at):
                break
            self._at += 1
        self._expect(">")
        return Struct(fields=tuple(fields.items()))

    def end(self) -> None:
        if self._at != len(self._text):
            raise _unknown(self._text, f"{self._text[self._at :][:20]!r} follows the type")

    def _take(self, pattern: re.Pattern[str], what: str) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise _unknown(self._text, f"{what} is due at {self._text[self._at :][:20]!r}")
        self._at = found.end()
        return found.group()

    def _number(self, least: int, most: int) -> int:
        number = int(self._take(_NUMBER, "a number"))
        if not least <= number <= most:
            raise _unknown(self._text, f"{number} is not from {least} to {most}")
        return number

    def _expect(self, text: str) -> None:
        if not self._text.startswith(text, self._at):
            raise _unknown(self._text, f"{text!r} is due at {self._text[self._at :][:20]!r}")
        self._at += len(text)


_NESTED: Mapping[str, Callable[[_Reading, int], FeatureType]] = {
    "decimal": _Reading.decimal,
    "embedding": _Reading.embedding,
    "array": _Reading.array,
    "map": _Reading.map,
    "struct": _Reading.struct,
}


def _unknown(text: str, why: str) -> Invalid:
    return Invalid("unknown-type", f"{text[:80]!r} is no type of a feature: {why}", {"type": text[:80]})
