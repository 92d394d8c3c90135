"""The life of a version of a feature view: made, kept ready, and deleted once nothing stands on it any more."""

from dataclasses import replace

from headrace_events import feature_view, feature_view_precomputing
from headrace_events.aggregates import Known, aggregate
from headrace_events.errors import NotFound
from headrace_events.feature_use import view_must_be_unused
from headrace_events.feature_view import FeatureView
from headrace_events.feature_view_precomputing import (
    FeatureViewPrecomputed,
    FeatureViewPrecomputingStopped,
    PrecomputeFeatureView,
    StopPrecomputingFeatureView,
)
from headrace_events.language import Command, Event, command, event


@command("feature_view.delete")
class DeleteFeatureView(Command):
    """Take a version of a view away; its name and version are never used again."""

    project: str
    name: str
    version: int

    @property
    def key(self) -> str:
        return self.name


@event("feature_view.deleted")
class FeatureViewDeleted(Event):
    """The version is no more."""

    name: str
    version: int

    @property
    def key(self) -> str:
        return self.name


def decide(state: FeatureView | None, wish: Command, known: Known) -> list[Event]:
    """Delete what is there and unused; everything else is decided as a view is made."""
    match wish:
        case DeleteFeatureView(project=project, name=name, version=version):
            if state is None or not state.live(version):
                raise NotFound("feature view", f"{name} version {version}")
            view_must_be_unused(project, name, version, known)
            return [FeatureViewDeleted(name=name, version=version)]
        case PrecomputeFeatureView() | StopPrecomputingFeatureView():
            return feature_view_precomputing.decide(state, wish, known)
        case _:
            return feature_view.decide(state, wish, known)


def evolve(state: FeatureView | None, fact: Event) -> FeatureView:
    """Fold one event."""
    match fact:
        case FeatureViewDeleted(version=version) if state is not None:
            others = tuple(number for number in state.precomputed if number != version)
            return replace(state, deleted=(*state.deleted, version), precomputed=others)
        case FeatureViewPrecomputed() | FeatureViewPrecomputingStopped() if state is not None:
            return feature_view_precomputing.evolve(state, fact)
        case _:
            return feature_view.evolve(state, fact)


aggregate("feature_view", FeatureView, decide=decide, evolve=evolve)
