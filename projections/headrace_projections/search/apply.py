"""From events to documents: what each event makes of the things it tells of. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from headrace_events.deployment import DeploymentCreated, DeploymentDeleted, DeploymentFailed, DeploymentReady
from headrace_events.envelope import Recorded
from headrace_events.feature_group import FeatureGroupCreated
from headrace_events.feature_view import FeatureViewCreated, columns
from headrace_events.ids import ProjectName
from headrace_events.member import MemberAdded, MemberRemoved, MemberRoleChanged
from headrace_events.model import ModelVersionCreated
from headrace_events.monitor import AlertOpened, AlertResolved, AlertRuleAdded, MonitorCreated
from headrace_events.project import ProjectReady, ProjectRequested
from headrace_events.study import (
    RungReported,
    StudyCompleted,
    StudyCreated,
    TrialFailed,
    TrialPromoted,
    TrialStarted,
)
from headrace_events.topic import TopicGranted, TopicOpened, TopicRequested
from headrace_events.training_dataset import (
    TrainingDatasetFailed,
    TrainingDatasetRecorded,
    TrainingDatasetRequested,
)
from headrace_projections.lineage import node
from headrace_projections.lineage.node import Node, NodeKind
from headrace_projections.search.document import Document


@dataclass(slots=True)
class Documents:
    """Every document, by its key, after the events taken so far."""

    all: dict[str, Document] = field(default_factory=dict)

    def take(self, recorded: Recorded) -> list[Document]:
        """Fold one event; return the documents that changed, each with the event's sequence number."""
        changed = _Change(recorded, self.all).documents()
        self.all |= {document.key: document for document in changed}
        return changed


@dataclass(slots=True)
class _Change:
    """One event against what is known."""

    recorded: Recorded
    known: Mapping[str, Document]

    @property
    def project(self) -> ProjectName:
        if self.recorded.project is not None:
            return ProjectName(self.recorded.project)
        return ProjectName(str(getattr(self.recorded.event, "project", "")))

    @property
    def author(self) -> tuple[str, ...]:
        actor = self.recorded.actor
        return (actor.removeprefix("user:"),) if actor.startswith("user:") else ()

    def new(self, thing: Node | str, name: str, **fields: Any) -> Document:
        """A document that begins with this event; `people` is the actor where nobody else is named."""
        told = str(thing)
        return Document(
            project=self.project,
            kind=told.partition(":")[0],
            id=told,
            name=name,
            created=self.recorded.time,
            updated=self.recorded.time,
            seq=self.recorded.seq,
            **{"people": self.author, "state": "created", **fields},
        )

    def again(self, thing: Node | str, **fields: Any) -> list[Document]:
        """The document that is known of it, with these fields changed; none where it was never told of."""
        found = self.known.get(f"{self.project}/{thing}")
        if found is None:
            return []
        return [replace(found, updated=self.recorded.time, seq=self.recorded.seq, **fields)]

    def or_again(self, document: Document) -> Document:
        """The document, or where one is known of the thing, that one with the new people added to its own."""
        found = self.known.get(document.key)
        if found is None:
            return document
        people = tuple(dict.fromkeys((*found.people, *document.people)))
        return replace(found, people=people, updated=self.recorded.time, seq=self.recorded.seq)

    def ingredients(self, program: str | None, name: str, environment: tuple[str, ...]) -> list[Document]:
        """The program and the environment that an experiment or a model names."""
        made = []
        if program is not None:
            made.append(self.or_again(self.new(node.program(program), name or program, text=(program,))))
        if environment:
            known_as = node.environment(environment)
            made.append(self.or_again(self.new(known_as, known_as.name[:12], text=tuple(sorted(set(environment))))))
        return made

    def documents(self) -> list[Document]:
        event = self.recorded.event
        match event:
            case ProjectRequested(project=project, owner=owner, description=description):
                return [
                    self.new(
                        Node(NodeKind.PROJECT, project),
                        project,
                        description=description,
                        people=(owner,),
                        state="requested",
                    )
                ]
            case ProjectReady(project=project):
                return self.again(Node(NodeKind.PROJECT, project), state="ready")
            case MemberAdded(user=user, role=role):
                again = self.again(node.person(user), tags=(role.value,), state="member")
                return again or [self.new(node.person(user), user, tags=(role.value,), people=(user,), state="member")]
            case MemberRoleChanged(user=user, role=role):
                return self.again(node.person(user), tags=(role.value,))
            case MemberRemoved(user=user):
                return self.again(node.person(user), tags=(), state="removed")
            case TopicRequested(name=name, purpose=purpose):
                return [self.new(node.topic(name), name, tags=(purpose,), state="requested")]
            case TopicOpened(name=name, purpose=purpose):
                opened = self.again(node.topic(name), state="ready")
                return opened or [self.new(node.topic(name), name, tags=(purpose,), state="ready")]
            case TopicGranted(topic=topic, user=user):
                found = self.known.get(f"{self.project}/{node.topic(topic)}")
                people = tuple(dict.fromkeys((*(found.people if found else ()), user)))
                return self.again(node.topic(topic), people=people)
            case FeatureGroupCreated(name=name, version=version):
                stores = [store for store, wanted in (("online", event.online), ("offline", event.offline)) if wanted]
                return [
                    self.new(
                        node.feature_group(name, version),
                        name,
                        version=version,
                        description=event.description,
                        columns=tuple(f"{column.name} {column.description}".rstrip() for column in event.columns),
                        tags=tuple(stores),
                        text=(event.topic,),
                    )
                ]
            case FeatureViewCreated(name=name, version=version):
                groups = dict.fromkeys((event.root.group, *(join.selection.group for join in event.joins)))
                return [
                    self.new(
                        node.feature_view(name, version),
                        name,
                        version=version,
                        description=event.description,
                        columns=columns(event.root, event.joins),
                        tags=event.labels,
                        text=tuple(groups),
                    )
                ]
            case TrainingDatasetRequested(view=view, view_version=view_version, version=version):
                return [
                    self.new(
                        node.training_dataset(view, view_version, version),
                        view,
                        version=version,
                        tags=tuple(split.name for split in event.splits),
                        text=(f"view version {view_version}", event.format),
                        state="requested",
                    )
                ]
            case TrainingDatasetRecorded(view=view, view_version=view_version, version=version):
                rows = float(sum(file.rows for file in event.files))
                return self.again(
                    node.training_dataset(view, view_version, version),
                    metrics={"rows": rows},
                    text=(f"view version {view_version}", event.hash),
                    state="ready",
                )
            case TrainingDatasetFailed(view=view, view_version=view_version, version=version, reason=reason):
                return self.again(
                    node.training_dataset(view, view_version, version),
                    text=(f"view version {view_version}", reason),
                    state="failed",
                )
            case StudyCreated(study=study, name=name):
                return [
                    self.new(
                        node.study(study),
                        name,
                        description=event.description,
                        columns=tuple(dimension.name for dimension in event.searchspace),
                        tags=(event.metric,),
                        text=(study, event.program_name),
                        state="running",
                    ),
                    *self.ingredients(event.program, event.program_name, event.environment),
                ]
            case StudyCompleted(study=study, best_metric=best):
                return self.again(
                    node.study(study),
                    metrics={} if best is None else {"best": best},
                    state="completed" if event.best_trial is not None else "failed",
                )
            case TrialStarted(study=study, trial=trial):
                within = self.known.get(f"{self.project}/{node.study(study)}")
                parameters = tuple(f"{name}={value}" for name, value in sorted(event.parameters.items()))
                return [
                    self.new(
                        node.trial(study, trial),
                        f"{within.name if within else study} trial {trial}",
                        columns=tuple(sorted(event.parameters)),
                        people=within.people if within else (),
                        text=parameters,
                        state="running",
                    )
                ]
            case RungReported(study=study, trial=trial, rung=rung, metric=metric):
                found = self.known.get(f"{self.project}/{node.trial(study, trial)}")
                metrics = {**(found.metrics if found else {}), f"rung_{rung}": metric}
                return self.again(node.trial(study, trial), metrics=metrics, state="waiting")
            case TrialPromoted(study=study, trial=trial):
                return self.again(node.trial(study, trial), state="running")
            case TrialFailed(study=study, trial=trial, reason=reason):
                found = self.known.get(f"{self.project}/{node.trial(study, trial)}")
                text = (*(found.text if found else ()), reason)
                return self.again(node.trial(study, trial), text=text, state="failed")
            case ModelVersionCreated(name=name, version=version):
                return [
                    self.new(
                        node.model_version(name, version),
                        name,
                        version=version,
                        description=event.description,
                        columns=event.inputs,
                        tags=(event.framework,),
                        metrics=dict(event.metrics),
                        text=tuple(f"{metric} {value}" for metric, value in sorted(event.metrics.items())),
                        state="ready",
                    ),
                    *self.ingredients(event.program, "", event.environment),
                ]
            case DeploymentCreated(name=name, model=model, model_version=version):
                return [self.new(node.deployment(name), name, text=(model, f"version {version}"), state="starting")]
            case DeploymentReady(name=name):
                return self.again(node.deployment(name), state="ready")
            case DeploymentFailed(name=name):
                return self.again(node.deployment(name), state="failed")
            case DeploymentDeleted(name=name):
                return self.again(node.deployment(name), state="deleted")
            case MonitorCreated(deployment=name):
                return [self.new(f"monitor:{name}", name, text=(f"{event.window_seconds} s",), state="ready")]
            case AlertRuleAdded(deployment=name, rule=rule):
                watched = (event.feature,) if event.feature else ()
                return [
                    self.new(
                        f"alert_rule:{name}.{rule}",
                        rule,
                        columns=watched,
                        tags=(event.metric,),
                        text=(name,),
                        state="closed",
                    )
                ]
            case AlertOpened(deployment=name, rule=rule):
                return self.again(f"alert_rule:{name}.{rule}", state="open")
            case AlertResolved(deployment=name, rule=rule):
                return self.again(f"alert_rule:{name}.{rule}", state="closed")
            case _:
                return []
