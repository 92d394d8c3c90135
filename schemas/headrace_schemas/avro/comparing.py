"""Whether what one schema wrote another can read: Apache Avro's own checker, with what it leaves out.

Left out there, and added here: aliases relative to a namespace, decimals of another scale or precision (Avro 1.12
specification, "Schema Resolution" and "Decimal"), and an end to comparisons that would take too long.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from avro.compatibility import (
    ReaderWriterCompatibilityChecker,
    SchemaCompatibilityResult,
    SchemaCompatibilityType,
    SchemaIncompatibilityType,
    incompatible,
)
from avro.name import Names
from avro.schema import Schema, make_avsc_object

from headrace_schemas.avro.limits import MOST_COMPARISONS, MOST_DEPTH, invalid
from headrace_schemas.avro.reading import PRIMITIVE, Definitions

_DECIMAL = "headrace.decimal"
_NOWHERE = "_"
"""Stands for no namespace, so that every name of a type has a dot and means one thing wherever it is met."""


def apache(form: Any, definitions: Definitions) -> Schema:
    """The canonical form as an object of Apache's, whatever it refers to filled in; raises Invalid."""
    return make_avsc_object(_Plain(definitions).plain(form, 0), Names())


class _Plain:
    """Only what resolution looks at, each type defined where it is first met."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._met: set[str] = set()

    def plain(self, form: Any, depth: int) -> Any:
        if depth > MOST_DEPTH:
            raise invalid(f"with what it refers to, types are nested deeper than {MOST_DEPTH}")
        if isinstance(form, list):
            return [self.plain(branch, depth + 1) for branch in form]
        if isinstance(form, str):
            if form in PRIMITIVE or form in self._met:
                return form if form in PRIMITIVE else _dotted(form)
            return self.plain(self._definitions[form], depth)
        kind = form["type"]
        if kind == "array":
            return {"type": kind, "items": self.plain(form["items"], depth + 1)}
        if kind == "map":
            return {"type": kind, "values": self.plain(form["values"], depth + 1)}
        if kind in PRIMITIVE:
            return {"type": kind, **_decimal(form)}
        return self._named(form, kind, depth)

    def _named(self, form: Mapping[str, Any], kind: str, depth: int) -> dict[str, Any]:
        self._met.add(form["name"])
        made: dict[str, Any] = {"type": kind, "name": _dotted(form["name"])}
        if "aliases" in form:
            made["aliases"] = [_dotted(alias) for alias in form["aliases"]]
        if kind == "enum":
            made["symbols"] = form["symbols"]
            return made | ({"default": form["default"]} if "default" in form else {})
        if kind == "fixed":
            return {**made, "size": form["size"], **_decimal(form)}
        kept = ("name", "aliases", "default")
        made["fields"] = [
            {**{name: one[name] for name in kept if name in one}, "type": self.plain(one["type"], depth + 1)}
            for one in form["fields"]
        ]
        return made


def _dotted(name: str) -> str:
    return name if "." in name else f"{_NOWHERE}.{name}"


def _decimal(form: Mapping[str, Any]) -> dict[str, Any]:
    if form.get("logicalType") != "decimal" or form["type"] not in {"bytes", "fixed"}:
        return {}
    return {_DECIMAL: f"decimal({form.get('precision')}, {form.get('scale', 0)})"}


class _Checker(ReaderWriterCompatibilityChecker):
    """Apache's, with decimals and an end."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # avro types it not at all
        self._compared = 0

    def calculate_compatibility(self, reader: Schema, writer: Schema, location: list[str]) -> SchemaCompatibilityResult:
        self._compared += 1
        if self._compared > MOST_COMPARISONS:
            raise invalid(f"comparing it with another version takes more than {MOST_COMPARISONS} steps")
        asked, given = reader.props.get(_DECIMAL), writer.props.get(_DECIMAL)
        if asked is not None and given is not None and asked != given:
            message = f"reader type: {asked} not compatible with writer type: {given}"
            return incompatible(SchemaIncompatibilityType.type_mismatch, message, location)
        return super().calculate_compatibility(reader, writer, location)


def unreadable(reader: Schema, writer: Schema) -> Iterator[str]:
    """Why not everything written with `writer` can be read with `reader`; raises Invalid where that is too much."""
    result = _Checker().get_compatibility(reader, writer)
    if result.compatibility is SchemaCompatibilityType.compatible:
        return
    what = ", ".join(sorted({kind.value.replace("_", " ") for kind in result.incompatibilities}))
    where = ", ".join(sorted(result.locations))[:300]
    for message in sorted(result.messages):
        yield f"{message} ({what} at {where})"[:1000]
