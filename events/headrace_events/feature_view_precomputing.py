"""Keeping the vectors of a version of a feature view ready: one row an entity, made as rows come and not when asked.

It can be done where the root's whole primary key is the key of every group that gives features: then a row of a group
changes one vector. A group that is joined by other columns of the root is shared by many entities, and one row of it
would change the vectors of all of them.
"""

from dataclasses import replace

from headrace_events.aggregates import Known
from headrace_events.errors import Invalid, NotFound
from headrace_events.feature_group import FeatureGroup, FeatureGroupVersion
from headrace_events.feature_view import FeatureView, GroupSelection, Join, Selected
from headrace_events.language import Command, Event, command, event, value

MOST_PARTS = 500
"""How many groups give to a vector that is kept ready: each has columns of its own in a table."""


@command("feature_view.precompute")
class PrecomputeFeatureView(Command):
    """Keep the vectors of a version ready from now on; nothing happens where they are."""

    project: str
    name: str
    version: int

    @property
    def key(self) -> str:
        return self.name


@command("feature_view.stop_precomputing")
class StopPrecomputingFeatureView(Command):
    """Keep the vectors of a version ready no more; nothing happens where they are not."""

    project: str
    name: str
    version: int

    @property
    def key(self) -> str:
        return self.name


@value
class VectorPart:
    """What a version of a group gives to each vector: these of its columns, in this order."""

    group: str
    version: int
    features: tuple[str, ...]


@event("feature_view.precomputed")
class FeatureViewPrecomputed(Event):
    """The vectors of the version are kept ready: its features are those of the parts, one part after the other."""

    name: str
    version: int
    parts: tuple[VectorPart, ...]

    @property
    def key(self) -> str:
        return self.name


@event("feature_view.precomputing_stopped")
class FeatureViewPrecomputingStopped(Event):
    """The vectors of the version are put together when they are asked for."""

    name: str
    version: int

    @property
    def key(self) -> str:
        return self.name


def decide(
    state: FeatureView | None, wish: PrecomputeFeatureView | StopPrecomputingFeatureView, known: Known
) -> list[Event]:
    """Begin where it can be done, stop what was begun."""
    name, version = wish.name, wish.version
    if state is None or not state.live(version):
        raise NotFound("feature view", f"{name} version {version}")
    kept = version in state.precomputed
    match wish:
        case PrecomputeFeatureView(project=project):
            parts = _parts(project, state.selected[str(version)], known)
            return [] if kept else [FeatureViewPrecomputed(name=name, version=version, parts=parts)]
        case StopPrecomputingFeatureView():
            return [FeatureViewPrecomputingStopped(name=name, version=version)] if kept else []


def _parts(project: str, selected: Selected, known: Known) -> tuple[VectorPart, ...]:
    """What each group gives; raises Invalid where a row of one would change the vectors of many entities."""
    first, *others = (
        _part(one, selected.hidden) for one in (selected.root, *(join.selection for join in selected.joins))
    )
    parts = tuple(part for part in (first, *others) if part.features)
    root = _group(project, selected.root, known)
    for join, part in zip(selected.joins, others, strict=True):
        if part.features:
            _must_be_the_same_entity(selected.root, root, join, _group(project, join.selection, known))
    if not parts:
        raise Invalid("not-precomputable", "the view has labels and helpers only: there is no vector to keep ready")
    if len(parts) > MOST_PARTS:
        raise Invalid("not-precomputable", f"{len(parts)} groups give features, and {MOST_PARTS} are the most")
    return parts


def _group(project: str, selection: GroupSelection, known: Known) -> FeatureGroupVersion:
    named = f"{selection.group!r} version {selection.version}"
    if selection.project not in {None, project}:
        message = f"{named} is project {selection.project!r}'s, which may take it back: only own groups are kept ready"
        raise Invalid("not-precomputable", message)
    group = known.state(FeatureGroup, project, selection.group)
    version = group.version(selection.version) if group is not None else None
    if version is None:
        raise NotFound("feature group", f"{selection.group} version {selection.version}")
    if not version.online:
        raise Invalid("not-precomputable", f"{named} is not kept online: it gives no vectors")
    return version


def _must_be_the_same_entity(
    root: GroupSelection, left: FeatureGroupVersion, join: Join, right: FeatureGroupVersion
) -> None:
    """Raise Invalid unless the joined group's key is the root's, column by column."""
    of = {pair.right: pair.left for pair in join.on}
    by = tuple(of[name] for name in right.primary_key)
    if by != left.primary_key:
        raise Invalid(
            "not-precomputable",
            f"{join.selection.group!r} is joined by {', '.join(by)}, and the key of {root.group!r} is "
            f"{', '.join(left.primary_key)}: vectors are kept ready where every group has the root's key, in its order",
            {"group": join.selection.group, "joined_by": ", ".join(by), "key": ", ".join(left.primary_key)},
        )


def _part(selection: GroupSelection, hidden: tuple[str, ...]) -> VectorPart:
    """What a model sees of the group's columns."""
    seen = tuple(feature for feature in selection.features if selection.prefix + feature not in hidden)
    return VectorPart(group=selection.group, version=selection.version, features=seen)


def evolve(state: FeatureView, fact: FeatureViewPrecomputed | FeatureViewPrecomputingStopped) -> FeatureView:
    """Fold one event."""
    others = tuple(number for number in state.precomputed if number != fact.version)
    match fact:
        case FeatureViewPrecomputed(version=version):
            return replace(state, precomputed=(*others, version))
        case FeatureViewPrecomputingStopped():
            return replace(state, precomputed=others)
