"""From the text of a schema to its canonical form: names resolved, attributes in order, nothing left unchecked.

Source: Avro 1.12 specification, "Schema Declaration", "Names" and "Parsing Canonical Form"; unlike that form, ours
keeps every attribute (documentation, defaults, logical types, whatever else was written), for readers may use them.
"""

import json
import re
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headrace_schemas.avro.limits import MOST_BYTES, MOST_DEPTH, MOST_TYPES, invalid

PRIMITIVE = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
NAMED = frozenset({"record", "error", "enum", "fixed"})

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FULL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_ORDERS = frozenset({"ascending", "descending", "ignore"})

Definitions = Mapping[str, Mapping[str, Any]]
"""Full name → canonical definition."""


def parsed_json(text: str) -> Any:
    """The text as JSON; raises Invalid."""
    if len(text.encode(errors="replace")) > MOST_BYTES:
        raise invalid(f"its text is larger than {MOST_BYTES} bytes")
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise invalid(f"types are nested deeper than {MOST_DEPTH}") from None
    except ValueError as error:
        raise invalid(f"it is not JSON: {error}") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


@dataclass(slots=True)
class Reader:
    """Reads one schema; `known` are the types it may refer to, and `defined` those it defines itself."""

    known: Definitions = field(default_factory=dict)
    defined: dict[str, dict[str, Any]] = field(default_factory=dict)
    types: int = 0

    def read(self, schema: Any, space: str = "", depth: int = 0) -> Any:
        """The canonical form of a schema met in that namespace; raises Invalid."""
        self.types += 1
        if depth > MOST_DEPTH:
            raise invalid(f"types are nested deeper than {MOST_DEPTH}")
        if self.types > MOST_TYPES:
            raise invalid(f"it has more than {MOST_TYPES} types")
        if isinstance(schema, str):
            return self._name(schema, space)
        if isinstance(schema, list):
            return self._union(schema, space, depth)
        if not isinstance(schema, dict):
            raise invalid(f"{shortened(schema)} is no type")
        kind = schema.get("type")
        if isinstance(kind, dict | list):
            return self.read(kind, space, depth + 1)
        if not isinstance(kind, str):
            raise invalid(f"{shortened(schema)} has no type")
        if kind in NAMED:
            return self._definition(schema, kind, space, depth)
        if kind in {"array", "map"}:
            part = "items" if kind == "array" else "values"
            if part not in schema:
                raise invalid(f"{kind} without {part}")
            return {**_others(schema, part), part: self.read(schema[part], space, depth + 1)}
        plain = self._name(kind, space)
        others = _others(schema, "namespace")
        return plain if len(others) == 1 or plain not in PRIMITIVE else {**others, "type": plain}

    def _name(self, name: str, space: str) -> str:
        if name in PRIMITIVE:
            return name
        if not _FULL.fullmatch(name):
            raise invalid(f"{shortened(name)} names no type")
        for full in (name,) if "." in name or not space else (f"{space}.{name}", name):
            if full in self.defined or full in self.known:
                return full
        raise invalid(f"{name!r} is not defined, neither here nor in a reference")

    def _union(self, branches: list[Any], space: str, depth: int) -> list[Any]:
        read = [self.read(branch, space, depth + 1) for branch in branches]
        seen: set[str] = set()
        for branch in read:
            if isinstance(branch, list):
                raise invalid("a union within a union")
            kind = branch if isinstance(branch, str) else branch.get("name", branch["type"])
            if kind in seen:
                raise invalid(f"a union has {kind} twice")
            seen.add(kind)
        return read

    def _definition(self, schema: dict[str, Any], kind: str, space: str, depth: int) -> dict[str, Any]:
        name = _full_name(schema.get("name"), schema.get("namespace", space))
        if name in self.defined or name in self.known:
            raise invalid(f"{name!r} is defined twice")
        space = name.rpartition(".")[0]
        made = {**_others(schema, "namespace", "name", "aliases"), "name": name}
        self.defined[name] = made
        if "aliases" in schema:
            made["aliases"] = [_full_name(alias, space) for alias in _texts(schema["aliases"], "aliases")]
        if kind == "enum":
            _enum(made)
        elif kind == "fixed":
            size = made.get("size")
            if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size < 2**31:
                raise invalid(f"fixed {name} has no size")
        else:
            fields = schema.get("fields")
            if not isinstance(fields, list):
                raise invalid(f"record {name} has no list of fields")
            made["fields"] = [self._field(one, space, depth) for one in fields]
            names = [one["name"] for one in made["fields"]]
            if len(set(names)) != len(names):
                raise invalid(f"record {name} names a field twice")
        return made

    def _field(self, one: Any, space: str, depth: int) -> dict[str, Any]:
        if not isinstance(one, dict) or "type" not in one:
            raise invalid(f"{shortened(one)} is no field")
        name = one.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise invalid(f"{shortened(name)} cannot name a field")
        if "aliases" in one:
            _texts(one["aliases"], f"aliases of field {name}")
        if "order" in one and one["order"] not in _ORDERS:
            raise invalid(f"field {name} is ordered {shortened(one['order'])}")
        return {**one, "type": self.read(one["type"], space, depth + 1)}


def _enum(made: dict[str, Any]) -> None:
    symbols = _texts(made.get("symbols"), "symbols")
    if not all(_NAME.fullmatch(symbol) for symbol in symbols) or len(set(symbols)) != len(symbols):
        raise invalid(f"the symbols of enum {made['name']} are not names, each once")
    if "default" in made and made["default"] not in symbols:
        raise invalid(f"the default of enum {made['name']} is not among its symbols")


def _full_name(name: Any, space: Any) -> str:
    if not isinstance(name, str) or not isinstance(space, str):
        raise invalid(f"{shortened(name)} in {shortened(space)} names no type")
    full = f"{space}.{name}" if space and "." not in name else name
    if not _FULL.fullmatch(full) or full in PRIMITIVE:
        raise invalid(f"{shortened(full)} cannot name a type")
    return full


def _texts(value: Any, what: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid(f"{what} are no list of texts")
    return value


def _others(schema: Mapping[str, Any], *without: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name not in without}


def shortened(value: Any) -> str:
    """The value as an error shows it; a large one is not written out for that."""
    return reprlib.repr(value)[:80]
