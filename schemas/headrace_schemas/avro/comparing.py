"""Whether what one schema wrote another can read, over canonical forms, in a bounded number of steps.

Source: Avro 1.12 specification, "Schema Resolution", "Aliases" and "Decimal". Where the specification leaves open what
a name is compared by, names count without their namespace, as Apache Avro's own checker has it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headrace_schemas.avro.limits import MOST_COMPARED_DEPTH, MOST_REASONS, MOST_STEPS, NAMES_A_STEP, invalid
from headrace_schemas.avro.reading import PRIMITIVE, Definitions

_PROMOTED = {
    "long": {"int"},
    "float": {"int", "long"},
    "double": {"int", "long", "float"},
    "bytes": {"string"},
    "string": {"bytes"},
}
"""Reader's type → the writer's other types that it reads."""

Reasons = tuple[str, ...]
"""Why not; empty where it can be read."""


@dataclass(slots=True)
class Steps:
    """What may still be spent on comparing one schema with all those it is held against."""

    left: int = MOST_STEPS

    def take(self, count: int = 1) -> None:
        """Spend so many; raises Invalid where there are not so many left."""
        self.left -= count
        if self.left < 0:
            raise invalid(
                f"comparing it with earlier versions takes more than {MOST_STEPS} steps: "
                "make it smaller, or hold it against fewer versions"
            )


@dataclass(slots=True)
class Comparison:
    """One reader's schema against one writer's. A pair of types that is met again is not compared again."""

    reading: Definitions
    writing: Definitions
    steps: Steps
    _known: dict[tuple[int, int], Reasons] = field(default_factory=dict)

    def reasons(self, reader: Any, writer: Any, where: tuple[str, ...] = ()) -> Reasons:
        """Why not all that is written with the one form can be read with the other; raises Invalid."""
        self.steps.take()
        if len(where) > MOST_COMPARED_DEPTH:
            raise invalid(f"with what it refers to, types are nested deeper than {MOST_COMPARED_DEPTH} to compare")
        reader, writer = _defined(reader, self.reading), _defined(writer, self.writing)
        if isinstance(reader, str) and isinstance(writer, str):
            return self._plain(reader, writer, where)
        pair = (id(reader), id(writer))
        if pair not in self._known:
            self._known[pair] = ()
            self._known[pair] = self._compared(reader, writer, where)
        return self._known[pair]

    def _compared(self, reader: Any, writer: Any, where: tuple[str, ...]) -> Reasons:
        if isinstance(writer, list):
            return self._each(self._branch(reader, branch, place, where) for place, branch in enumerate(writer))
        if isinstance(reader, list):
            if any(not self.reasons(branch, writer, (*where, str(place))) for place, branch in enumerate(reader)):
                return ()
            return _because(f"reader union lacking writer type {_kind(writer)}", "missing union branch", where)
        asked, given = _decimal(reader), _decimal(writer)
        if asked is not None and given is not None and asked != given:
            return _mismatch(asked, given, where)
        kind = _kind(reader)
        if kind in PRIMITIVE or kind != _kind(writer):
            return self._plain(kind, _kind(writer), where)
        if kind == "array":
            return self.reasons(reader["items"], writer["items"], (*where, "items"))
        if kind == "map":
            return self.reasons(reader["values"], writer["values"], (*where, "values"))
        return self._each(self._named(kind, reader, writer, where))

    def _plain(self, reader: str, writer: str, where: tuple[str, ...]) -> Reasons:
        return () if reader == writer or writer in _PROMOTED.get(reader, ()) else _mismatch(reader, writer, where)

    def _branch(self, reader: Any, branch: Any, place: int, where: tuple[str, ...]) -> Reasons:
        """Of a union that was written, every branch counts."""
        found = self.reasons(reader, branch, (*where, str(place)))
        if not found or not isinstance(reader, list):
            return found
        kind = _kind(_defined(branch, self.writing))
        return _because(f"reader union lacking writer type {kind}", "missing union branch", (*where, str(place)))

    def _named(
        self, kind: str, reader: Mapping[str, Any], writer: Mapping[str, Any], where: tuple[str, ...]
    ) -> Iterator[Reasons]:
        if _last(reader["name"]) != _last(writer["name"]) and writer["name"] not in reader.get("aliases", ()):
            yield _because(f"expected: {writer['name']}", "name mismatch", (*where, "name"))
        self._look_at(reader.get("aliases", ()))
        if kind == "fixed" and reader["size"] != writer["size"]:
            found = f"expected: {reader['size']}, found: {writer['size']}"
            yield _because(found, "fixed size mismatch", (*where, "size"))
        if kind == "enum":
            self._look_at(reader["symbols"], writer["symbols"])
            lacking = set(writer["symbols"]).difference(reader["symbols"])
            if lacking and "default" not in reader:
                yield _because(str(sorted(lacking)[:20]), "missing enum symbols", (*where, "symbols"))
        if kind == "record":
            yield from self._fields(reader["fields"], writer["fields"], where)

    def _fields(
        self, reader: Sequence[Mapping[str, Any]], writer: Sequence[Mapping[str, Any]], where: tuple[str, ...]
    ) -> Iterator[Reasons]:
        self._look_at(writer)
        written = {one["name"]: one for one in writer}
        for one in reader:
            names = (one["name"], *one.get("aliases", ()))
            self._look_at(names)
            found = next((written[name] for name in names if name in written), None)
            if found is not None:
                yield self.reasons(one["type"], found["type"], (*where, one["name"]))
            elif "default" not in one:
                yield _because(one["name"], "reader field missing default value", (*where, one["name"]))
            else:
                self.steps.take()

    def _look_at(self, *lists: Sequence[object]) -> None:
        self.steps.take(sum(map(len, lists)) // NAMES_A_STEP)

    def _each(self, parts: Iterable[Reasons]) -> Reasons:
        """What is wrong with any of them; nobody reads more than MOST_REASONS."""
        found: Reasons = ()
        for part in parts:
            found += part
            if len(found) >= MOST_REASONS:
                break
        return found[:MOST_REASONS]


def _defined(form: Any, definitions: Definitions) -> Any:
    """The form, or what it names."""
    return definitions[form] if isinstance(form, str) and form not in PRIMITIVE else form


def _kind(form: Any) -> str:
    """A record that is an error reads as any record."""
    kind = form if isinstance(form, str) else "union" if isinstance(form, list) else str(form["type"])
    return "record" if kind == "error" else kind


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _decimal(form: Any) -> str | None:
    if not isinstance(form, dict) or form.get("logicalType") != "decimal" or form["type"] not in {"bytes", "fixed"}:
        return None
    return f"decimal({form.get('precision')}, {form.get('scale', 0)})"


def _mismatch(reader: str, writer: str, where: tuple[str, ...]) -> Reasons:
    return _because(f"reader type: {reader} not compatible with writer type: {writer}", "type mismatch", where)


def _because(message: str, kind: str, where: tuple[str, ...]) -> Reasons:
    return (f"{message[:500]} ({kind} at /{'/'.join(where)[:300]})",)
