"""Feature views: which features of which groups a model sees, and how they are joined as of event time."""

from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from headrace_events.aggregates import Known, unknown
from headrace_events.errors import Invalid, NotFound
from headrace_events.external_feature_group import must_be_ours
from headrace_events.feature_filter import Filter, check_filters
from headrace_events.feature_group import FeatureGroup, FeatureGroupVersion
from headrace_events.ids import object_name
from headrace_events.language import Command, Event, command, event, value
from headrace_events.on_demand import to_be_given
from headrace_events.share import must_be_shared
from headrace_events.shared import Shareable, Shared
from headrace_events.transformation import Transformation, check_transformations, functions_of
from headrace_events.versions import next_version

MOST_SECONDS = 9_999 * 366 * 86_400
"""Longer than all time."""


_WHOLE_NUMBERS = frozenset({"int", "bigint"})
"""The types that are joined with one another."""


@value
class KeyPair:
    """Equal columns of a join: `left` of the root group, `right` of the joined one."""

    left: str
    right: str


@value
class GroupSelection:
    """Features taken from one version of a group; `prefix` goes before their names in the view.

    `project` is the one that shares the group; None, that of the view.
    """

    group: str
    version: int
    features: tuple[str, ...]
    prefix: str = ""
    project: str | None = None

    def home(self, project: str) -> str:
        """The project whose group it is, in a view of that project."""
        return project if self.project is None else self.project


@value
class Join:
    """A group joined to the root: the last row by (event time, known-at, offset) not after the root's event time.

    With `lookback_seconds` a row counts that long after its event time, as with the group's time to live.
    """

    selection: GroupSelection
    on: tuple[KeyPair, ...]
    kind: str = "left"
    lookback_seconds: int | None = None


@command("feature_view.create")
class CreateFeatureView(Command):
    """Make a version of a view. The root group's rows are the examples; `labels` name view columns to predict.

    `inference_helpers` and `training_helpers` name columns that no model sees: what is asked for beside a vector, and
    what is read beside training data. `filters` all have to keep an example. With `known_at` an example sees only rows
    that were known at its event time. `transformations` are what a model sees instead of the columns they replace.
    """

    project: str
    name: str
    version: int | None = None
    description: str = ""
    root: GroupSelection
    joins: tuple[Join, ...] = ()
    labels: tuple[str, ...] = ()
    inference_helpers: tuple[str, ...] = ()
    training_helpers: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    known_at: bool = False
    transformations: tuple[Transformation, ...] = ()

    @property
    def key(self) -> str:
        return self.name


@event("feature_view.created")
class FeatureViewCreated(Event):
    """The version exists and never changes."""

    name: str
    version: int
    description: str
    root: GroupSelection
    joins: tuple[Join, ...]
    labels: tuple[str, ...]
    inference_helpers: tuple[str, ...] = ()
    training_helpers: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    known_at: bool = False
    transformations: tuple[Transformation, ...] = ()

    @property
    def key(self) -> str:
        return self.name

    @property
    def hidden(self) -> frozenset[str]:
        """The columns that no model sees: labels and helpers."""
        return frozenset((*self.labels, *self.inference_helpers, *self.training_helpers))


@value
class Selected:
    """What a version takes of which groups, and which of these columns no model sees."""

    root: GroupSelection
    joins: tuple[Join, ...]
    hidden: tuple[str, ...]


@value
class FeatureView:
    """The versions of a view that ever were, by number, each with the names of its columns, and what they read.

    `borrowed` is what other projects share, `groups` (as `<name>.<version>`) the project's own, `functions` those of
    members that transform the features; the `deleted` versions are there no more, of the `precomputed` ones the vectors
    are kept ready.
    """

    versions: Mapping[str, tuple[str, ...]]
    borrowed: Mapping[str, tuple[Shared, ...]] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    deleted: tuple[int, ...] = ()
    functions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    selected: Mapping[str, Selected] = field(default_factory=dict)
    precomputed: tuple[int, ...] = ()

    def read(self, number: int, project: str) -> tuple[Shared, ...]:
        """The groups that a version reads, in a view of that project."""
        own = (one.rpartition(".") for one in self.groups.get(str(number), ()))
        mine = (
            Shared(project=project, what=Shareable.FEATURE_GROUP, name=name, version=int(at)) for name, _, at in own
        )
        return (*mine, *self.borrowed.get(str(number), ()))

    def live(self, number: int) -> bool:
        """Whether the version of that number is there."""
        return str(number) in self.versions and number not in self.deleted


def decide(state: FeatureView | None, wish: Command, known: Known) -> list[Event]:
    """Check that every group, feature and key exists, and that no two columns share a name."""
    match wish:
        case CreateFeatureView():
            wish = _here(wish)
            object_name(wish.name, "feature view")
            version = next_version(state.versions if state else {}, wish.version, "feature view", wish.name)
            root = _group(known, wish.project, wish.root, known_at=wish.known_at)
            if wish.joins and root.event_time is None:
                raise Invalid("no-event-time", f"group {wish.root.group!r} needs an event time to be joined as of it")
            joined = [_group(known, wish.project, join.selection, known_at=wish.known_at) for join in wish.joins]
            for join, right in zip(wish.joins, joined, strict=True):
                _check_join(join, root, right)
            _check_columns(wish)
            _check_arguments(wish, (root, *joined))
            check_filters(wish.filters, root.types, [right.types for right in joined])
            check_transformations(
                wish.transformations,
                wish.project,
                _types(selections(wish), (root, *joined)),
                known,
                labels=frozenset(wish.labels),
                helpers=frozenset((*wish.inference_helpers, *wish.training_helpers)),
            )
            return [
                FeatureViewCreated(
                    name=wish.name,
                    version=version,
                    description=wish.description,
                    root=wish.root,
                    joins=wish.joins,
                    labels=wish.labels,
                    inference_helpers=wish.inference_helpers,
                    training_helpers=wish.training_helpers,
                    filters=wish.filters,
                    known_at=wish.known_at,
                    transformations=wish.transformations,
                )
            ]
        case _:
            raise unknown(wish)


def columns(root: GroupSelection, joins: tuple[Join, ...]) -> tuple[str, ...]:
    """The names of a view's columns, in order."""
    taken = (root, *(join.selection for join in joins))
    return tuple(selection.prefix + feature for selection in taken for feature in selection.features)


def selections(view: CreateFeatureView | FeatureViewCreated) -> tuple[GroupSelection, ...]:
    """What the view takes of its root group and of each joined one, in order."""
    return (view.root, *(join.selection for join in view.joins))


def _types(taken: Iterable[GroupSelection], groups: Iterable[FeatureGroupVersion]) -> dict[str, str]:
    """Every column of the view → its feature type."""
    return {
        selection.prefix + feature: group.types[feature]
        for selection, group in zip(taken, groups, strict=True)
        for feature in selection.features
    }


def borrowed(taken: Iterable[GroupSelection]) -> tuple[Shared, ...]:
    """The groups of other projects that features are taken from, each once."""
    found = (
        Shared(project=one.project, what=Shareable.FEATURE_GROUP, name=one.group, version=one.version)
        for one in taken
        if one.project is not None
    )
    return tuple(dict.fromkeys(found))


def _here(view: CreateFeatureView) -> CreateFeatureView:
    """The same view, naming no project for what is its own."""

    def own(selection: GroupSelection) -> GroupSelection:
        return replace(selection, project=None) if selection.project == view.project else selection

    joins = tuple(replace(join, selection=own(join.selection)) for join in view.joins)
    return replace(view, root=own(view.root), joins=joins)


def _group(known: Known, project: str, selection: GroupSelection, *, known_at: bool) -> FeatureGroupVersion:
    for shared in borrowed((selection,)):
        must_be_shared(shared, project, known)
    group = known.state(FeatureGroup, selection.home(project), selection.group)
    version = group.version(selection.version) if group else None
    if version is None:
        raise NotFound("feature group", f"{selection.group} version {selection.version}")
    if selection.project is not None:
        must_be_ours(group, selection.group, selection.version, "only its own project reads it")
    if known_at and version.known_at is None:
        instead = "make the view without known_at, or a version of the group whose known_at column says it"
        must_be_ours(group, selection.group, selection.version, instead)
    if not selection.features:
        raise Invalid("no-features", f"select at least one feature of {selection.group!r}")
    for feature in selection.features:
        if feature not in version.columns:
            raise Invalid("unknown-feature", f"{selection.group!r} has no feature {feature!r}", {"feature": feature})
    return version


def _check_columns(wish: CreateFeatureView) -> None:
    """Raise Invalid unless names are names, used once, and labels and helpers are different columns of the view."""
    for selection in selections(wish):
        if selection.prefix:
            object_name(selection.prefix, "prefix")
    names = columns(wish.root, wish.joins)
    if len(set(names)) != len(names):
        raise Invalid("duplicate-column", "two columns of the view have one name: give a join a prefix")
    for label in wish.labels:
        if label not in names:
            raise Invalid("unknown-label", f"label {label!r} is not a column of the view", {"label": label})
    for helper in (*wish.inference_helpers, *wish.training_helpers):
        if helper not in names:
            raise Invalid("unknown-helper", f"helper {helper!r} is not a column of the view", {"helper": helper})
    given = (*wish.labels, *wish.inference_helpers, *wish.training_helpers)
    twice = next((name for name in given if given.count(name) > 1), None)
    if twice is not None:
        message = f"{twice!r} is named twice among labels, inference helpers and training helpers: name it once"
        raise Invalid("column-twice", message, {"column": twice})


def _check_arguments(wish: CreateFeatureView, groups: Iterable[FeatureGroupVersion]) -> None:
    """Raise Invalid where what an on-demand feature is to be given has the name of something else in the view."""
    names = columns(wish.root, wish.joins)
    given: dict[str, str] = {}
    for taken, group in zip(selections(wish), groups, strict=True):
        types = {**group.types, **group.request_parameters}
        for name, kind in to_be_given(taken.prefix, taken.features, group.on_demand, types).items():
            if name in names or given.setdefault(name, kind) != kind:
                message = f"on-demand features of {taken.group!r} take {name!r}, which is something else in the view"
                raise Invalid("argument-twice", f"{message}: give the join a prefix", {"argument": name})


def _check_join(join: Join, root: FeatureGroupVersion, right: FeatureGroupVersion) -> None:
    if join.kind not in {"left", "inner"}:
        raise Invalid("invalid-join", f"a join is left or inner, not {join.kind!r}")
    if join.lookback_seconds is not None and not 0 < join.lookback_seconds <= MOST_SECONDS:
        raise Invalid("invalid-lookback", f"a lookback is 1 to {MOST_SECONDS} seconds")
    if right.event_time is None:
        raise Invalid("no-event-time", f"group {join.selection.group!r} needs an event time to be joined as of it")
    if sorted(pair.right for pair in join.on) != sorted(right.primary_key):
        raise Invalid(
            "join-not-on-key",
            f"a join with {join.selection.group!r} names its whole primary key, each column once: "
            f"{', '.join(right.primary_key)}",
        )
    for pair in join.on:
        if pair.left not in root.columns:
            raise Invalid("unknown-column", f"the root group has no column {pair.left!r}", {"column": pair.left})
        here, there = root.types[pair.left], right.types[pair.right]
        if here != there and not {here, there} <= _WHOLE_NUMBERS:
            raise Invalid(
                "join-types-differ",
                f"{pair.left!r} is {here}, and {join.selection.group!r}.{pair.right!r} is {there}: join one type",
                {"left": pair.left, "right": pair.right},
            )


def evolve(state: FeatureView | None, fact: Event) -> FeatureView:
    """Fold one event."""
    match fact:
        case FeatureViewCreated(version=version, root=root, joins=joins):
            before = state or FeatureView(versions={})
            others = borrowed(selections(fact))
            own = dict.fromkeys(f"{one.group}.{one.version}" for one in selections(fact) if one.project is None)
            functions = functions_of(fact.transformations)
            return replace(
                before,
                versions={**before.versions, str(version): columns(root, joins)},
                borrowed={**before.borrowed, str(version): others} if others else before.borrowed,
                groups={**before.groups, str(version): tuple(own)},
                functions={**before.functions, str(version): functions} if functions else before.functions,
                selected={
                    **before.selected,
                    str(version): Selected(root=root, joins=joins, hidden=tuple(sorted(fact.hidden))),
                },
            )
        case _:
            raise unknown(fact)
