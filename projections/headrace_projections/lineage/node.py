"""The nodes of the lineage graph: everything that something can come from, or go into."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from headrace_events.lineage_run import Named

OURS = "headrace://"
"""What the namespaces of our own things begin with; the project follows."""


class NodeKind(StrEnum):
    """What a node is."""

    PROJECT = "project"
    PERSON = "person"
    TOPIC = "topic"
    FEATURE_GROUP = "feature_group"
    FEATURE_VIEW = "feature_view"
    TRANSFORMATION_FUNCTION = "transformation_function"
    TRAINING_DATASET = "training_dataset"
    STUDY = "study"
    TRIAL = "trial"
    PROGRAM = "program"
    ENVIRONMENT = "environment"
    MODEL_VERSION = "model_version"
    DEPLOYMENT = "deployment"
    PREDICTIONS = "predictions"
    JOB = "job"
    RUN = "run"
    DATASET = "dataset"


DATA = frozenset(
    {
        NodeKind.TOPIC,
        NodeKind.FEATURE_GROUP,
        NodeKind.FEATURE_VIEW,
        NodeKind.TRAINING_DATASET,
        NodeKind.MODEL_VERSION,
        NodeKind.PREDICTIONS,
        NodeKind.DATASET,
    }
)
"""Kinds of nodes that hold data."""


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """A node of a project's graph, written `<kind>:<name>`; one of another project is `<project>/<kind>:<name>`."""

    kind: NodeKind
    name: str
    elsewhere: str | None = None

    def __str__(self) -> str:
        here = f"{self.kind}:{self.name}"
        return here if self.elsewhere is None else f"{self.elsewhere}/{here}"

    @classmethod
    def parse(cls, text: str) -> "Node":
        """Read a node; raises ValueError where the kind is none or there is no name."""
        kind, _, name = text.partition(":")
        elsewhere, slash, kind = kind.rpartition("/")
        if not name or (slash and not elsewhere):
            raise ValueError(f"{text[:200]!r} is not a node: write <kind>:<name>")
        return cls(NodeKind(kind), name, elsewhere if slash else None)


def person(user: str) -> Node:
    """Somebody who did something."""
    return Node(NodeKind.PERSON, user)


def topic(name: str) -> Node:
    """A topic of the log."""
    return Node(NodeKind.TOPIC, name)


def feature_group(name: str, version: int, elsewhere: str | None = None) -> Node:
    """A version of a feature group; `elsewhere` is another project that shares it."""
    return Node(NodeKind.FEATURE_GROUP, f"{name}.{version}", elsewhere)


def feature_view(name: str, version: int) -> Node:
    """A version of a feature view."""
    return Node(NodeKind.FEATURE_VIEW, f"{name}.{version}")


def transformation_function(name: str, version: int) -> Node:
    """A version of a function that members wrote."""
    return Node(NodeKind.TRANSFORMATION_FUNCTION, f"{name}.{version}")


def training_dataset(view: str, view_version: int, version: int) -> Node:
    """A training dataset of a version of a view."""
    return Node(NodeKind.TRAINING_DATASET, f"{view}.{view_version}.{version}")


def study(study: str) -> Node:
    """A study."""
    return Node(NodeKind.STUDY, study)


def trial(study: str, number: int) -> Node:
    """A trial of a study."""
    return Node(NodeKind.TRIAL, f"{study}.{number}")


def program(sha256: str) -> Node:
    """A stored training function, by the hash of its bytes."""
    return Node(NodeKind.PROGRAM, sha256)


def environment(distributions: Sequence[str]) -> Node:
    """A set of installed distributions, by the SHA-256 of its sorted lines: the order of the list does not matter."""
    lines = "\n".join(sorted(set(distributions)))
    return Node(NodeKind.ENVIRONMENT, hashlib.sha256(lines.encode()).hexdigest())


def model_version(name: str, version: int) -> Node:
    """A version of a model."""
    return Node(NodeKind.MODEL_VERSION, f"{name}.{version}")


def deployment(name: str) -> Node:
    """A deployment."""
    return Node(NodeKind.DEPLOYMENT, name)


def predictions(name: str) -> Node:
    """What a deployment has predicted."""
    return Node(NodeKind.PREDICTIONS, name)


def run(run_id: str) -> Node:
    """A run of a job elsewhere."""
    return Node(NodeKind.RUN, run_id)


def job(named: Named) -> Node:
    """A job elsewhere, as `<namespace>|<name>`."""
    return Node(NodeKind.JOB, f"{named.namespace}|{named.name}")


def dataset(project: str, named: Named) -> Node:
    """A dataset elsewhere, as `<namespace>|<name>`; in our own namespace the thing itself, of whichever project."""
    if named.namespace.startswith(OURS):
        place = named.namespace.removeprefix(OURS)
        thing: Node | None
        try:
            thing = Node.parse(named.name)
        except ValueError:
            thing = None
        if thing is not None and thing.elsewhere is None and thing.kind in DATA and place:
            return thing if place == project else Node(thing.kind, thing.name, place)
    return Node(NodeKind.DATASET, f"{named.namespace}|{named.name}")


def named(node: Node, project: str) -> Named:
    """What a node is called in OpenLineage: what somebody else named as they did, ours in our namespace."""
    if node.kind in {NodeKind.JOB, NodeKind.DATASET}:
        namespace, _, name = node.name.partition("|")
        return Named(namespace=namespace, name=name)
    return Named(namespace=f"{OURS}{node.elsewhere or project}", name=f"{node.kind}:{node.name}")
