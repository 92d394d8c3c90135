"""How an aggregate decides and evolves, and what it may look up while it decides."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from headrace_events.avro import Avro
from headrace_events.ids import Micros
from headrace_events.json_schema import JsonSchemas
from headrace_events.language import Command, Event

if TYPE_CHECKING:
    from headrace_events.quota import Quota
    from headrace_events.schema import Schema

S = TypeVar("S")


class Known(Protocol):
    """What the command processor knows at this point of the one order of all commands."""

    @property
    def now(self) -> Micros:
        """When the log took the command that is being decided."""
        ...

    @property
    def actor(self) -> str:
        """Who sent it: `user:<name>` or `system:<processor>`."""
        ...

    def state(self, state: type[S], scope: str | None, key: str) -> S | None:
        """The state of that aggregate, or None where nothing has happened to it."""
        ...

    def in_projects(self, state: type[S]) -> Iterator[tuple[str, S]]:
        """Each project, with its aggregate of which there is one in a project (its key is empty)."""
        ...

    def each(self, state: type[S], scope: str | None) -> Iterator[tuple[str, S]]:
        """Every aggregate of that kind in the project (None: of the platform), with its key, in no order."""
        ...

    @property
    def avro(self) -> Avro:
        """Avro's own rules."""
        ...

    @property
    def json_schemas(self) -> JsonSchemas:
        """JSON Schema's rules."""
        ...

    def schema(self, schema_id: int) -> "Schema | None":
        """The schema of that id, whichever project registered it."""
        ...

    def used(self, project: str, quota: "Quota") -> int:
        """How much of it the project uses; 0 of what the command processor does not count."""
        ...

    def offers(self, project: str, receiver: str) -> int:
        """How many shares the project has offered to the receiver, who has not answered them."""
        ...

    def next_schema_id(self) -> int:
        """The platform-wide id that the next new schema gets."""
        ...

    def secret(self) -> bytes:
        """Random bytes that nobody has seen, for a key that is stored sealed and nowhere else."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """One kind of aggregate: its state and its two pure functions."""

    kind: str
    state: type[Any]
    decide: Callable[[Any, Any, Known], list[Event]]
    evolve: Callable[[Any, Any], Any]


AGGREGATES: dict[str, Aggregate] = {}
KIND_OF_STATE: dict[type[Any], str] = {}


def aggregate(
    kind: str,
    state: type[S],
    *,
    decide: Callable[[S | None, Any, Known], list[Event]],
    evolve: Callable[[S | None, Any], S],
) -> None:
    """Enter a kind of aggregate in the register."""
    AGGREGATES[kind] = Aggregate(kind=kind, state=state, decide=decide, evolve=evolve)
    KIND_OF_STATE[state] = kind


def unknown(message: Command | Event) -> AssertionError:
    """A command or event of another kind reached this aggregate: a bug, never an input."""
    return AssertionError(f"{type(message).__name__} does not belong to {message.kind}")
