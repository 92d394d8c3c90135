"""Any command at all: of every class, with values that often name what is there and sometimes make no sense."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, get_args, get_origin

from hypothesis import strategies as st

from headrace_events.api_key import IssueApiKey, RevokeApiKey
from headrace_events.certificate import RecordCertificate, RequestCertificate
from headrace_events.deployment import CreateDeployment, DeleteDeployment, RecordDeploymentReady
from headrace_events.feature_group import CreateFeatureGroup
from headrace_events.feature_view import CreateFeatureView, GroupSelection
from headrace_events.ids import Micros
from headrace_events.language import Command
from headrace_events.member import AddMember, ChangeRole, RemoveMember
from headrace_events.model import CreateModelVersion, TrainedOn
from headrace_events.monitor import AddAlertRule, CreateMonitor, OpenAlert, ResolveAlert
from headrace_events.permissions import PERMISSIONS
from headrace_events.roles import Role
from headrace_events.row_schema import Column
from headrace_events.searchspace import Dimension
from headrace_events.share import AcceptShare, OfferShare, RecordShareEnforced, RevokeShare
from headrace_events.shared import Shareable
from headrace_events.study import (
    CreateStudy,
    Halving,
    ReportRung,
    ReportTrialFailure,
    StartTrial,
)
from headrace_events.topic import CreateTopic, GrantTopic, OpenedTopic, RecordTopicOpened
from headrace_events.training_dataset import CreateTrainingDataset, RecordTrainingDataset, Split
from headrace_schemas.records import fields_of, optional, plain

PROJECTS = ("flights", "rival")
USERS = ("root", "ada", "bob", "eve")
ACTORS = (
    *(f"user:{user}" for user in (*USERS, "nobody")),
    *sorted({f"system:{processor}" for _, processor in PERMISSIONS.values() if processor}),
    "anonymous",
    "",
)
DIGEST = "ab" * 32
ROOT = GroupSelection(group="a", version=1, features=("a", "b"))
SPLIT = Split(name="train", start=Micros(0), end=Micros(10))


def sensible(project: str) -> list[Command]:
    """A project's life, more or less: each has a good chance to be accepted after those before it."""
    key, time, number = (Column(name=n, type=t) for n, t in (("a", "bigint"), ("t", "timestamp"), ("b", "double")))
    trained_on = TrainedOn(view="a", view_version=1, version=1)
    return [
        CreateFeatureGroup(project=project, name="a", columns=(key, time, number), primary_key=("a",), event_time="t"),
        CreateFeatureView(project=project, name="a", root=ROOT, labels=("b",)),
        CreateTrainingDataset(project=project, view="a", view_version=1, splits=(SPLIT,)),
        RecordTrainingDataset(
            project=project, view="a", view_version=1, version=1, files=(), positions=(), hash=DIGEST
        ),
        CreateModelVersion(
            project=project, name="a", framework="f", artifact=DIGEST, metrics={}, inputs=("a",), trained_on=trained_on
        ),
        CreateDeployment(project=project, name="a", model="a", model_version=1),
        RecordDeploymentReady(project=project, name="a"),
        CreateMonitor(project=project, deployment="a"),
        AddAlertRule(project=project, deployment="a", rule="a", metric="count", open_at=5.0, resolve_at=1.0),
        OpenAlert(project=project, deployment="a", rule="a", window_start=0, observed=6.0),
        ResolveAlert(project=project, deployment="a", rule="a", window_start=1, observed=0.0),
        CreateStudy(
            project=project,
            study="a",
            name="a",
            program=DIGEST,
            program_name="a",
            environment=(),
            searchspace=(Dimension(name="a", kind="double", values=("0", "1")),),
            trials=4,
            metric="a",
            halving=Halving(least_steps=1, reduction=2, rungs=2),
        ),
        *(StartTrial(project=project, study="a", trial=trial, parameters={}) for trial in range(3)),
        *(ReportRung(project=project, study="a", trial=n, rung=0, steps=1, metric=n / 2) for n in range(3)),
        ReportTrialFailure(project=project, study="a", trial=0, reason="a"),
        CreateTopic(project=project, name="a"),
        RecordTopicOpened(
            project=project, topic=OpenedTopic(name=f"{project}.topics.a", topic_id="i", partitions=1, purpose="topics")
        ),
        GrantTopic(project=project, topic=f"{project}.topics.a", user="bob"),
        *shared(project),
        RequestCertificate(project=project, user="ada", signing_request="a"),
        RecordCertificate(project=project, user="ada", generation=1, certificate="a", serial="a", expires=Micros(5)),
        AddMember(project=project, user="eve", role=Role.DATA_SCIENTIST),
        ChangeRole(project=project, user="bob", role=Role.DATA_OWNER),
        RemoveMember(project=project, user="bob"),
        IssueApiKey(key_id="a", user="ada", key_hash=DIGEST, limited_to=project),
        RevokeApiKey(key_id="a"),
        DeleteDeployment(project=project, name="a"),
    ]


def shared(project: str) -> list[Command]:
    """A share's life: offered to the other project, accepted, opened, taken back, closed."""
    (other,) = set(PROJECTS) - {project}
    offer = OfferShare(project=project, receiver=other, what=Shareable.TOPIC, name=f"{project}.topics.a")
    return [
        offer,
        AcceptShare(project=other, share=offer.key),
        RecordShareEnforced(share=offer.key, open=True),
        RevokeShare(project=project, share=offer.key),
        RecordShareEnforced(share=offer.key, open=False),
    ]


ODD = st.one_of(
    st.sampled_from(["", ".", "a.b", "a/b", "platform", "system", "x" * 300, "ünï", "flights.events", "a\0b", "-1"]),
    st.text(st.characters(codec="utf-8"), max_size=12),
)
NAMES: Mapping[str, st.SearchStrategy[Any]] = {
    "project": st.sampled_from([*PROJECTS, "other"]),
    **dict.fromkeys(("limited_to", "receiver"), st.sampled_from(PROJECTS)),
    "share": st.sampled_from(["topic:flights.topics.a:rival", "feature_store:rival:flights"]),
    **dict.fromkeys(("user", "owner"), st.sampled_from([*USERS, "zoe"])),
    **dict.fromkeys(("name", "group", "view", "model", "deployment", "rule", "study", "left"), st.sampled_from("abc")),
    **dict.fromkeys(("right", "event_time", "feature", "metric", "split"), st.sampled_from(["a", "b", "psi", "count"])),
    "type": st.sampled_from(["string", "bigint", "double", "timestamp", "int"]),
    "kind": st.sampled_from(["left", "inner", "double", "integer", "categorical"]),
    "format": st.just("parquet"),
    "direction": st.sampled_from(["max", "min"]),
    **dict.fromkeys(("primary_key", "features", "labels", "inputs"), st.sampled_from("abc")),
    **dict.fromkeys(("artifact", "program", "address", "sha256", "hash", "key_hash"), st.just("ab" * 32)),
    "topic": st.sampled_from(["flights.topics.a", "flights.features.a.1", "rival.topics.a"]),
    "purpose": st.sampled_from(["topics", "features", "events"]),
    "values": st.sampled_from(["1", "2", "0.5", "x", "null", "[" * 2_000, "9" * 5_000, "1e999"]),
}
NUMBERS = st.one_of(st.integers(0, 4), st.sampled_from([-1, 10, 3_600, 86_400, 2**31, 2**62, -(2**62)]))
FLOATS = st.floats(width=64) | st.sampled_from([0.0, 0.1, 1.0])


def wishes() -> st.SearchStrategy[tuple[Command, str]]:
    """A command and who sends it: sensible ones, those with one thing about them changed, and any others."""
    good = st.sampled_from([command for project in PROJECTS for command in sensible(project)])
    any_at_all = st.sampled_from(list(PERMISSIONS)).flatmap(_value)
    return st.one_of(good, good, good.flatmap(_changed), any_at_all).flatmap(
        lambda command: st.tuples(st.just(command), _actor(command))
    )


def _changed(command: Command) -> st.SearchStrategy[Command]:
    name_and_hint = st.sampled_from(list(fields_of(type(command)).items()))
    return name_and_hint.flatmap(
        lambda found: _field(*found).map(lambda value: dataclasses.replace(command, **{found[0]: value}))  # type: ignore[type-var] # every command is a dataclass
    )


def fitting_actor(command: Command) -> str:
    """Somebody who may send it, as far as the permission table goes."""
    _, processor = PERMISSIONS[type(command)]
    return f"system:{processor}" if processor else "user:ada"


def _actor(command: Command) -> st.SearchStrategy[str]:
    fitting = st.just(fitting_actor(command))
    return st.integers(0, 5).flatmap(lambda draw: fitting if draw else st.sampled_from(ACTORS))


def _value(cls: type[Any]) -> st.SearchStrategy[Any]:
    return st.builds(cls, **{name: _field(name, hint) for name, hint in fields_of(cls).items()})


def _field(name: str, hint: Any) -> st.SearchStrategy[Any]:
    hint = plain(hint)
    inner = optional(hint)
    if inner is not None:
        return st.none() | _field(name, inner)
    origin = get_origin(hint)
    if origin is tuple:
        return st.lists(_field(name, get_args(hint)[0]), max_size=3).map(tuple)
    if origin is not None and issubclass(origin, Mapping):
        return st.dictionaries(st.sampled_from("abc"), _field(name, get_args(hint)[1]), max_size=3)
    if hint is str:
        usual = NAMES.get(name, st.sampled_from("abc"))
        return st.integers(0, 19).flatmap(lambda draw: usual if draw else ODD)
    if hint is int:
        return NUMBERS
    if hint is float:
        return FLOATS
    if hint is bool:
        return st.booleans()
    if hint is bytes:
        return st.binary(max_size=40)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return st.sampled_from(list(hint))
    return _value(hint)


def events_topic(project: str) -> OpenedTopic:
    """A project's topic of events, as provisioning says that it opened it."""
    return OpenedTopic(name=f"{project}.events", topic_id=f"id-of-{project}.events", partitions=1, purpose="events")
