"""The life of a version of a feature group: made, cleared, and deleted once nothing stands on it any more."""

from dataclasses import replace

from headrace_events import external_feature_group, feature_group, feature_group_clearing, feature_group_streaming
from headrace_events.aggregates import Known, aggregate
from headrace_events.errors import NotFound, NotReady
from headrace_events.external_feature_group import (
    CreateExternalFeatureGroup,
    DeleteExternalFeatureGroup,
    ExternalFeatureGroupCreated,
    ExternalFeatureGroupDeleted,
    must_be_ours,
)
from headrace_events.feature_group import FeatureGroup
from headrace_events.feature_group_clearing import (
    ClearFeatureGroup,
    FeatureGroupCleared,
    FeatureGroupClearRequested,
    RecordFeatureGroupCleared,
)
from headrace_events.feature_group_growth import AppendFeatures
from headrace_events.feature_group_streaming import CreateStreamingFeatureGroup, StreamingDeclared, must_not_stream
from headrace_events.feature_statistics import ConfigureStatistics
from headrace_events.feature_use import group_must_be_unread, group_must_be_unused
from headrace_events.language import Command, Event, command, event
from headrace_events.shared import Shareable, Shared
from headrace_events.subject import Subject, SubjectVersionDeleted
from headrace_events.topic import Topic, TopicClosed


@command("feature_group.delete")
class DeleteFeatureGroup(Command):
    """Take a version of a feature group away with all its rows; its name and version are never used again."""

    project: str
    name: str
    version: int

    @property
    def key(self) -> str:
        return self.name


@event("feature_group.deleted")
class FeatureGroupDeleted(Event):
    """The version is no more: whoever keeps its rows, online or offline, lets go of them."""

    name: str
    version: int
    topic: str

    @property
    def key(self) -> str:
        return self.name


def decide(state: FeatureGroup | None, wish: Command, known: Known) -> list[Event]:
    """Clear what nothing is being made of; delete what is unused, with its topic; else, as a group is made."""
    match wish:
        case DeleteFeatureGroup(project=project, name=name, version=version):
            if state is None or state.version(version) is None:
                raise NotFound("feature group", f"{name} version {version}")
            must_be_ours(state, name, version, "delete it as one")
            topic = f"{project}.features.{name}.{version}"
            carried = known.state(Topic, project, topic)
            if carried is None or not carried.opened:
                raise NotReady("topic", topic, "requested")
            group_must_be_unused(_named(project, name, version), known)
            return [
                FeatureGroupDeleted(name=name, version=version, topic=topic),
                TopicClosed(name=topic),
                *_schemas(project, f"{name}_{version}", known),
            ]
        case ClearFeatureGroup(project=project, name=name, version=version):
            must_be_ours(state, name, version, "it keeps no rows here to clear")
            requested = feature_group_clearing.ask(state, wish, known)
            must_not_stream(state, name, version)
            group_must_be_unread(_named(project, name, version), known)
            return requested
        case CreateStreamingFeatureGroup():
            return feature_group_streaming.declare(state, wish, known)
        case RecordFeatureGroupCleared():
            return feature_group_clearing.record(state, wish)
        case CreateExternalFeatureGroup():
            return external_feature_group.create(state, wish, known)
        case DeleteExternalFeatureGroup(project=project, name=name, version=version):
            found = state.version(version) if state is not None else None
            if found is None or found.external is None:
                raise NotFound("external feature group", f"{name} version {version}")
            group_must_be_unused(_named(project, name, version), known)
            return [ExternalFeatureGroupDeleted(name=name, version=version)]
        case AppendFeatures(name=name, version=version):
            must_be_ours(state, name, version, "make a new version with other features")
            must_not_stream(state, name, version)
            return feature_group.decide(state, wish, known)
        case ConfigureStatistics(name=name, version=version):
            must_be_ours(state, name, version, "it keeps no rows here to count")
            return feature_group.decide(state, wish, known)
        case _:
            return feature_group.decide(state, wish, known)


def _named(project: str, name: str, version: int) -> Shared:
    return Shared(project=project, what=Shareable.FEATURE_GROUP, name=name, version=version)


def _schemas(project: str, subject: str, known: Known) -> list[Event]:
    """The versions of the rows' schema are hidden, but those that other schemas refer to."""
    found = known.state(Subject, project, subject)
    free = [one.version for one in found.live if not one.referrers] if found is not None else []
    return [SubjectVersionDeleted(subject=subject, version=version) for version in free]


def evolve(state: FeatureGroup | None, fact: Event) -> FeatureGroup:
    """Fold one event."""
    match fact:
        case FeatureGroupDeleted(version=version) if state is not None:
            return replace(state, deleted=(*state.deleted, version))
        case FeatureGroupClearRequested() | FeatureGroupCleared() if state is not None:
            return feature_group_clearing.evolve(state, fact)
        case ExternalFeatureGroupCreated() | ExternalFeatureGroupDeleted():
            return external_feature_group.evolve(state, fact)
        case StreamingDeclared() if state is not None:
            return feature_group_streaming.evolve(state, fact)
        case _:
            return feature_group.evolve(state, fact)


aggregate("feature_group", FeatureGroup, decide=decide, evolve=evolve)
