"""Templates of tags: for the whole platform, which tags there are, and what their values look like."""

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import AlreadyExists
from headrace_events.ids import object_name
from headrace_events.language import Command, Event, Home, command, event, value


@command("tag_schema.create")
class CreateTagSchema(Command):
    """Let there be tags of that name; their values fit the JSON Schema (its text)."""

    name: str
    schema: str

    @property
    def key(self) -> str:
        return self.name


@event("tag_schema.created", Home.PLATFORM)
class TagSchemaCreated(Event):
    """Tags of that name may be put on things; the schema never changes."""

    name: str
    schema: str

    @property
    def key(self) -> str:
        return self.name


@value
class TagSchema:
    """What values look like: the text of a JSON Schema."""

    schema: str


def decide(state: TagSchema | None, wish: Command, known: Known) -> list[Event]:
    """Take each name once, and only schemas within our bounds."""
    match wish:
        case CreateTagSchema(name=name, schema=schema):
            object_name(name, "tag")
            if state is not None:
                raise AlreadyExists("tag schema", name)
            return [TagSchemaCreated(name=name, schema=known.json_schemas.form(schema))]
        case _:
            raise unknown(wish)


def evolve(state: TagSchema | None, fact: Event) -> TagSchema:
    """Fold one event."""
    match fact:
        case TagSchemaCreated(schema=schema):
            return TagSchema(schema=schema)
        case _:
            raise unknown(fact)


aggregate("tag_schema", TagSchema, decide=decide, evolve=evolve)
