"""What a path speaks of: a version of a feature group or of a feature view."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Path

from headrace_api.reading import ProjectPath
from headrace_api.versions import Version
from headrace_events import annotation_words
from headrace_events.language import Command
from headrace_schemas.records import from_record

C = TypeVar("C", bound=Command)


class Things(StrEnum):
    """The kinds of things that members say something about, as paths name them."""

    FEATURE_GROUPS = "feature-groups"
    FEATURE_VIEWS = "feature-views"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Thing:
    """The version that a path names."""

    project: str
    kind: annotation_words.Annotated
    name: str
    version: int

    def command(self, cls: type[C], **said: Any) -> C:
        """The command that says this about it."""
        of = {"project": self.project, "kind_of": self.kind.value, "name": self.name, "version": self.version}
        made: C = from_record(cls, {**of, **said})
        return made


async def _named(
    project: ProjectPath,
    things: Annotated[Things, Path(description="feature-groups or feature-views")],
    name: Annotated[str, Path(max_length=200)],
    version: Version,
) -> _Thing:
    kind = annotation_words.Annotated(things.value.removesuffix("s").replace("-", "_"))
    return _Thing(project=project, kind=kind, name=name, version=version)


Thing = Annotated[_Thing, Depends(_named)]
"""The thing that the path names; whether there is one, the command processor says."""
