"""The life of a version of a transformation function: made, and deleted once no view and no feature group uses it."""

from collections.abc import Iterator
from dataclasses import replace

from headrace_events import transformation_function
from headrace_events.aggregates import Known, aggregate
from headrace_events.errors import NotFound
from headrace_events.feature_group import FeatureGroup
from headrace_events.feature_use import InUse
from headrace_events.feature_view import FeatureView
from headrace_events.language import Command, Event, command, event
from headrace_events.transformation_function import TransformationFunction


@command("transformation_function.delete")
class DeleteTransformationFunction(Command):
    """Take a version of a function away; its name and version are never used again."""

    project: str
    name: str
    version: int

    @property
    def key(self) -> str:
        return self.name


@event("transformation_function.deleted")
class TransformationFunctionDeleted(Event):
    """The version is no more; what it was, the event that made it tells."""

    name: str
    version: int

    @property
    def key(self) -> str:
        return self.name


def decide(state: TransformationFunction | None, wish: Command, known: Known) -> list[Event]:
    """Delete what is there and unused; everything else is decided as a function is made."""
    match wish:
        case DeleteTransformationFunction(project=project, name=name, version=version):
            if state is None or state.signature(version) is None:
                raise NotFound("transformation function", f"{name} version {version}")
            function = f"{name}.{version}"
            if users := [*_views(project, function, known), *_groups(project, function, known)]:
                raise InUse("transformation function", f"{name!r} version {version}", users)
            return [TransformationFunctionDeleted(name=name, version=version)]
        case _:
            return transformation_function.decide(state, wish, known)


def _views(project: str, function: str, known: Known) -> Iterator[str]:
    """The views that use the function, given as `<name>.<version>`."""
    for name, view in known.each(FeatureView, project):
        for number, functions in view.functions.items():
            if function in functions and view.live(int(number)):
                yield f"feature view {name} version {number}"


def _groups(project: str, function: str, known: Known) -> Iterator[str]:
    """The feature groups with features that the function computes."""
    for name, group in known.each(FeatureGroup, project):
        for number, version in group.versions.items():
            if function in version.functions and int(number) not in group.deleted:
                yield f"feature group {name} version {number}"


def evolve(state: TransformationFunction | None, fact: Event) -> TransformationFunction:
    """Fold one event."""
    match fact:
        case TransformationFunctionDeleted(version=version) if state is not None:
            return replace(state, deleted=(*state.deleted, version))
        case _:
            return transformation_function.evolve(state, fact)


aggregate("transformation_function", TransformationFunction, decide=decide, evolve=evolve)
