"""What an API key may be used for, next to what its owner may do: the table of scopes.

A command needs the scope of its kind; reading needs READ, asking a deployed model needs PREDICT. A key without a list
of scopes has all of them.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from headrace_events.errors import Forbidden, Invalid
from headrace_events.language import Command


class Scope(StrEnum):
    """One thing a key is good for."""

    READ = "read"
    PROJECTS = "projects"
    KAFKA = "kafka"
    FEATURES = "features"
    EXPERIMENTS = "experiments"
    MODELS = "models"
    SERVING = "serving"
    PREDICT = "predict"
    MONITORING = "monitoring"
    LINEAGE = "lineage"
    ACCOUNT = "account"
    ADMIN = "admin"


MEANING: Mapping[Scope, str] = {
    Scope.READ: "read whatever its owner may see; feature vectors, search and files too",
    Scope.PROJECTS: "make projects and change what they are; members; what is shared with other projects",
    Scope.KAFKA: "topics, grants, schemas; certificates, and with them the data its owner's role opens at the broker",
    Scope.FEATURES: "feature groups, feature views and training datasets",
    Scope.EXPERIMENTS: "experiments, and the programs they run",
    Scope.MODELS: "model versions and their files",
    Scope.SERVING: "deployments",
    Scope.PREDICT: "ask deployed models",
    Scope.MONITORING: "monitors and alert rules",
    Scope.LINEAGE: "tell of runs elsewhere, in OpenLineage's words",
    Scope.ACCOUNT: "its owner's keys, sessions, identities and password; never more than the key itself has",
    Scope.ADMIN: "what only administrators do: people, quotas",
}
"""What each scope is good for, as the guide shows it."""

OF_KIND: Mapping[str, Scope] = {
    "annotation": Scope.FEATURES,
    "api_key": Scope.ACCOUNT,
    "authority": Scope.ADMIN,
    "certificate": Scope.KAFKA,
    "deployment": Scope.SERVING,
    "feature_group": Scope.FEATURES,
    "feature_monitor": Scope.MONITORING,
    "feature_view": Scope.FEATURES,
    "identity": Scope.ACCOUNT,
    "lineage_run": Scope.LINEAGE,
    "member": Scope.PROJECTS,
    "model": Scope.MODELS,
    "monitor": Scope.MONITORING,
    "password": Scope.ACCOUNT,
    "project": Scope.PROJECTS,
    "quota": Scope.ADMIN,
    "readme": Scope.PROJECTS,
    "session": Scope.ACCOUNT,
    "share": Scope.PROJECTS,
    "storage_connector": Scope.FEATURES,
    "study": Scope.EXPERIMENTS,
    "subject": Scope.KAFKA,
    "tag_schema": Scope.ADMIN,
    "topic": Scope.KAFKA,
    "totp": Scope.ACCOUNT,
    "training_dataset": Scope.FEATURES,
    "transformation_function": Scope.FEATURES,
    "user": Scope.ADMIN,
    "validation": Scope.FEATURES,
}
"""Which scope a command of that kind needs."""


def needed(command: Command) -> Scope:
    """The scope a key must have to send the command; a kind that the table lacks is for administrators' keys."""
    return OF_KIND.get(command.kind, Scope.ADMIN)


def scopes(names: Iterable[str]) -> tuple[Scope, ...]:
    """The scopes of those names, each once, in the table's order; raises Invalid."""
    wanted = set(names)
    unknown = wanted - set(Scope)
    if unknown or not wanted:
        known = ", ".join(Scope)
        raise Invalid("unknown-scope", f"a key's scopes are some of: {known}", {"unknown": ", ".join(sorted(unknown))})
    return tuple(scope for scope in Scope if scope in wanted)


def must_have(held: tuple[Scope, ...] | None, *one_of: Scope) -> None:
    """Raise Forbidden unless one of these is among the scopes held (None: all)."""
    if held is not None and not set(held) & set(one_of):
        names = " or ".join(one_of)
        raise Forbidden(
            "scope-missing",
            f"this key is for {', '.join(held)}: use one with scope {names}",
            {"scopes": ", ".join(held), "needs": names},
        )
