"""Headrace for those who use it: sign in, work in a project, produce and consume, ask."""

from headrace._artifacts import DatasetApi
from headrace._certificates import ClientFiles
from headrace._clients import Consumer, Producer
from headrace._columns import Feature
from headrace._errors import (
    Conflict,
    Failed,
    Forbidden,
    HeadraceError,
    Invalid,
    NotFound,
    NotSignedIn,
    NotYetVisible,
    OutcomeUnknown,
    Unavailable,
    Unreachable,
)
from headrace._feature_group import FeatureGroup, Vector
from headrace._feature_store import FeatureStore
from headrace._kafka import KafkaApi, KafkaSchema, KafkaTopic
from headrace._login import connect, login
from headrace._members import MembersApi, ProjectMember
from headrace._platform import ApiKey, Platform
from headrace._project import Project
from headrace._receipt import Receipt, Visible
from headrace._rows import Refusal

__all__ = [
    "ApiKey",
    "ClientFiles",
    "Conflict",
    "Consumer",
    "DatasetApi",
    "Failed",
    "Feature",
    "FeatureGroup",
    "FeatureStore",
    "Forbidden",
    "HeadraceError",
    "Invalid",
    "KafkaApi",
    "KafkaSchema",
    "KafkaTopic",
    "MembersApi",
    "NotFound",
    "NotSignedIn",
    "NotYetVisible",
    "OutcomeUnknown",
    "Platform",
    "Producer",
    "Project",
    "ProjectMember",
    "Receipt",
    "Refusal",
    "Unavailable",
    "Unreachable",
    "Vector",
    "Visible",
    "connect",
    "login",
]
