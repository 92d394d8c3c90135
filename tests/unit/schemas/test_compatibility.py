"""Which schema reads the data of which: by Avro's rules as written, and by another implementation that reads."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from typing import Any

import fastavro
import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.schema import parse
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace_events.avro import Written
from headrace_events.compatibility import Compatibility, Earlier, incompatibilities
from headrace_events.errors import Invalid
from headrace_schemas.avro import ApacheAvro

AVRO = ApacheAvro()

ENUM = {"type": "enum", "name": "E", "symbols": ["A", "B"]}
FIXED = {"type": "fixed", "name": "F", "size": 4}


def written(schema: Any, *referenced: Any) -> Written:
    return Written(text=json.dumps(schema), referenced=tuple(json.dumps(one) for one in referenced))


def reads(reader: Any, writer: Any) -> bool:
    return not AVRO.comparing().unreadable(written(reader), written(writer))


def field(kind: Any, name: str = "f", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


def record(*fields: dict[str, Any], name: str = "R", **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields), **more}


def decimal(precision: int, scale: int) -> dict[str, Any]:
    return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}


PRIMITIVE = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
PROMOTED = {
    ("int", "long"),
    ("int", "float"),
    ("int", "double"),
    ("long", "float"),
    ("long", "double"),
    ("float", "double"),
    ("string", "bytes"),
    ("bytes", "string"),
}


@pytest.mark.parametrize("writer", PRIMITIVE)
@pytest.mark.parametrize("reader", PRIMITIVE)
def test_primitives_are_read_as_themselves_or_promoted(reader: str, writer: str) -> None:
    assert reads(reader, writer) == (reader == writer or (writer, reader) in PROMOTED)


COMPATIBLE: dict[str, tuple[Any, Any]] = {
    "fields in another order": (
        record(field("int", "a"), field("int", "b")),
        record(field("int", "b"), field("int", "a")),
    ),
    "a field that the reader does not want": (record(), record(field("int"))),
    "a field with a default that was not written": (record(field("int", default=1)), record()),
    "a null default": (record(field(["null", "int"], default=None)), record()),
    "a field under an alias": (record(field("long", "g", aliases=["f"])), record(field("int"))),
    "a record under an alias": (record(field("int"), name="S", aliases=["R"]), record(field("int"))),
    "an alias within the reader's namespace": (
        record(field("int"), name="S", namespace="n", aliases=["R"]),
        record(field("int"), name="n.R"),
    ),
    "an alias in another namespace": (record(name="n.S", aliases=["m.R"]), record(name="m.R")),
    "a record of the same name elsewhere": (record(name="n.R"), record(name="m.R")),
    "an enum with more symbols": ({**ENUM, "symbols": ["A", "B", "C"]}, ENUM),
    "an enum with a default for what it lacks": ({**ENUM, "symbols": ["A"], "default": "A"}, ENUM),
    "an enum in another order": ({**ENUM, "symbols": ["B", "A"]}, ENUM),
    "items that are promoted": ({"type": "array", "items": "double"}, {"type": "array", "items": "int"}),
    "values that are promoted": ({"type": "map", "values": "bytes"}, {"type": "map", "values": "string"}),
    "a union with another branch": (["null", "int", "string"], ["null", "int"]),
    "a union in another order": (["int", "null"], ["null", "int"]),
    "a union of what was written alone": (["null", "int"], "int"),
    "a union whose branch promotes": (["null", "double"], ["null", "int"]),
    "one type of a union that has no other": ("int", ["int"]),
    "a type that all branches are promoted to": ("double", ["int", "float"]),
    "a fixed of the same size": ({**FIXED, "name": "n.F"}, FIXED),
    "recursion": (
        record(field(["null", "R"], "next"), field("long", "v")),
        record(field(["null", "R"], "next"), field("int", "v")),
    ),
    "a logical type where there was none": ({"type": "long", "logicalType": "timestamp-millis"}, "long"),
    "a logical type that is dropped": ("int", {"type": "int", "logicalType": "date"}),
    "the same decimal": (decimal(9, 2), decimal(9, 2)),
    "the bytes of a decimal": ("bytes", decimal(9, 2)),
    "two types of one name in two namespaces": (
        record(field(record(name="n.I"), "a"), field(record(name="m.I"), "b")),
        record(field(record(name="n.I"), "a"), field(record(name="m.I"), "b")),
    ),
}

INCOMPATIBLE: dict[str, tuple[Any, Any]] = {
    "a field without default that was not written": (record(field("int")), record()),
    "a nullable field without default": (record(field(["null", "int"])), record()),
    "an alias of the writer": (record(field("int", "g")), record(field("int", aliases=["g"]))),
    "a record of another name": (record(name="S"), record()),
    "an alias in the wrong namespace": (record(name="n.S", aliases=["R"]), record(name="m.R")),
    "an enum of another name": ({**ENUM, "name": "D"}, ENUM),
    "an enum with fewer symbols": ({**ENUM, "symbols": ["A"]}, ENUM),
    "a default of the writer's enum": ({**ENUM, "symbols": ["A"]}, {**ENUM, "default": "A"}),
    "a fixed of another size": ({**FIXED, "size": 8}, FIXED),
    "a fixed of another name": ({**FIXED, "name": "G"}, FIXED),
    "items that are not promoted": ({"type": "array", "items": "int"}, {"type": "array", "items": "long"}),
    "an array for a map": ({"type": "array", "items": "int"}, {"type": "map", "values": "int"}),
    "a union with a branch less": (["null", "int"], ["null", "int", "string"]),
    "one type of a union that has another": ("int", ["null", "int"]),
    "a union without what was written": (["null", "string"], "int"),
    "something wrong far below": (
        record(field(["null", {"type": "array", "items": record(field("int"), name="I")}])),
        record(field(["null", {"type": "array", "items": record(field("string"), name="I")}])),
    ),
    "recursion with a wrong field": (
        record(field(["null", "R"], "next"), field("int", "v")),
        record(field(["null", "R"], "next"), field("long", "v")),
    ),
    "a decimal of another scale": (decimal(9, 3), decimal(9, 2)),
    "a decimal of another precision": (decimal(8, 2), decimal(9, 2)),
    "a fixed decimal of another scale": (
        {**FIXED, "logicalType": "decimal", "precision": 6, "scale": 1},
        {**FIXED, "logicalType": "decimal", "precision": 6},
    ),
}


@pytest.mark.parametrize("what", COMPATIBLE)
def test_avro_reads(what: str) -> None:
    reader, writer = COMPATIBLE[what]
    assert AVRO.comparing().unreadable(written(reader), written(writer)) == ()


@pytest.mark.parametrize("what", INCOMPATIBLE)
def test_avro_does_not_read(what: str) -> None:
    reader, writer = INCOMPATIBLE[what]
    reasons = AVRO.comparing().unreadable(written(reader), written(writer))
    assert reasons
    assert all("/" in reason for reason in reasons)


def test_what_a_schema_refers_to_is_compared_too() -> None:
    outer = record(field("n.I"))
    narrow, wide = record(field("int"), name="n.I"), record(field("long"), name="n.I")
    assert not AVRO.comparing().unreadable(written(outer, wide), written(outer, narrow))
    assert AVRO.comparing().unreadable(written(outer, narrow), written(outer, wide))


# The levels. `narrow` is read by `wide`, and not the other way round.

NARROW, WIDE, OTHER = record(field("int")), record(field("long")), record(field("string"))
ALLOWED = {
    Compatibility.NONE: {"wider", "narrower", "another"},
    Compatibility.BACKWARD: {"wider"},
    Compatibility.FORWARD: {"narrower"},
    Compatibility.FULL: set(),
}


@pytest.mark.parametrize("level", ALLOWED)
def test_a_level_says_who_must_read_whom(level: Compatibility) -> None:
    steps = {"wider": (WIDE, NARROW), "narrower": (NARROW, WIDE), "another": (OTHER, NARROW)}
    for step, (new, old) in steps.items():
        broken = incompatibilities(AVRO, level, written(new), [Earlier(version=1, schema=written(old))])
        assert (not broken) == (step in ALLOWED[level]), step
    same = incompatibilities(AVRO, level, written(NARROW), [Earlier(version=1, schema=written(NARROW))])
    assert same == ()


@pytest.mark.parametrize("level", ["BACKWARD", "FORWARD", "FULL"])
def test_a_transitive_level_goes_back_to_the_first_version(level: str) -> None:
    earlier = [Earlier(version=1, schema=written(OTHER)), Earlier(version=2, schema=written(NARROW))]
    last, every = Compatibility(level), Compatibility(f"{level}_TRANSITIVE")
    assert incompatibilities(AVRO, last, written(NARROW), last.against(earlier)) == ()
    (reason, *_) = incompatibilities(AVRO, every, written(NARROW), every.against(earlier))
    assert "version 1" in reason


# The bounds.


def test_comparing_takes_as_long_as_there_are_fields() -> None:
    fields = [field("int", f"f{number}") for number in range(18_000)]
    old, new = written(record(*fields)), written(record(*fields, field("int", "new", default=1)))
    other = written(record(*({**one, "type": "string"} for one in fields)))
    began = time.process_time()
    assert not AVRO.comparing().unreadable(new, old)
    assert AVRO.comparing().unreadable(other, old)
    assert time.process_time() - began < 5


def test_what_one_schema_is_held_against_counts_together() -> None:
    fields = [field("int", f"f{number}") for number in range(1_000)]
    earlier = [Earlier(version=number, schema=written(record(*fields, doc=str(number)))) for number in range(1, 1_000)]
    proposed = written(record(*fields, field("int", "new", default=1)))
    assert incompatibilities(AVRO, Compatibility.FULL_TRANSITIVE, proposed, earlier[:100]) == ()
    began = time.process_time()
    with pytest.raises(Invalid, match="steps"):
        incompatibilities(AVRO, Compatibility.FULL_TRANSITIVE, proposed, earlier)
    assert time.process_time() - began < 20


def test_two_unions_of_many_records_are_not_compared_to_the_end() -> None:
    branches = [record(field("int"), name=f"a.R{number}") for number in range(2_000)]
    began = time.process_time()
    with pytest.raises(Invalid, match="steps"):
        AVRO.comparing().unreadable(written(branches), written(branches[::-1]))
    assert time.process_time() - began < 20


def test_types_that_stand_on_one_another_without_end_are_not_compared() -> None:
    chain = [record(field("int"), name="T0")]
    chain += [record(field(f"T{number - 1}"), name=f"T{number}") for number in range(1, 2_000)]
    definitions = record(*(field(one, f"f{number}") for number, one in enumerate(chain)), name="All")
    last = field("T1999", "last")
    reader = written(record(field(["null", definitions], "all", default=None), last))
    writer = written(record(field(definitions, "others"), last))
    with pytest.raises(Invalid, match="deeper"):
        AVRO.comparing().unreadable(reader, writer)


def test_an_error_is_read_as_a_record() -> None:
    narrow, wide = ({**record(field(kind)), "type": "error"} for kind in ("int", "long"))
    assert reads(wide, narrow)
    assert not reads(narrow, wide)


# Against two other implementations: whatever is said to be readable is read, and where it is not, some datum shows it;
# and Apache's own checker says the same.


@st.composite
def schemas(draw: st.DrawFn, names: list[int], depth: int = 0) -> Any:
    """Any schema; names are counted in `names`."""
    kinds = [*PRIMITIVE, "enum", "fixed", "array", "map", "union", "record"]
    kind = draw(st.sampled_from(kinds if depth < 3 else kinds[:10]))
    if kind in PRIMITIVE:
        return kind
    if kind == "array":
        return {"type": "array", "items": draw(schemas(names, depth + 1))}
    if kind == "map":
        return {"type": "map", "values": draw(schemas(names, depth + 1))}
    if kind == "union":
        return draw(st.lists(st.sampled_from(PRIMITIVE), min_size=1, max_size=3, unique=True))
    names[0] += 1
    name = f"T{names[0]}"
    if kind == "enum":
        return {"type": kind, "name": name, "symbols": draw(st.sampled_from([["A"], ["A", "B"], ["A", "B", "C"]]))}
    if kind == "fixed":
        return {"type": kind, "name": name, "size": draw(st.integers(1, 3))}
    fields = [field(draw(schemas(names, depth + 1)), f"f{number}") for number in range(draw(st.integers(0, 3)))]
    return record(*fields, name=name)


@st.composite
def changed(draw: st.DrawFn, schema: Any) -> Any:
    """The schema as its owner may have changed it, for better or for worse."""
    change = draw(st.integers(0, 7))
    if isinstance(schema, str):
        return {0: draw(st.sampled_from(PRIMITIVE)), 1: [schema], 2: sorted({schema, "null"})}.get(change, schema)
    if isinstance(schema, list):
        if change == 0:
            return draw(st.permutations(schema))
        if change == 1:
            return schema[:1] if len(schema) > 1 else schema[0]
        return [*schema, *[one for one in ("string", "double") if one not in schema][:1]] if change == 2 else schema
    kind = schema["type"]
    if kind in {"array", "map"}:
        part = "items" if kind == "array" else "values"
        return {**schema, part: draw(changed(schema[part]))}
    if kind == "enum":
        if change == 0:
            return {**schema, "symbols": schema["symbols"][:1], "default": "A"}
        if change == 1:
            return {**schema, "symbols": schema["symbols"][:1]}
        return {**schema, "symbols": [*schema["symbols"], "Z"]} if change == 2 else schema
    if kind == "fixed":
        return {**schema, "size": schema["size"] + 1} if change == 0 else schema
    fields = [{**one, "type": draw(changed(one["type"]))} for one in schema["fields"]]
    if change == 0:
        fields = fields[1:]
    elif change == 1:
        fields.append(field("int", "new", default=7))
    elif change == 2:
        fields.append(field("int", "new"))
    elif change == 3 and fields:
        fields[0] = {**fields[0], "name": "renamed", "aliases": [fields[0]["name"]]}
    return {**schema, "fields": fields}


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    """A writer's schema and a reader's."""
    writer = draw(schemas([0]))
    return writer, draw(changed(writer))


_VALUES = {
    "null": None,
    "boolean": True,
    "int": 3,
    "long": 4,
    "float": 0.5,
    "double": 0.25,
    "bytes": b"b",
    "string": "s",
}


def samples(schema: Any) -> Iterator[Any]:
    """Data of the schema that together meet each of its branches and symbols."""
    if isinstance(schema, str):
        yield _VALUES[schema]
    elif isinstance(schema, list):
        for branch in schema:
            yield from ((branch, value) for value in samples(branch))
    elif schema["type"] == "array":
        yield from ([value] for value in samples(schema["items"]))
    elif schema["type"] == "map":
        yield from ({"k": value} for value in samples(schema["values"]))
    elif schema["type"] == "enum":
        yield from schema["symbols"]
    elif schema["type"] == "fixed":
        yield b"x" * schema["size"]
    else:
        first = {one["name"]: next(samples(one["type"])) for one in schema["fields"]}
        yield first
        for one in schema["fields"]:
            yield from ({**first, one["name"]: value} for value in samples(one["type"]))


def is_read(datum: Any, writer: Any, reader: Any) -> bool:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(writer, named_schemas={}), datum)
    out.seek(0)
    try:
        fastavro.schemaless_reader(
            out, fastavro.parse_schema(writer, named_schemas={}), fastavro.parse_schema(reader, named_schemas={})
        )
    except fastavro.read.SchemaResolutionError:
        return False
    return True


@settings(max_examples=200, deadline=None)
@given(pairs())
def test_another_implementation_reads_exactly_what_is_said_to_be_readable(pair: tuple[Any, Any]) -> None:
    writer, reader = pair
    assert reads(reader, writer) == all(is_read(datum, writer, reader) for datum in samples(writer))


@settings(max_examples=200, deadline=None)
@given(pairs())
def test_apaches_checker_says_the_same(pair: tuple[Any, Any]) -> None:
    writer, reader = (parse(json.dumps(one)) for one in pair)
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call] # avro types it not at all
    found = checker.get_compatibility(reader, writer).compatibility
    assert reads(pair[1], pair[0]) == (found is SchemaCompatibilityType.compatible)
