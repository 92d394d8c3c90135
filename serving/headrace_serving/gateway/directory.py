"""What the gateway knows: members, deployments, models and the views behind them, folded from metadata events."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from headrace_events.deployment import DeploymentCreated, DeploymentDeleted, DeploymentFailed, DeploymentReady
from headrace_events.envelope import Position, Recorded
from headrace_events.feature_group import FeatureGroupCreated
from headrace_events.feature_group_growth import FeatureGroupFeaturesAppended
from headrace_events.feature_view import FeatureViewCreated, GroupSelection, selections
from headrace_events.member import MemberAdded, MemberRemoved, MemberRoleChanged
from headrace_events.model import ModelVersionCreated
from headrace_events.on_demand import arguments_of, to_be_given
from headrace_events.project import ProjectArchived, ProjectClosing, ProjectUnarchived
from headrace_serving.errors import Archived, NotServed


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A deployment of a project."""

    project: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What was asked for, where on the log, and how far it got: created, ready, failed or deleted."""

    place: Place
    model: str
    version: int
    replicas: int
    phase: str
    at: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A feature view with the groups it takes its columns from: its root, then one for each join."""

    created: FeatureViewCreated
    groups: tuple[FeatureGroupCreated, ...]

    @property
    def identity(self) -> tuple[str, ...]:
        """The columns that identify an example: the root's primary key."""
        return self.groups[0].primary_key

    @property
    def keys(self) -> Mapping[str, str]:
        """The columns that features can be found by: those of the identity, and those joins go by → feature type."""
        types = {column.name: column.type for column in self.groups[0].columns}
        lefts = (pair.left for join in self.created.joins if self._gives(join.selection) for pair in join.on)
        return {name: types[name] for name in dict.fromkeys((*self.identity, *lefts))}

    def _gives(self, selection: GroupSelection) -> bool:
        """Whether a group gives anything that a model sees."""
        return any(selection.prefix + feature not in self.created.hidden for feature in selection.features)

    @property
    def types(self) -> Mapping[str, str]:
        """Every column of the view → feature type, in the view's order."""
        found: dict[str, str] = {}
        for selection, group in zip(selections(self.created), self.groups, strict=True):
            types = {column.name: column.type for column in group.columns}
            found |= {selection.prefix + feature: types[feature] for feature in selection.features}
        return found

    @property
    def parameters(self) -> Mapping[str, str]:
        """What its on-demand features are computed of besides columns of the view → feature type."""
        found: dict[str, str] = {}
        for selection, group in zip(selections(self.created), self.groups, strict=True):
            types = {column.name: column.type for column in (*group.columns, *group.request_parameters)}
            found |= to_be_given(selection.prefix, selection.features, arguments_of(group.on_demand), types)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """All that a request needs to know of a deployment."""

    deployed: Deployed
    model: ModelVersionCreated
    view: View | None

    @property
    def types(self) -> Mapping[str, str]:
        """Feature types of what the model may take, of the view and of a request; none where there is no view."""
        return {} if self.view is None else {**self.view.types, **self.view.parameters}


@dataclass(slots=True)
class Directory:
    """All projects' members, deployments, models and views; `changes` counts what happened to deployments.

    One thread folds, others read.
    """

    deployments: dict[Place, Deployed] = field(default_factory=dict)
    changes: int = 0
    _archived: set[str] = field(default_factory=set)
    _members: dict[str, frozenset[str]] = field(default_factory=dict)
    _models: dict[tuple[str, str, int], ModelVersionCreated] = field(default_factory=dict)
    _views: dict[tuple[str, str, int], FeatureViewCreated] = field(default_factory=dict)
    _groups: dict[tuple[str, str, int], FeatureGroupCreated] = field(default_factory=dict)

    def apply(self, recorded: Recorded) -> None:
        """Fold one event; most have nothing to do with serving."""
        project, fact = recorded.project, recorded.event
        match fact:
            case ProjectClosing():
                self._forget(fact.project)
            case ProjectArchived():
                self._archived.add(fact.project)
                self.changes += 1
            case ProjectUnarchived():
                self._archived.discard(fact.project)
                self.changes += 1
        if project is None:
            return
        match fact:
            case MemberAdded(user=user) | MemberRoleChanged(user=user):
                self._members[project] = self._members.get(project, frozenset()) | {user}
            case MemberRemoved(user=user):
                self._members[project] = self._members[project] - {user}
            case FeatureGroupCreated(name=name, version=version):
                self._groups[project, name, version] = fact
            case FeatureGroupFeaturesAppended(name=name, version=version):
                before = self._groups[project, name, version]
                columns = (*before.columns, *(feature.column for feature in fact.features))
                self._groups[project, name, version] = replace(before, columns=columns)
            case FeatureViewCreated(name=name, version=version):
                self._views[project, name, version] = fact
            case ModelVersionCreated(name=name, version=version):
                self._models[project, name, version] = fact
            case DeploymentCreated(name=name):
                place = Place(project, name)
                self.deployments[place] = Deployed(
                    place=place,
                    model=fact.model,
                    version=fact.model_version,
                    replicas=fact.replicas,
                    phase="created",
                    at=recorded.at,
                )
                self.changes += 1
            case DeploymentReady(name=name):
                self._moved(Place(project, name), "ready")
            case DeploymentFailed(name=name):
                self._moved(Place(project, name), "failed")
            case DeploymentDeleted(name=name):
                self._moved(Place(project, name), "deleted")

    def _forget(self, project: str) -> None:
        """Know nothing of the project any more; what runs for it is stopped, for nothing asks for it."""
        self._members.pop(project, None)
        self._archived.discard(project)
        self.deployments = {place: one for place, one in self.deployments.items() if place.project != project}
        self._models = {key: one for key, one in self._models.items() if key[0] != project}
        self._views = {key: one for key, one in self._views.items() if key[0] != project}
        self._groups = {key: one for key, one in self._groups.items() if key[0] != project}
        self.changes += 1

    def _moved(self, place: Place, phase: str) -> None:
        self.deployments[place] = replace(self.deployments[place], phase=phase)
        self.changes += 1

    def is_member(self, project: str, user: str) -> bool:
        """Whether the person belongs to the project now."""
        return user in self._members.get(project, frozenset())

    def should_run(self, deployed: Deployed) -> bool:
        """Whether replicas are wanted now: it has neither failed nor been deleted, and its project is not archived."""
        return deployed.phase in {"created", "ready"} and deployed.place.project not in self._archived

    def find(self, place: Place, version: int | None = None) -> Serving:
        """The deployment, if it serves that model version (None: any); raises NotServed, Archived."""
        deployed = self.deployments.get(place)
        if deployed is None or deployed.phase == "deleted":
            raise NotServed(f"project {place.project!r} has no deployment {place.name!r}")
        if place.project in self._archived:
            raise Archived(f"project {place.project!r} is archived: nothing of it is served until it is unarchived")
        if version not in {None, deployed.version}:
            raise NotServed(
                f"deployment {place.name!r} serves version {deployed.version} of {deployed.model!r}, not {version}"
            )
        try:
            model = self._models[place.project, deployed.model, deployed.version]
            return Serving(deployed=deployed, model=model, view=self._view(place.project, model))
        except KeyError:
            raise NotServed(
                f"deployment {place.name!r} needs what is gone: its project, or one that shared features with it, was"
                " deleted"
            ) from None

    def _view(self, project: str, model: ModelVersionCreated) -> View | None:
        on = model.trained_on
        if on is None:
            return None
        created = self._views[project, on.view, on.view_version]
        taken = selections(created)
        groups = tuple(self._groups[one.home(project), one.group, one.version] for one in taken)
        return View(created=created, groups=groups)
