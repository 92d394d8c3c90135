"""What a command and an event are, and the registers of all of them.

A command or event is a frozen value. Its wire name is `<kind>.<verb>`; the kind names the aggregate it belongs to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, TypeVar, dataclass_transform

T = TypeVar("T")


class Home(StrEnum):
    """The kind of topic an event is written to."""

    PLATFORM = "platform"
    PROJECT = "project"
    CREDENTIALS = "credentials"


class Command:
    """A wish, in the imperative, addressed to one aggregate."""

    __slots__ = ()
    wire: ClassVar[str]

    @property
    def kind(self) -> str:
        """The kind of the aggregate that decides."""
        return self.wire.partition(".")[0]

    @property
    def scope(self) -> str | None:
        """The project it is addressed to, or None for the platform."""
        project = getattr(self, "project", None)
        return project if isinstance(project, str) and self.kind != "project" else None

    @property
    def key(self) -> str:
        """The name of the aggregate among those of its kind and scope."""
        raise NotImplementedError


class Event:
    """A fact, in the past tense; never edited, never removed."""

    __slots__ = ()
    wire: ClassVar[str]
    home: ClassVar[Home]

    @property
    def kind(self) -> str:
        """The kind of the aggregate it happened to."""
        return self.wire.partition(".")[0]

    @property
    def key(self) -> str:
        """The name of the aggregate among those of its kind and scope."""
        raise NotImplementedError


class Erasure(Event):
    """A fact that takes the place of what lay under its key on the credentials topic, so that the topic forgets it."""

    __slots__ = ()


COMMANDS: dict[str, type[Command]] = {}
EVENTS: dict[str, type[Event]] = {}

_C = TypeVar("_C", bound=Command)
_E = TypeVar("_E", bound=Event)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def value(cls: type[T]) -> type[T]:
    """Make the class a frozen, slotted, keyword-only dataclass."""
    return dataclass(frozen=True, slots=True, kw_only=True)(cls)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def command(wire: str) -> Callable[[type[_C]], type[_C]]:
    """Make the class a value and enter it in the register of commands under its wire name."""

    def register(cls: type[_C]) -> type[_C]:
        made = dataclass(frozen=True, slots=True, kw_only=True)(cls)
        made.wire = wire
        COMMANDS[wire] = made
        return made

    return register


@dataclass_transform(frozen_default=True, kw_only_default=True)
def event(wire: str, home: Home = Home.PROJECT) -> Callable[[type[_E]], type[_E]]:
    """Make the class a value and enter it in the register of events under its wire name."""

    def register(cls: type[_E]) -> type[_E]:
        made = dataclass(frozen=True, slots=True, kw_only=True)(cls)
        made.wire = wire
        made.home = home
        EVENTS[wire] = made
        return made

    return register
