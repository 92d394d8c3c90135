"""Defaults of fields: each must be a value of its type, and stand for a bounded number of values.

A default that leaves fields out stands also for their defaults. So a record may ask for itself without end, or for two
of itself at each of many levels; readers that fill defaults in would never come back.

Source: Avro 1.12 specification, "Complex Types", "Records": the table of default values.
"""

from collections.abc import Mapping
from typing import Any

from headrace_events.errors import Invalid
from headrace_schemas.avro.limits import MOST_DEFAULT_STEPS, MOST_DEFAULTS, invalid
from headrace_schemas.avro.reading import Definitions, shortened

_WHOLE = {"int": 31, "long": 63}


class Defaults:
    """Checks the defaults of all records among `definitions`."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._sizes: dict[tuple[str, str], int] = {}
        self._open: set[tuple[str, str]] = set()
        self._symbols: dict[str, frozenset[str]] = {}
        self._steps = 0

    def check(self, name: str) -> None:
        """Raise Invalid where a field of the definition of that name has a default that is none."""
        for one in self._definitions[name].get("fields", ()):
            if "default" in one:
                self._field(name, one)

    def _field(self, record: str, one: Mapping[str, Any]) -> int:
        """How many values the field's default stands for."""
        place = (record, one["name"])
        if place in self._sizes:
            return self._sizes[place]
        if place in self._open:
            raise invalid(f"the default of {record}.{one['name']} asks for itself without end")
        self._open.add(place)
        try:
            size = self._sizes[place] = self._value(one["default"], one["type"], f"{record}.{one['name']}")
        finally:
            self._open.discard(place)
        if size > MOST_DEFAULTS:
            raise invalid(f"the default of {record}.{one['name']} stands for more than {MOST_DEFAULTS} values")
        return size

    def _value(self, value: Any, schema: Any, where: str) -> int:
        self._steps += 1
        if self._steps > MOST_DEFAULT_STEPS:
            raise invalid(f"the default of {where} takes more than {MOST_DEFAULT_STEPS} steps to check")
        if isinstance(schema, list):
            return self._union(value, schema, where)
        if isinstance(schema, str) and schema in self._definitions:
            schema = self._definitions[schema]
        kind = schema if isinstance(schema, str) else schema["type"]
        if kind in {"record", "error"} and isinstance(value, dict):
            return self._record(value, schema, where)
        if kind == "array" and isinstance(value, list):
            return 1 + sum(self._value(item, schema["items"], where) for item in value)
        if kind == "map" and isinstance(value, dict):
            return 1 + sum(self._value(item, schema["values"], where) for item in value.values())
        fits = self._among(value, schema) if kind == "enum" else _plain(value, kind, schema)
        if not fits:
            raise invalid(f"the default of {where} is {shortened(value)}, which is no {kind}")
        return 1

    def _among(self, value: Any, enum: Mapping[str, Any]) -> bool:
        """Whether the value is a symbol. Many fields may have an enum of many symbols."""
        if enum["name"] not in self._symbols:
            self._symbols[enum["name"]] = frozenset(enum["symbols"])
        return isinstance(value, str) and value in self._symbols[enum["name"]]

    def _union(self, value: Any, branches: list[Any], where: str) -> int:
        """Of any branch; before Avro 1.12, of the first."""
        refused: Exception | None = None
        for branch in branches:
            try:
                return self._value(value, branch, where)
            except Invalid as error:
                refused = error
        raise invalid(f"the default of {where} is {shortened(value)}, of no branch of its union") from refused

    def _record(self, value: Mapping[str, Any], schema: Mapping[str, Any], where: str) -> int:
        size = 1
        for one in schema["fields"]:
            if one["name"] in value:
                size += self._value(value[one["name"]], one["type"], f"{where}.{one['name']}")
            elif "default" in one:
                size += self._field(schema["name"], one)
            else:
                raise invalid(f"the default of {where} has no {one['name']}")
        return size


def _plain(value: Any, kind: str, schema: Any) -> bool:
    match kind:
        case "null":
            return value is None
        case "boolean":
            return isinstance(value, bool)
        case "int" | "long":
            bound = 1 << _WHOLE[kind]
            return isinstance(value, int) and not isinstance(value, bool) and -bound <= value < bound
        case "float" | "double":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case "bytes" | "fixed":
            return isinstance(value, str) and _fits(value, schema) and _of_bytes(value)
    return False


def _fits(value: str, schema: Any) -> bool:
    return isinstance(schema, str) or "size" not in schema or schema["type"] != "fixed" or len(value) == schema["size"]


def _of_bytes(value: str) -> bool:
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True
