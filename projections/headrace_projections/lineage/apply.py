"""From events to edges: a pure function of one event, and the small memory that a deletion needs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from headrace_events.deployment import DeploymentCreated, DeploymentDeleted
from headrace_events.envelope import Recorded
from headrace_events.external_feature_group import ExternalFeatureGroupCreated, ExternalFeatureGroupDeleted
from headrace_events.feature_group import FeatureGroupCreated
from headrace_events.feature_group_life import FeatureGroupDeleted
from headrace_events.feature_group_streaming import StreamingDeclared
from headrace_events.feature_view import FeatureViewCreated
from headrace_events.feature_view_life import FeatureViewDeleted
from headrace_events.ids import ProjectName
from headrace_events.language import Event
from headrace_events.lineage_run import RunEventRecorded
from headrace_events.model import ModelVersionCreated, TrainedOn
from headrace_events.project import ProjectClosing
from headrace_events.study import StudyCreated, TrialStarted
from headrace_events.topic import TopicOpened, TopicRequested
from headrace_events.training_dataset import TrainingDatasetRequested
from headrace_events.transformation_function import TransformationFunctionCreated
from headrace_events.transformation_function_life import TransformationFunctionDeleted
from headrace_projections.lineage import node
from headrace_projections.lineage.edge import Edge
from headrace_projections.lineage.node import Node, NodeKind

Link = tuple[Node, str, Node]
"""Source, kind of edge, target."""


def edges_of(recorded: Recorded) -> list[Edge]:
    """The edges an event makes, each once, in a fixed order; none where it joins nothing."""
    if recorded.project is None:
        return []
    links = dict.fromkeys(_links(recorded.project, recorded.event))
    if recorded.actor.startswith("user:"):
        author = node.person(recorded.actor.removeprefix("user:"))
        made = _made(recorded.event)
        did = "claimed" if isinstance(recorded.event, RunEventRecorded) else "created"
        links |= {(author, did, made): None} if made is not None else {}
    return [
        Edge(
            project=ProjectName(recorded.project),
            source=source,
            target=target,
            kind=kind,
            since_seq=recorded.seq,
            since=recorded.time,
            actor=recorded.actor,
            position=str(recorded.at),
        )
        for source, kind, target in links
    ]


def _links(project: str, event: Event) -> Iterator[Link]:
    match event:
        case TopicOpened(name=name):
            yield Node(NodeKind.PROJECT, project), "contains", node.topic(name)
        case FeatureGroupCreated(name=name, version=version, topic=topic):
            yield node.topic(topic), "feeds", node.feature_group(name, version)
        case StreamingDeclared(name=name, version=version, source=source, source_version=number):
            group = node.feature_group(name, version)
            yield node.feature_group(source, number) if number else node.topic(source), "streamed_into", group
        case FeatureViewCreated(name=name, version=version, root=root, joins=joins):
            view = node.feature_view(name, version)
            for selection in (root, *(join.selection for join in joins)):
                yield node.feature_group(selection.group, selection.version, selection.project), "selected_by", view
            for used in event.transformations:
                if used.version is not None:
                    yield node.transformation_function(used.function, used.version), "transforms", view
        case TrainingDatasetRequested(view=view, view_version=view_version, version=version):
            dataset = node.training_dataset(view, view_version, version)
            yield node.feature_view(view, view_version), "materialised_as", dataset
        case StudyCreated(study=study, program=program, environment=environment, trained_on=trained_on):
            yield from _ingredients(program, environment, trained_on, node.study(study))
        case TrialStarted(study=study, trial=trial):
            yield node.study(study), "started", node.trial(study, trial)
        case ModelVersionCreated(name=name, version=version):
            model = node.model_version(name, version)
            if event.study is not None and event.trial is not None:
                yield node.trial(event.study, event.trial), "produced", model
            elif event.study is not None:
                yield node.study(event.study), "produced", model
            yield from _ingredients(event.program, event.environment, event.trained_on, model)
        case DeploymentCreated(name=name, model=model_name, model_version=version):
            yield node.model_version(model_name, version), "deployed_as", node.deployment(name)
            yield node.deployment(name), "logged", node.predictions(name)
        case RunEventRecorded(run=run, job=job, inputs=inputs, outputs=outputs):
            yield node.job(job), "claimed_run", node.run(run)
            for one in inputs:
                yield node.dataset(project, one), "claimed_input", node.run(run)
            for one in outputs:
                yield node.run(run), "claimed_output", node.dataset(project, one)
        case _:
            pass


def _ingredients(
    program: str | None, environment: Sequence[str], trained_on: TrainedOn | None, target: Node
) -> Iterator[Link]:
    if program is not None:
        yield node.program(program), "ran_as", target
    if environment:
        yield node.environment(environment), "installed_for", target
    if trained_on is not None:
        dataset = node.training_dataset(trained_on.view, trained_on.view_version, trained_on.version)
        yield dataset, "trained", target


def _made(event: Event) -> Node | None:
    """What the event's actor brought into being."""
    match event:
        case TopicRequested(name=name, purpose="user"):
            return node.topic(name)
        case FeatureGroupCreated(name=name, version=version) | ExternalFeatureGroupCreated(name=name, version=version):
            return node.feature_group(name, version)
        case FeatureViewCreated(name=name, version=version):
            return node.feature_view(name, version)
        case TransformationFunctionCreated(name=name, version=version):
            return node.transformation_function(name, version)
        case TrainingDatasetRequested(view=view, view_version=view_version, version=version):
            return node.training_dataset(view, view_version, version)
        case StudyCreated(study=study):
            return node.study(study)
        case ModelVersionCreated(name=name, version=version):
            return node.model_version(name, version)
        case DeploymentCreated(name=name):
            return node.deployment(name)
        case RunEventRecorded(run=run):
            return node.run(run)
        case _:
            return None


def _deletable(event: Event) -> Node | None:
    """What the event brings into being that can be deleted one day."""
    groups = FeatureGroupCreated | ExternalFeatureGroupCreated
    kinds = groups | FeatureViewCreated | TransformationFunctionCreated | DeploymentCreated
    return _made(event) if isinstance(event, kinds) else None


def _deleted(event: Event) -> Node | None:
    """What the event takes away."""
    match event:
        case FeatureGroupDeleted(name=name, version=version) | ExternalFeatureGroupDeleted(name=name, version=version):
            return node.feature_group(name, version)
        case FeatureViewDeleted(name=name, version=version):
            return node.feature_view(name, version)
        case TransformationFunctionDeleted(name=name, version=version):
            return node.transformation_function(name, version)
        case DeploymentDeleted(name=name):
            return node.deployment(name)
        case _:
            return None


@dataclass(slots=True)
class Edges:
    """Folds events into edges.

    It remembers what led into each thing that can be deleted when it was made, and what was claimed of runs: a claim
    counts from the first event that makes it. A closed project is forgotten.
    """

    _into: dict[tuple[str, Node], list[Edge]] = field(default_factory=dict)
    _claimed: dict[str, set[bytes]] = field(default_factory=dict)

    def take(self, recorded: Recorded) -> list[Edge]:
        """The edges that the event makes or ends."""
        if isinstance(recorded.event, ProjectClosing):
            closed = recorded.event.project
            self._into = {place: edges for place, edges in self._into.items() if place[0] != closed}
            self._claimed.pop(closed, None)
        if recorded.project is not None and (gone := _deleted(recorded.event)) is not None:
            return [edge.ended(recorded) for edge in self._into.pop((recorded.project, gone), [])]
        edges = edges_of(recorded)
        if recorded.project is not None and (made := _deletable(recorded.event)) is not None:
            self._into[recorded.project, made] = [edge for edge in edges if edge.target == made]
        if recorded.project is not None and isinstance(recorded.event, RunEventRecorded):
            claimed = self._claimed.setdefault(recorded.project, set())
            edges = [edge for edge in edges if edge.key not in claimed]
            claimed |= {edge.key for edge in edges}
        return edges
