"""What every JSON body obeys: no unknown field, no conversion between types, no infinite number, no NUL in a text."""

from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from headrace_events.language import Command
from headrace_schemas.records import from_record

C = TypeVar("C", bound=Command)

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
    def _no_nul(cls, data: Any) -> Any:
        if isinstance(data, dict):
            for name, value in data.items():
                if _has_nul(name) or _has_nul(value):
                    raise ValueError(f"{name!r} holds a NUL character, which no store of ours can keep")
        return data

    def command(self, cls: type[C], **named: Any) -> C:
        """The command with this body's fields and those named in the path."""
        made: C = from_record(cls, {**self.model_dump(), **named})
        return made


def _has_nul(value: Any) -> bool:
    match value:
        case str():
            return "\0" in value
        case list():
            return any(_has_nul(item) for item in value)
        case dict():
            return any(_has_nul(key) or _has_nul(item) for key, item in value.items() if not isinstance(item, dict))
    return False
