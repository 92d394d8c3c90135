"""What an event tells of findable things, and the register of functions that say so."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import replace as copied
from typing import Any, Generic, TypeVar

from headrace_events.envelope import Recorded
from headrace_events.ids import ProjectName
from headrace_events.language import Event
from headrace_projections.lineage import node
from headrace_projections.lineage.node import Node
from headrace_projections.search.document import Document

E = TypeVar("E", bound=Event)


@dataclass(slots=True)
class Telling(Generic[E]):
    """One event against the documents known before it."""

    event: E
    recorded: Recorded
    known: Mapping[str, Document]

    @property
    def project(self) -> ProjectName:
        """The project it is about."""
        if self.recorded.project is not None:
            return ProjectName(self.recorded.project)
        return ProjectName(str(getattr(self.event, "project", "")))

    @property
    def author(self) -> tuple[str, ...]:
        """The person who did it, if one did."""
        actor = self.recorded.actor
        return (actor.removeprefix("user:"),) if actor.startswith("user:") else ()

    def before(self, thing: Node | str) -> Document | None:
        """What was known of a thing."""
        return self.known.get(f"{self.project}/{thing}")

    def new(self, thing: Node | str, name: str, **fields: Any) -> Document:
        """A document that begins with this event; `people` is the actor where nobody else is named."""
        told = str(thing)
        return Document(
            project=self.project,
            kind=told.partition(":")[0],
            id=told,
            name=name,
            created=self.recorded.time,
            updated=self.recorded.time,
            seq=self.recorded.seq,
            **{"people": self.author, "state": "created", **fields},
        )

    def again(self, thing: Node | str, **fields: Any) -> list[Document]:
        """The document that is known of it, with these fields changed; none where it was never told of."""
        found = self.before(thing)
        if found is None:
            return []
        return [copied(found, updated=self.recorded.time, seq=self.recorded.seq, **fields)]

    def ingredients(self, program: str | None, name: str, environment: tuple[str, ...]) -> list[Document]:
        """The program and the environment that an experiment or a model names."""
        made = []
        if program is not None:
            made.append(self._or_again(self.new(node.program(program), name or program, text=(program,))))
        if environment:
            known_as = node.environment(environment)
            text = tuple(sorted(set(environment)))
            made.append(self._or_again(self.new(known_as, known_as.name[:12], text=text)))
        return made

    def _or_again(self, document: Document) -> Document:
        """The document, or where one is known of the thing, that one with the new people added to its own."""
        found = self.known.get(document.key)
        if found is None:
            return document
        people = tuple(dict.fromkeys((*found.people, *document.people)))
        return copied(found, people=people, updated=self.recorded.time, seq=self.recorded.seq)


Handler = Callable[[Telling[E]], list[Document]]
HANDLERS: dict[type[Event], Handler[Any]] = {}
"""Events that are not here tell of nothing that is searched for."""


def on(event: type[E]) -> Callable[[Handler[E]], Handler[E]]:
    """Enter the decorated function as what the event class tells."""

    def register(handler: Handler[E]) -> Handler[E]:
        HANDLERS[event] = handler
        return handler

    return register
