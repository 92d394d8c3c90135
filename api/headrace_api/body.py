"""What every JSON body obeys: no unknown field, no conversion between types, no infinity, no NUL, no great depth."""

from collections.abc import Iterable
from itertools import chain
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from headrace_events.language import Command
from headrace_schemas.records import from_record

C = TypeVar("C", bound=Command)

DEEPEST = 100
"""How deep lists and objects lie in one another at most."""

Text = Annotated[str, Field(max_length=10_000)]
"""A description."""

Name = Annotated[str, Field(max_length=200)]
"""A name; whether it is a good one, the command processor says."""


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a NUL character, which no store of ours can keep")
    return text


Kept = Annotated[str, AfterValidator(_no_nul)]
"""A text that a store is asked for or given, in a body that is no `Body`: of a protocol that others made."""


class Body(BaseModel):
    """A body that somebody sends."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _kept(cls, data: Any) -> Any:
        if isinstance(data, dict):
            for name, value in data.items():
                if (wrong := _unkept(name, DEEPEST) or _unkept(value, DEEPEST)) is not None:
                    raise ValueError(f"{name[:200]!r} {wrong}")
        return data

    def command(self, cls: type[C], **named: Any) -> C:
        """The command with this body's fields and those named in the path."""
        made: C = from_record(cls, {**self.model_dump(), **named})
        return made


def _unkept(value: Any, deepest: int) -> str | None:
    """Why no store of ours can keep the value; None where one can."""
    if deepest < 0:
        return f"is nested deeper than {DEEPEST} levels"
    if isinstance(value, str):
        return "holds a NUL character, which no store of ours can keep" if "\0" in value else None
    if isinstance(value, list):
        inner: Iterable[Any] = value
    elif isinstance(value, dict):
        inner = chain(value, value.values())
    else:
        return None
    for one in inner:
        if (wrong := _unkept(one, deepest - 1)) is not None:
            return wrong
    return None


def _sayable(value: Any) -> Any:
    match value:
        case str():
            if not value.isascii():
                value.encode()
        case int() if not -(1 << 63) <= value < 1 << 64:
            raise ValueError("a whole number has at most 64 bits")
        case list():
            for item in value:
                _sayable(item)
        case dict():
            for name, item in value.items():
                _sayable(name)
                _sayable(item)
    return value


Sayable = Annotated[Any, AfterValidator(_sayable)]
"""Any JSON that an answer can say again: in Unicode, with numbers of at most 64 bits."""
