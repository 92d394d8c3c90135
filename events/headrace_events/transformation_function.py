"""Transformation functions: what members wrote to turn features into what a model takes, with its versions."""

import keyword
from collections.abc import Mapping
from dataclasses import replace

from headrace_events.aggregates import Known, unknown
from headrace_events.built_in_functions import BUILT_IN
from headrace_events.errors import Invalid
from headrace_events.ids import object_name
from headrace_events.language import Command, Event, command, event, value
from headrace_events.versions import next_version

MOST_SOURCE = 100_000
"""Characters of a function's source."""
MOST_ARGUMENTS = 100
MOST_RETURNED = 1_000
MODES = ("default", "python", "pandas")
RETURNED = ("boolean", "int", "bigint", "float", "double", "string", "binary", "date", "timestamp")
"""The types of what a function may return."""


@command("transformation_function.create")
class CreateTransformationFunction(Command):
    """Keep a function: `source` is Python, which no server runs; members' programs and deployments' workers do.

    `arguments` are its features, `statistics` those of them whose statistics it reads, `drop` those that its outputs
    replace. `return_types` has a feature type for each output.
    """

    project: str
    name: str
    version: int | None = None
    source: str
    arguments: tuple[str, ...]
    statistics: tuple[str, ...] = ()
    return_types: tuple[str, ...]
    drop: tuple[str, ...] = ()
    mode: str = "default"

    @property
    def key(self) -> str:
        return self.name


@event("transformation_function.created")
class TransformationFunctionCreated(Event):
    """The version exists and never changes."""

    name: str
    version: int
    source: str
    arguments: tuple[str, ...]
    statistics: tuple[str, ...]
    return_types: tuple[str, ...]
    drop: tuple[str, ...]
    mode: str

    @property
    def key(self) -> str:
        return self.name


@value
class Signature:
    """How a version is called: its features, those whose statistics it reads, and the types of what comes out."""

    arguments: tuple[str, ...]
    statistics: tuple[str, ...] = ()
    return_types: tuple[str, ...]

    @property
    def outputs(self) -> int:
        """How many columns come out."""
        return len(self.return_types)


@value
class TransformationFunction:
    """The versions of a function that ever were, by number; the `deleted` ones are there no more."""

    versions: Mapping[str, Signature]
    deleted: tuple[int, ...] = ()

    def signature(self, number: int) -> Signature | None:
        """How the version of that number is called, if it is there."""
        return None if number in self.deleted else self.versions.get(str(number))


def decide(state: TransformationFunction | None, wish: Command, known: Known) -> list[Event]:
    """Take what can be called; whether its source is Python, whoever runs it finds out."""
    match wish:
        case CreateTransformationFunction():
            object_name(wish.name, "transformation function")
            if wish.name in BUILT_IN:
                raise Invalid("built-in-function", f"{wish.name!r} is built in: take another name")
            version = next_version(state.versions if state else {}, wish.version, "transformation function", wish.name)
            _check(wish)
            return [
                TransformationFunctionCreated(
                    name=wish.name,
                    version=version,
                    source=wish.source,
                    arguments=wish.arguments,
                    statistics=wish.statistics,
                    return_types=wish.return_types,
                    drop=wish.drop,
                    mode=wish.mode,
                )
            ]
        case _:
            raise unknown(wish)


def _check(wish: CreateTransformationFunction) -> None:
    if not wish.source.strip() or len(wish.source) > MOST_SOURCE:
        raise Invalid("invalid-source", f"the source of a function has 1 to {MOST_SOURCE:,} characters")
    names = wish.arguments
    if not 0 < len(names) <= MOST_ARGUMENTS or len(set(names)) != len(names) or not all(map(_is_name, names)):
        message = f"a function takes 1 to {MOST_ARGUMENTS} features, each argument with a Python name of its own"
        raise Invalid("invalid-arguments", message)
    for argument in (*wish.statistics, *wish.drop):
        if argument not in names:
            message = f"{wish.name!r} has no argument {argument!r}; it takes {', '.join(names)}"
            raise Invalid("unknown-argument", message, {"argument": argument})
    if not 0 < len(wish.return_types) <= MOST_RETURNED:
        raise Invalid("invalid-return-types", f"a function returns 1 to {MOST_RETURNED:,} columns")
    for kind in wish.return_types:
        if kind not in RETURNED:
            message = f"a function returns {', '.join(RETURNED)}, not {kind!r}"
            raise Invalid("invalid-return-types", message, {"type": kind[:200]})
    if wish.mode not in MODES:
        raise Invalid("invalid-mode", f"a mode is {', '.join(MODES)}, not {wish.mode!r}")


def _is_name(text: str) -> bool:
    return text.isidentifier() and not keyword.iskeyword(text) and len(text) <= 200


def evolve(state: TransformationFunction | None, fact: Event) -> TransformationFunction:
    """Fold one event."""
    match fact:
        case TransformationFunctionCreated():
            signature = Signature(arguments=fact.arguments, statistics=fact.statistics, return_types=fact.return_types)
            before = state or TransformationFunction(versions={})
            return replace(before, versions={**before.versions, str(fact.version): signature})
        case _:
            raise unknown(fact)
