"""What the metadata says of training datasets: which are asked for and not there yet, and what they are made of."""

from dataclasses import dataclass, field

from headrace_events.envelope import Position, Recorded
from headrace_events.external_feature_group import ExternalFeatureGroupCreated, ExternalFeatureGroupDeleted
from headrace_events.feature_group_life import FeatureGroupDeleted
from headrace_events.feature_view import FeatureViewCreated, GroupSelection, selections
from headrace_events.project import ProjectClosing
from headrace_events.training_dataset import TrainingDatasetFailed, TrainingDatasetRecorded, TrainingDatasetRequested
from headrace_projections.history.errors import Impossible
from headrace_projections.rows.groups import Group, Groups

AnyGroup = Group | ExternalFeatureGroupCreated
"""A group whose rows are on its topic, or one whose rows somebody has to have read elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A dataset that was asked for, with the place of the event that says so."""

    project: str
    request: TrainingDatasetRequested
    at: Position

    def __str__(self) -> str:
        request = self.request
        return f"{self.project}: {request.view} version {request.view_version}, training dataset {request.version}"


@dataclass(slots=True)
class Requests:
    """Folded from all metadata events; `take` them in the order of their topic."""

    _groups: Groups = field(default_factory=Groups)
    _ready: dict[tuple[str, str, int], AnyGroup] = field(default_factory=dict)
    _views: dict[tuple[str, str, int], FeatureViewCreated] = field(default_factory=dict)
    _open: dict[tuple[str, str, int, int], Asked] = field(default_factory=dict)
    _closed: set[str] = field(default_factory=set)
    _deleted: set[tuple[str, str, int]] = field(default_factory=set)

    def take(self, recorded: Recorded) -> None:
        """Fold one event."""
        project = recorded.project or ""
        group = self._groups.take(recorded)
        if group is not None:
            self._ready[project, group.name, group.version] = group
        match recorded.event:
            case ProjectClosing(project=closed):
                self._open = {key: asked for key, asked in self._open.items() if asked.project != closed}
                self._ready = {key: one for key, one in self._ready.items() if key[0] != closed}
                self._views = {key: view for key, view in self._views.items() if key[0] != closed}
                self._groups.forget(closed)
                self._closed.add(closed)
            case FeatureGroupDeleted(name=name, version=version, topic=topic):
                self._groups.remove(topic)
                self._ready.pop((project, name, version), None)
                self._deleted.add((project, name, version))
            case ExternalFeatureGroupCreated() as external:
                self._ready[project, external.name, external.version] = external
            case ExternalFeatureGroupDeleted(name=name, version=version):
                self._ready.pop((project, name, version), None)
                self._deleted.add((project, name, version))
            case FeatureViewCreated() as view:
                self._views[project, view.name, view.version] = view
            case TrainingDatasetRequested() as request:
                asked = Asked(project=project, request=request, at=recorded.at)
                self._open[project, request.view, request.view_version, request.version] = asked
            case TrainingDatasetRecorded() | TrainingDatasetFailed() as done:
                self._open.pop((project, done.view, done.view_version, done.version), None)
            case _:
                pass

    def open(self) -> list[Asked]:
        """What is to be made, the oldest request of each project first."""
        return list(self._open.values())

    def view(self, asked: Asked) -> FeatureViewCreated:
        """The view that the dataset is of."""
        return self.view_of(asked.project, asked.request.view, asked.request.view_version)

    def view_of(self, project: str, name: str, version: int) -> FeatureViewCreated:
        """The version of a view of the project."""
        return self._views[project, name, version]

    def group_of(self, project: str, name: str, version: int) -> AnyGroup | None:
        """The version of a group of the project; None while its topic is being opened. Raises Impossible."""
        return self._group(project, GroupSelection(group=name, version=version, features=()))

    def groups(self, asked: Asked) -> list[AnyGroup] | None:
        """As `groups_of`, of the dataset's view."""
        return self.groups_of(asked.project, self.view(asked))

    def groups_of(self, project: str, view: FeatureViewCreated) -> list[AnyGroup] | None:
        """The view's root group and joined groups, in its order; None while a topic of theirs is being opened.

        Raises Impossible where one was shared by a project, and is gone with it or by itself.
        """
        found = [self._group(project, selection) for selection in selections(view)]
        ready = [group for group in found if group is not None]
        return ready if len(ready) == len(found) else None

    def _group(self, project: str, selection: GroupSelection) -> AnyGroup | None:
        home = selection.home(project)
        if home in self._closed:
            raise Impossible(f"feature group {selection.group!r} was shared by project {home!r}, which is deleted")
        if (home, selection.group, selection.version) in self._deleted:
            raise Impossible(f"feature group {selection.group!r} of project {home!r} is deleted")
        return self._ready.get((home, selection.group, selection.version))
