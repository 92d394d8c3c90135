"""Schemas and their platform-wide ids: the same schema has one id, for ever."""

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.language import Command, Event, Home, event, value


@event("schema.registered", Home.PLATFORM)
class SchemaRegistered(Event):
    """The schema (Avro, canonical JSON text) has this id; `fingerprint` is SHA-256 of the text, hexadecimal."""

    schema_id: int
    fingerprint: str
    schema: str

    @property
    def key(self) -> str:
        return self.fingerprint


@event("subject.version_registered")
class SubjectVersionRegistered(Event):
    """In the project, this version of the subject is this schema."""

    subject: str
    version: int
    schema_id: int

    @property
    def key(self) -> str:
        return self.subject


@value
class Schema:
    """A schema's id."""

    schema_id: int


@value
class Subject:
    """A subject's versions, the first one first, as schema ids."""

    versions: tuple[int, ...]


def register(known: Known, project: str, subject: str, text: str, fingerprint: str) -> tuple[int, list[Event]]:
    """The id of the schema `text` in `subject`, and the events that are missing to make it so."""
    events: list[Event] = []
    schema = known.state(Schema, None, fingerprint)
    schema_id = schema.schema_id if schema else known.next_schema_id()
    if schema is None:
        events.append(SchemaRegistered(schema_id=schema_id, fingerprint=fingerprint, schema=text))
    versions = known.state(Subject, project, subject)
    if versions is None or schema_id not in versions.versions:
        version = len(versions.versions) + 1 if versions else 1
        events.append(SubjectVersionRegistered(subject=subject, version=version, schema_id=schema_id))
    return schema_id, events


def _decide(state: object, wish: Command, known: Known) -> list[Event]:
    raise unknown(wish)


def _evolve_schema(state: Schema | None, fact: Event) -> Schema:
    match fact:
        case SchemaRegistered(schema_id=schema_id):
            return Schema(schema_id=schema_id)
        case _:
            raise unknown(fact)


def _evolve_subject(state: Subject | None, fact: Event) -> Subject:
    match fact:
        case SubjectVersionRegistered(schema_id=schema_id):
            return Subject(versions=(*(state.versions if state else ()), schema_id))
        case _:
            raise unknown(fact)


aggregate("schema", Schema, decide=_decide, evolve=_evolve_schema)
aggregate("subject", Subject, decide=_decide, evolve=_evolve_subject)
