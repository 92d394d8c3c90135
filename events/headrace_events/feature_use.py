"""Who uses a version of a feature group or of a feature view, so that nothing is taken away from under them."""

from collections.abc import Collection, Iterator

from headrace_events.aggregates import Known
from headrace_events.deployment import Deployment
from headrace_events.errors import Conflict
from headrace_events.feature_group import FeatureGroup
from headrace_events.feature_monitor import FeatureMonitor
from headrace_events.feature_monitor_config import Watchable
from headrace_events.feature_view import FeatureView
from headrace_events.model import Model
from headrace_events.share import Share
from headrace_events.shared import Shareable, Shared
from headrace_events.training_dataset import MADE, TrainingDatasets

MOST_NAMED = 10
"""How many users a refusal names; it counts the others."""


class InUse(Conflict):
    """Something else stands on it."""

    def __init__(self, what: str, name: str, users: Collection[str]) -> None:
        found = sorted(set(users))
        more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
        named = ", ".join(found[:MOST_NAMED]) + more
        super().__init__(
            f"{what.replace(' ', '-')}-in-use",
            f"{what} {name} is used by {named}: end or delete that first",
            {"used_by": named, "users": str(len(found))},
        )


def group_must_be_unused(group: Shared, known: Known) -> None:
    """Raise InUse while a view, a streaming group, a monitor, a training dataset in the making or a share needs it."""
    users = [
        *_streams(group, known),
        *_monitors(group.project, Watchable.FEATURE_GROUP, group.name, group.version, known),
    ]
    for view, number in _views(group, group.project, known):
        users.append(f"feature view {view} version {number}")
        users += _datasets(group.project, view, number, {"requested"}, known)
    for share in _shares(group, known):
        if share.shared == group:
            users.append(f"the share with {share.receiver}")
        elif any(_views(group, share.receiver, known)):
            users.append(f"feature views of {share.receiver}, with which the whole feature store is shared")
    if users:
        raise InUse("feature group", f"{group.name!r} version {group.version}", users)


def group_must_be_unread(group: Shared, known: Known) -> None:
    """Raise InUse while a training dataset is being made of the group, wherever it is shared, or a streaming group."""
    readers = [group.project, *(share.receiver for share in _shares(group, known))]
    users = list(_streams(group, known))
    users += [
        dataset if project == group.project else f"a training dataset of {project}"
        for project in dict.fromkeys(readers)
        for view, number in _views(group, project, known)
        for dataset in _datasets(project, view, number, {"requested"}, known)
    ]
    if users:
        raise InUse("feature group", f"{group.name!r} version {group.version}", users)


def topic_must_be_unused(project: str, topic: str, known: Known) -> None:
    """Raise InUse while a streaming feature group is computed from the topic."""
    users = list(_streamed(project, topic, known))
    if users:
        raise InUse("topic", topic, users)


def view_must_be_unused(project: str, name: str, version: int, known: Known) -> None:
    """Raise InUse while the view has a training dataset, made or in the making, or a model has learnt from one."""
    users = _datasets(project, name, version, {"requested", *MADE}, known)
    users += _monitors(project, Watchable.FEATURE_VIEW, name, version, known)
    for model, state in known.each(Model, project):
        for number in (number for number, view in state.views.items() if view == f"{name}.{version}"):
            users.append(f"model {model} version {number}")
            users += _deployments(project, model, int(number), known)
    if users:
        raise InUse("feature view", f"{name!r} version {version}", users)


def _views(group: Shared, project: str, known: Known) -> Iterator[tuple[str, int]]:
    """The versions of views of that project that read the group."""
    for name, view in known.each(FeatureView, project):
        for number in map(int, view.versions):
            if view.live(number) and group in view.read(number, project):
                yield name, number


def _streams(group: Shared, known: Known) -> Iterator[str]:
    """The streaming feature groups that are computed from the group."""
    yield from _streamed(group.project, f"{group.name}.{group.version}", known)


def _streamed(project: str, source: str, known: Known) -> Iterator[str]:
    for name, state in known.each(FeatureGroup, project):
        for number, version in state.versions.items():
            if version.source == source and state.version(int(number)) is not None:
                yield f"streaming feature group {name} version {number}"


def _monitors(project: str, kind: Watchable, name: str, version: int | None, known: Known) -> Iterator[str]:
    """The feature monitors of a group or view."""
    for monitor_name, monitor in known.each(FeatureMonitor, project):
        watched = monitor.watched
        if (watched.kind, watched.name, watched.version) == (kind, name, version) and not monitor.deleted:
            yield f"feature monitor {monitor_name}"


def _shares(group: Shared, known: Known) -> Iterator[Share]:
    """The accepted shares that give the group, by itself or with the whole store."""
    store = Shared(project=group.project, what=Shareable.FEATURE_STORE)
    for _, share in known.each(Share, None):
        if share.accepted and share.shared in {group, store}:
            yield share


def _datasets(project: str, view: str, number: int, phases: Collection[str], known: Known) -> list[str]:
    datasets = known.state(TrainingDatasets, project, f"{view}.{number}")
    found = datasets.versions.items() if datasets is not None else ()
    return [f"training dataset {version} of {view} version {number}" for version, phase in found if phase in phases]


def _deployments(project: str, model: str, number: int, known: Known) -> list[str]:
    served = known.each(Deployment, project)
    return [
        f"deployment {name}"
        for name, one in served
        if one.model == model and one.model_version == number and one.phase != "deleted"
    ]
