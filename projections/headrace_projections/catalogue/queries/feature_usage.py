"""Who uses which feature: views that select it, models that learnt from these, deployments that serve them.

Streaming groups use what they are computed from.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from headrace_events.feature_filter import Filter
from headrace_events.feature_view import GroupSelection, Join
from headrace_events.language import value
from headrace_events.model import TrainedOn
from headrace_events.on_demand import arguments_of
from headrace_projections.catalogue.queries.external_feature_groups import (
    ExternalFeatureGroupRow,
    external_feature_groups,
)
from headrace_projections.catalogue.queries.feature_groups import FeatureGroupRow, StreamingRow, feature_groups
from headrace_projections.catalogue.queries.rows import Pool, all_of

NOTHING: Mapping[str, Sequence[str]] = {}
AnyGroupRow = FeatureGroupRow | ExternalFeatureGroupRow
"""A group whose rows are here, or one whose rows are in another database."""


@value
class ViewUse:
    """A view that reads the feature as its column of that name.

    `role` is feature, label, inference helper or training helper; of a column of the group that the view does not have,
    key (of a join) or filter.
    """

    name: str
    version: int
    column: str
    role: str


@value
class StreamUse:
    """A streaming feature group that is computed from the feature; `role` is aggregated, or key of its windows."""

    name: str
    version: int
    role: str


@value
class ModelUse:
    """A model version that takes the feature, or learnt to predict it."""

    name: str
    version: int


@value
class FeatureUse:
    """Who uses a feature; `projects` are others whose views read it because it is shared with them."""

    feature: str
    views: tuple[ViewUse, ...] = ()
    models: tuple[ModelUse, ...] = ()
    deployments: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    streams: tuple[StreamUse, ...] = ()

    @property
    def used(self) -> bool:
        """Whether a view or a streaming group reads it."""
        return bool(self.views or self.projects or self.streams)


@value
class UnusedFeatures:
    """Features of a version of a group that nothing reads; keys and the event time are none of them."""

    name: str
    version: int
    features: tuple[str, ...]


@value
class ReadingView:
    """What a view reads, and of which project it is."""

    project: str
    name: str
    version: int
    root: GroupSelection
    joins: tuple[Join, ...]
    labels: tuple[str, ...]
    inference_helpers: tuple[str, ...] = ()
    training_helpers: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()

    def role(self, column: str) -> str:
        """As what the view has the column."""
        hidden = {"label": self.labels, "inference helper": self.inference_helpers}
        hidden["training helper"] = self.training_helpers
        return next((role for role, names in hidden.items() if column in names), "feature")


@value
class LearntModel:
    """A model version that learnt from a training dataset."""

    name: str
    version: int
    inputs: tuple[str, ...]
    trained_on: TrainedOn


@value
class ServedModel:
    """A deployment that is not deleted."""

    name: str
    model: str
    model_version: int


@value
class ReadingStream:
    """What a streaming feature group of the project is computed from."""

    name: str
    version: int
    streaming: StreamingRow

    def role(self, feature: str) -> str | None:
        """As what it reads a feature of its source, if it does."""
        if feature in self.streaming.keys:
            return "key"
        return "aggregated" if any(one.column == feature for one in self.streaming.aggregations) else None


@value
class Consumers:
    """Everything that may use a feature of a project's groups."""

    project: str
    streams: tuple[ReadingStream, ...] = ()
    views: tuple[ReadingView, ...]
    models: tuple[LearntModel, ...]
    deployments: tuple[ServedModel, ...]

    def of(
        self, group: str, version: int, features: Sequence[str], on_demand: Mapping[str, Sequence[str]] = NOTHING
    ) -> tuple[FeatureUse, ...]:
        """Who uses each of these features of a group, in their order.

        `on_demand` has the arguments of features that are computed: a model that takes all of them takes the feature.
        """
        views: dict[str, list[ViewUse]] = {feature: [] for feature in features}
        projects: dict[str, set[str]] = {feature: set() for feature in features}
        for view in self.views:
            for feature, column, role in _reads(view, self.project, group, version):
                if feature not in views:
                    continue
                if view.project == self.project:
                    views[feature].append(ViewUse(name=view.name, version=view.version, column=column, role=role))
                else:
                    projects[feature].add(view.project)
        source = (group, version)
        streams = [one for one in self.streams if (one.streaming.source, one.streaming.source_version) == source]
        return tuple(
            replace(
                self._use(feature, on_demand.get(feature, ()), views[feature], projects[feature]),
                streams=tuple(
                    StreamUse(name=one.name, version=one.version, role=read_as)
                    for one in streams
                    if (read_as := one.role(feature)) is not None
                ),
            )
            for feature in features
        )

    def _use(
        self, feature: str, arguments: Sequence[str], views: Sequence[ViewUse], projects: Iterable[str]
    ) -> FeatureUse:
        models = [model for model in self.models if any(_takes(model, view, feature, arguments) for view in views)]
        named = {(model.name, model.version) for model in models}
        served = [one.name for one in self.deployments if (one.model, one.model_version) in named]
        return FeatureUse(
            feature=feature,
            views=tuple(views),
            models=tuple(ModelUse(name=model.name, version=model.version) for model in models),
            deployments=tuple(served),
            projects=tuple(sorted(projects)),
        )


def _reads(view: ReadingView, project: str, group: str, version: int) -> Iterator[tuple[str, str, str]]:
    """What the view reads of the group: the feature, what the view calls it, and as what."""
    for join, selection in enumerate((view.root, *(join.selection for join in view.joins)), -1):
        if (selection.home(view.project), selection.group, selection.version) != (project, group, version):
            continue
        for feature in selection.features:
            column = selection.prefix + feature
            yield feature, column, view.role(column)
        taken = set(selection.features)
        unseen = [(pair.left, "key") for one in view.joins for pair in one.on if join < 0]
        unseen += [(name, "filter") for name in _filtered(view.filters, None if join < 0 else join)]
        for feature, role in dict(reversed(unseen)).items():
            if feature not in taken:
                yield feature, feature, role


def _filtered(filters: Iterable[Filter], join: int | None) -> list[str]:
    return [one.column for kept in filters for one in kept.any_of if one.join == join]


def _takes(model: LearntModel, view: ViewUse, feature: str, arguments: Sequence[str]) -> bool:
    if (model.trained_on.view, model.trained_on.view_version) != (view.name, view.version):
        return False
    prefix = view.column.removesuffix(feature)
    computes = bool(arguments) and all(prefix + name in model.inputs for name in arguments)
    return view.role == "label" or view.column in model.inputs or (view.role == "feature" and computes)


async def usage(pool: Pool, project: str, name: str, version: int) -> tuple[FeatureUse, ...] | None:
    """Who uses each feature of a version of a group; None where there is no such version."""
    rows: Sequence[AnyGroupRow] = await feature_groups(pool, project, name, version)
    rows = rows or await external_feature_groups(pool, project, name, version)
    if not rows:
        return None
    (row,) = rows
    computed = arguments_of(row.on_demand) if isinstance(row, FeatureGroupRow) else NOTHING
    consumers = await _consumers(pool, project)
    return consumers.of(name, version, [column.name for column in row.columns], computed)


async def unused_features(pool: Pool, project: str) -> list[UnusedFeatures]:
    """The features of the project's groups, external ones too, that nobody uses; groups without any are left out."""
    consumers = await _consumers(pool, project)
    rows: list[AnyGroupRow] = [*await feature_groups(pool, project), *await external_feature_groups(pool, project)]
    found = [unused(consumers, row) for row in sorted(rows, key=lambda row: (row.name, -row.version))]
    return [one for one in found if one.features]


def unused(consumers: Consumers, row: AnyGroupRow) -> UnusedFeatures:
    """The features of a version of a group that nobody uses."""
    given = {*row.primary_key, row.event_time}
    uses = consumers.of(row.name, row.version, [column.name for column in row.columns if column.name not in given])
    free = tuple(use.feature for use in uses if not use.used)
    return UnusedFeatures(name=row.name, version=row.version, features=free)


async def _consumers(pool: Pool, project: str) -> Consumers:
    of: Mapping[str, str] = {"project": project}
    views = """
        SELECT project, name, version, root, joins, labels, inference_helpers, training_helpers, filters
        FROM catalogue.feature_views
        WHERE project = %(project)s OR root->>'project' = %(project)s
           OR jsonb_path_exists(joins, '$[*].selection.project ? (@ == $project)',
                                jsonb_build_object('project', %(project)s::text))
        ORDER BY project, name, version"""
    models = """
        SELECT name, version, inputs, trained_on FROM catalogue.model_versions
        WHERE project = %(project)s AND trained_on IS NOT NULL ORDER BY name, version"""
    deployments = """
        SELECT name, model, model_version FROM catalogue.deployments
        WHERE project = %(project)s AND phase <> 'deleted' ORDER BY name"""
    streams = """
        SELECT name, version, streaming FROM catalogue.feature_groups
        WHERE project = %(project)s AND streaming IS NOT NULL ORDER BY name, version"""
    return Consumers(
        project=project,
        streams=tuple(await all_of(pool, ReadingStream, streams, **of)),
        views=tuple(await all_of(pool, ReadingView, views, **of)),
        models=tuple(await all_of(pool, LearntModel, models, **of)),
        deployments=tuple(await all_of(pool, ServedModel, deployments, **of)),
    )
