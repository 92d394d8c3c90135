"""Avro's rules over whole schemas, each text read once while it is in use."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace_events.avro import Written
from headrace_schemas.avro.comparing import Comparison, Steps
from headrace_schemas.avro.defaults import Defaults
from headrace_schemas.avro.kept import Kept, length
from headrace_schemas.avro.limits import CHARACTERS_A_STEP, MOST_DEPTH, MOST_TEXT, invalid
from headrace_schemas.avro.reading import PRIMITIVE, Definitions, Reader, parsed_json

_MOST_KEPT = 4_000_000
"""Characters of the schemas that are kept as they were read, which takes up to some thirty times that many bytes."""

_SEEN_BY_READERS = ("type", "name", "fields", "symbols", "default", "size", "items", "values")
_LOGICAL = ("logicalType", "precision", "scale")


@dataclass(frozen=True, slots=True)
class ReadSchema:
    """A schema that was read: its canonical form, and all definitions it stands on."""

    form: Any
    definitions: Definitions


KEPT: Kept[ReadSchema] = Kept(_MOST_KEPT)


def read(schema: Written) -> ReadSchema:
    """The schema, if it is one and within our bounds; raises Invalid."""
    found = KEPT.get(schema)
    if found is None:
        try:
            found = _read(schema)
        except RecursionError:
            raise invalid(f"it is nested deeper than {MOST_DEPTH}") from None
        KEPT.keep(schema, found)
    return found


def _read(schema: Written) -> ReadSchema:
    if length(schema) > MOST_TEXT:
        raise invalid(f"with what it refers to, its text is longer than {MOST_TEXT} characters")
    known: dict[str, Mapping[str, Any]] = {}
    types = 0
    for text in schema.referenced:
        reader = Reader(known, types=types)
        reader.read(parsed_json(text))
        known |= reader.defined
        types = reader.types
    reader = Reader(known, types=types)
    form = reader.read(parsed_json(schema.text))
    definitions = known | reader.defined
    defaults = Defaults(definitions)
    for name in reader.defined:
        defaults.check(name)
    _must_be_shallow(form, definitions, set(), 0)
    return ReadSchema(form, definitions)


def _must_be_shallow(form: Any, definitions: Definitions, met: set[str], depth: int) -> None:
    """Raise Invalid where types are nested too deep once each stands where it is first met."""
    if depth > MOST_DEPTH:
        raise invalid(f"with what it refers to, types are nested deeper than {MOST_DEPTH}")
    if isinstance(form, str):
        if form in PRIMITIVE or form in met:
            return
        form = definitions[form]
    if isinstance(form, list):
        inner = form
    else:
        met.add(form.get("name", ""))
        inner = [form[part] for part in ("items", "values") if part in form and form["type"] in {"array", "map"}]
        inner += [one["type"] for one in form["fields"]] if form["type"] in {"record", "error"} else []
    for one in inner:
        _must_be_shallow(one, definitions, met, depth + 1)


class Comparing:
    """Compares schemas, all of them together within MOST_STEPS."""

    def __init__(self) -> None:
        self._steps = Steps()

    def unreadable(self, reader: Written, writer: Written) -> Sequence[str]:
        """Why not everything written with `writer` can be read with `reader`; raises Invalid where that is too much."""
        if reader == writer:
            return ()
        self._steps.take((length(reader) + length(writer)) // CHARACTERS_A_STEP)
        asked, given = read(reader), read(writer)
        return Comparison(asked.definitions, given.definitions, self._steps).reasons(asked.form, given.form)


class ApacheAvro:
    """The rules as Apache Avro has them."""

    def form(self, schema: Written) -> str:
        """A text that is equal for equal schemas; raises Invalid."""
        return _text(read(schema).form)

    def shape(self, schema: Written) -> str:
        """As `form`, without what no reader of data notices: documentation, aliases, other people's attributes."""
        return _text(_bare(read(schema).form))

    def resolved(self, schema: Written) -> str:
        """The schema with whatever it refers to written out where it is first met."""
        found = read(schema)
        return json.dumps(_inlined(found.form, found.definitions, set()), separators=(",", ":"), ensure_ascii=False)

    def comparing(self) -> Comparing:
        """Something to compare one schema with those it is held against."""
        return Comparing()


def _text(form: Any) -> str:
    return json.dumps(form, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def _bare(form: Any) -> Any:
    if isinstance(form, list):
        return [_bare(branch) for branch in form]
    if isinstance(form, str):
        return form
    kept = {name: form[name] for name in (*_SEEN_BY_READERS, *_LOGICAL) if name in form}
    for part in ("items", "values"):
        if part in kept:
            kept[part] = _bare(kept[part])
    if "fields" in kept:
        kept["fields"] = [
            {
                name: _bare(one[name]) if name == "type" else one[name]
                for name in ("name", "type", "default")
                if name in one
            }
            for one in kept["fields"]
        ]
    return kept["type"] if set(kept) == {"type"} else kept


def _inlined(form: Any, definitions: Mapping[str, Any], met: set[str]) -> Any:
    if isinstance(form, list):
        return [_inlined(branch, definitions, met) for branch in form]
    if isinstance(form, str):
        return _inlined(definitions[form], definitions, met) if form in definitions and form not in met else form
    if "name" in form:
        met.add(form["name"])
    made = dict(form)
    for part in ("items", "values"):
        if part in made:
            made[part] = _inlined(made[part], definitions, met)
    if "fields" in made:
        made["fields"] = [{**one, "type": _inlined(one["type"], definitions, met)} for one in made["fields"]]
    return made
