"""Schemas and their platform-wide ids: the same schema has one id, for ever."""

import hashlib
from collections.abc import Callable, Sequence

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.avro import Written
from headrace_events.errors import Invalid
from headrace_events.language import Command, Event, Home, event, value

MOST_REFERENCES = 100
"""Of a schema, with those of what it refers to."""


@value
class SchemaReference:
    """What a schema calls `name` is version `version` of `subject`, which is the schema of that id."""

    name: str
    subject: str
    version: int
    schema_id: int


@event("schema.registered", Home.PLATFORM)
class SchemaRegistered(Event):
    """The schema (Avro, JSON text) has this id; `fingerprint` is SHA-256 of its canonical form, hexadecimal."""

    schema_id: int
    fingerprint: str
    schema: str
    references: tuple[SchemaReference, ...] = ()

    @property
    def key(self) -> str:
        return self.fingerprint


@value
class Schema:
    """A schema's id, its text, and what it refers to."""

    schema_id: int
    text: str
    references: tuple[SchemaReference, ...] = ()


Find = Callable[[int], Schema | None]
"""The schema of an id."""


def written(find: Find, text: str, references: Sequence[SchemaReference]) -> Written:
    """The schema with the texts of whatever it refers to, each once, after those that it refers to; raises Invalid."""
    texts: dict[int, str] = {}

    def add(referred: Sequence[SchemaReference], depth: int) -> None:
        for reference in referred:
            if reference.schema_id not in texts and (schema := find(reference.schema_id)) is not None:
                must_be_few(depth)
                add(schema.references, depth + 1)
                texts[reference.schema_id] = schema.text
                must_be_few(len(texts))

    add(references, 1)
    return Written(text=text, referenced=tuple(texts.values()))


def must_be_few(references: int) -> None:
    """Raise Invalid where a schema refers to too much, directly or by what it refers to."""
    if references > MOST_REFERENCES:
        raise Invalid("invalid-schema", f"a schema has at most {MOST_REFERENCES} references, with those of theirs")


def enter(known: Known, text: str, references: Sequence[SchemaReference] = ()) -> tuple[int, list[Event]]:
    """The id of the schema, and the event that gives it one where it has none; raises Invalid where it is no schema.

    Schemas are the same whose canonical form is, and whose references are, down to the schemas they lead to.
    """
    same = fingerprint(known.avro.form(written(known.schema, text, references)), references)
    schema = known.state(Schema, None, same)
    if schema is not None:
        return schema.schema_id, []
    schema_id = known.next_schema_id()
    made = SchemaRegistered(schema_id=schema_id, fingerprint=same, schema=text, references=tuple(references))
    return schema_id, [made]


def fingerprint(form: str, references: Sequence[SchemaReference]) -> str:
    """SHA-256 of a schema's canonical form, and of each reference: its name, where it is, and which schema that is."""
    parts = (form, *(f"{one.name} {one.subject} {one.version} {one.schema_id}" for one in references))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _decide(state: object, wish: Command, known: Known) -> list[Event]:
    raise unknown(wish)


def _evolve(state: Schema | None, fact: Event) -> Schema:
    match fact:
        case SchemaRegistered(schema_id=schema_id, schema=text, references=references):
            return Schema(schema_id=schema_id, text=text, references=references)
        case _:
            raise unknown(fact)


aggregate("schema", Schema, decide=_decide, evolve=_evolve)
