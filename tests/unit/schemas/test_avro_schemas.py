"""What is an Avro schema here, and when two are the same."""

from __future__ import annotations

import json
import random
import time
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace_events.avro import Written
from headrace_events.errors import Invalid
from headrace_schemas.avro import ApacheAvro
from headrace_schemas.avro.limits import MOST_BYTES, MOST_DEPTH, MOST_TYPES
from headrace_schemas.catalogue import published

AVRO = ApacheAvro()


def form(schema: Any, *referenced: Any) -> str:
    texts = tuple(json.dumps(one) for one in referenced)
    return AVRO.form(Written(text=json.dumps(schema), referenced=texts))


def shape(text: str) -> str:
    return AVRO.shape(Written(text=text))


def record(*fields: dict[str, Any], name: str = "a.R", **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields), **more}


def field(kind: Any, name: str = "f", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


def shuffled(schema: Any, order: random.Random, doc: str | None) -> Any:
    """The same schema with its attributes in another order, and another text for its documentation if one is given."""
    if isinstance(schema, list):
        return [shuffled(item, order, doc) for item in schema]
    if not isinstance(schema, dict):
        return schema
    names = list(schema)
    order.shuffle(names)
    return {name: doc if name == "doc" and doc else shuffled(schema[name], order, doc) for name in names}


@given(st.sampled_from(sorted(published())), st.randoms(use_true_random=False))
def test_the_order_of_attributes_does_not_count(number: int, order: random.Random) -> None:
    schema = json.loads(published()[number].text)
    assert form(shuffled(schema, order, None)) == form(schema)


@given(st.sampled_from(sorted(published())), st.randoms(use_true_random=False))
def test_documentation_is_no_part_of_a_schemas_shape(number: int, order: random.Random) -> None:
    text = published()[number].text
    assert shape(json.dumps(shuffled(json.loads(text), order, "another"))) == shape(text)


def test_documentation_makes_another_version() -> None:
    assert form(record(field("int"), doc="one")) != form(record(field("int"), doc="two"))


def test_no_two_shipped_schemas_have_the_same_shape() -> None:
    assert len({shape(schema.text) for schema in published().values()}) == len(published())


@pytest.mark.parametrize("number", sorted(published()))
def test_what_we_ship_is_what_it_was_before_it_was_put_in_form(number: int) -> None:
    schema = json.loads(published()[number].text)
    ours = fastavro.parse_schema(json.loads(form(schema)), named_schemas={})
    assert fastavro.schema.fingerprint(
        fastavro.schema.to_parsing_canonical_form(ours), "SHA-256"
    ) == fastavro.schema.fingerprint(fastavro.schema.to_parsing_canonical_form(schema), "SHA-256")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (field("int"), field("long")),
        (field("long"), field({"type": "long", "logicalType": "timestamp-micros"})),
        (field(["null", "int"]), field(["null", "int"], default=None)),
        (field(["null", "int"]), field(["int", "null"])),
        (field("int"), field("int", "g")),
    ],
)
def test_what_readers_would_notice_is_part_of_a_schemas_shape(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert shape(json.dumps(record(one))) != shape(json.dumps(record(other)))
    assert shape(json.dumps(record(one))) != shape(json.dumps(record(one, name="b.R")))


def test_names_are_resolved() -> None:
    inner = {"type": "enum", "name": "E", "symbols": ["A"], "aliases": ["F"]}
    short = record(field(inner, "a"), field("E", "b"), name="R", namespace="n")
    full = record(field({**inner, "namespace": "n", "aliases": ["n.F"]}, "a"), field({"type": "n.E"}, "b"), name="n.R")
    assert form(short) == form(full)
    assert form({"type": "string"}) == form("string")


def test_a_name_without_namespace_is_found_from_within_one() -> None:
    nowhere = {"type": "fixed", "name": "F", "size": 2}
    assert '"F"' in form([nowhere, record(field("F"))])


def test_a_referenced_type_is_known_by_its_name() -> None:
    there = record(field("int"), name="b.There")
    assert form(record(field("b.There")), there) != form(record(field("int")))
    written = Written(text=json.dumps(record(field("b.There"))), referenced=(json.dumps(there),))
    parsed: Any = fastavro.parse_schema(json.loads(AVRO.resolved(written)))
    assert parsed["name"] == "a.R"
    with pytest.raises(Invalid, match="not defined"):
        form(record(field("b.There")))


@pytest.mark.parametrize(
    "text",
    ["", "{", "3", "{}", '{"type": "record"}', '{"type": {}}', "[" * 100_000, "null", '"foo"', "NaN", '["int", "int"]'],
)
def test_what_is_no_schema_is_said_to_be_none(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        AVRO.form(Written(text=text))
    assert caught.value.code == "invalid-schema"


@pytest.mark.parametrize(
    "schema",
    [
        record(field("int"), field("int")),
        record(field("int", "a-b")),
        record(field("int", "pаge")),  # noqa: RUF001 - a Cyrillic letter, which is the point
        record(field("int"), name="a..R"),
        record(field("int"), name="int"),
        record(field("int", order="sideways")),
        record(field("int", aliases="g")),
        record({"name": "f"}),
        record(field(record(field("int")))),
        [["int"], "null"],
        [{"type": "array", "items": "int"}, {"type": "array", "items": "long"}],
        {"type": "enum", "name": "E", "symbols": ["A", "A"]},
        {"type": "enum", "name": "E", "symbols": ["1"]},
        {"type": "enum", "name": "E", "symbols": ["A"], "default": "B"},
        {"type": "fixed", "name": "F"},
        {"type": "fixed", "name": "F", "size": -1},
        {"type": "array"},
        {"type": "map", "values": "nothing"},
    ],
)
def test_a_malformed_schema_is_refused(schema: Any) -> None:
    with pytest.raises(Invalid, match="not an Avro schema"):
        form(schema)


GOOD_DEFAULTS: list[tuple[Any, Any]] = [
    ("null", None),
    ("boolean", True),
    ("int", 2**31 - 1),
    ("long", -(2**63)),
    ("float", 1),
    ("double", 0.5),
    ("bytes", "\u00ff"),
    ("string", "x"),
    ({"type": "array", "items": "int"}, [1, 2]),
    ({"type": "map", "values": "string"}, {"a": "b"}),
    ({"type": "enum", "name": "E", "symbols": ["A"]}, "A"),
    ({"type": "fixed", "name": "F", "size": 2}, "\u0001\u0002"),
    (["null", "int"], None),
    (["null", "int"], 3),
    (record(field("int", default=1), name="I"), {}),
    (record(field("int"), name="I"), {"f": 4}),
]


@pytest.mark.parametrize(("kind", "default"), GOOD_DEFAULTS)
def test_a_default_is_a_value_of_its_type(kind: Any, default: Any) -> None:
    form(record(field(kind, default=default)))


@pytest.mark.parametrize(
    ("kind", "default"),
    [
        ("null", 0),
        ("boolean", 1),
        ("int", 2**31),
        ("int", True),
        ("int", 1.5),
        ("long", 2**63),
        ("double", "1"),
        ("bytes", "\u0100"),
        ("string", None),
        ({"type": "array", "items": "int"}, [1, "2"]),
        ({"type": "map", "values": "string"}, {"a": 1}),
        ({"type": "enum", "name": "E", "symbols": ["A"]}, "B"),
        ({"type": "fixed", "name": "F", "size": 2}, "\u0001"),
        (["null", "int"], "x"),
        (record(field("int"), name="I"), {}),
    ],
)
def test_a_default_of_another_type_is_refused(kind: Any, default: Any) -> None:
    with pytest.raises(Invalid, match="default"):
        form(record(field(kind, default=default)))


def deep(levels: int) -> str:
    return '{"type":"array","items":' * levels + '"int"' + "}" * levels


def doubling(levels: int) -> Any:
    """Each record has two of the one before as its default: a few lines that stand for 2^levels values."""
    made: Any = record(field("int", default=0), name="R0")
    for level in range(1, levels):
        made = record(field(made, "a", default={}), field(f"R{level - 1}", "b", default={}), name=f"R{level}")
    return made


BOMBS = {
    "depth": deep(MOST_DEPTH + 2),
    "size": json.dumps(record(field("int"), doc="x" * MOST_BYTES)),
    "types": json.dumps(record(*(field("int", f"f{number}") for number in range(MOST_TYPES + 1)))),
    "a record whose default asks for itself": json.dumps(record(field("a.R", default={}))),
    "defaults that double": json.dumps(record(field(doubling(40), default={}))),
    "a default that unions try again and again": json.dumps(
        record(
            field(record(field(["a.N", record(field(["a.N", "a.M"], "n"), name="a.M")], "n"), name="a.N")),
            field(["a.N", "a.M"], "g", default=json.loads('{"n":' * 200 + "1" + "}" * 200)),
        )
    ),
    "attributes nested without end": '{"type":"int","x":' + "[" * 900 + "]" * 900 + "}",
}


@pytest.mark.parametrize("what", ["depth", "size", "types", "a record whose default asks for itself"])
def test_a_schema_bomb_is_refused(what: str) -> None:
    with pytest.raises(Invalid):
        AVRO.form(Written(text=BOMBS[what]))


@pytest.mark.parametrize("what", ["defaults that double", "a default that unions try again and again"])
def test_a_default_that_explodes_is_refused_soon(what: str) -> None:
    began = time.process_time()
    with pytest.raises(Invalid):
        AVRO.form(Written(text=BOMBS[what]))
    assert time.process_time() - began < 10


def test_attributes_that_nobody_reads_end_in_a_refusal_or_are_kept_but_never_in_a_crash() -> None:
    try:
        kept = AVRO.form(Written(text=BOMBS["attributes nested without end"]))
    except Invalid:
        return
    assert kept.count("[") == 900


def test_a_default_is_not_written_out_for_each_branch_that_it_is_none_of() -> None:
    branches = [{"type": "fixed", "name": f"F{number}", "size": 1} for number in range(8_000)]
    text = json.dumps(record(field([*branches, {"type": "array", "items": "int"}], default=[1] * 5_000)))
    began = time.process_time()
    AVRO.form(Written(text=text))
    assert time.process_time() - began < 10


def test_a_default_of_an_enum_is_found_however_many_symbols_there_are() -> None:
    enum = {"type": "enum", "name": "E", "symbols": [f"s{number}" for number in range(40_000)]}
    fields = [field("E", f"f{number}", default="s39999") for number in range(8_000)]
    began = time.process_time()
    AVRO.form(Written(text=json.dumps(record(field(enum), *fields))))
    assert time.process_time() - began < 10


def test_all_that_a_schema_refers_to_counts() -> None:
    referred = tuple(json.dumps(record(name=f"T{number}", doc="x" * 800_000)) for number in range(6))
    with pytest.raises(Invalid, match="refers to"):
        AVRO.form(Written(text='"int"', referenced=referred))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["type", "name", "fields", "items", "values", "symbols", "size", "default", "aliases", "namespace"]
                )
                | st.text(),
                inner,
            )
        ),
    )
)
def test_any_json_is_a_schema_or_refused(value: Any) -> None:
    try:
        canonical = form(value)
    except Invalid:
        return
    assert form(json.loads(canonical)) == canonical
