"""Headrace for those who use it: sign in, work in a project, produce and consume, ask."""

from headrace import _built_in_transformations as builtin_transformations
from headrace import _experiment as experiment
from headrace._account import AccountApi, Session, sign_in, sign_in_with_browser
from headrace._aggregations import Aggregation, count, max, mean, min, stddev, sum  # noqa: A004 - said as headrace.sum
from headrace._artifacts import DatasetApi
from headrace._audit import AuditEntry
from headrace._authorities import AuthoritiesApi, Authority
from headrace._certificate_list import Certificate, CertificatesApi
from headrace._certificates import ClientFiles
from headrace._clients import Consumer, Producer
from headrace._columns import Feature
from headrace._consistency import Consistency, KeyDifference, StoreDigest
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
from headrace._experiment import Asha, HyperparameterOptConfig, RandomSearch
from headrace._external_feature_group import ExternalFeatureGroup
from headrace._external_readings import ExternalReading
from headrace._feature_group import FeatureGroup
from headrace._feature_monitor import DriftBins, FeatureDrift, FeatureMonitor, FeatureMonitoringResult, WindowRead
from headrace._feature_store import FeatureStore
from headrace._feature_usage import FeatureUse, UnusedFeatures, ViewUse
from headrace._feature_view import FeatureView
from headrace._group_statistics import Correlations, Statistics, StatisticsConfig
from headrace._groups import ConsumerGroup, GroupMember, GroupPartition
from headrace._insert_stream import StreamProgress, StreamReceipt
from headrace._kafka import KafkaApi, KafkaSchema, KafkaTopic
from headrace._kafka_record import KafkaRecord
from headrace._lineage import Lineage, LineageEdge, LineageNode
from headrace._login import administrator, connect, login
from headrace._members import MembersApi, ProjectMember
from headrace._model import Model
from headrace._models import ModelRegistry
from headrace._monitoring import Alert, FeatureWindow, Monitor, Window
from headrace._platform import ApiKey, Platform
from headrace._precomputed import VectorConsistency, VectorDifference
from headrace._project import Project
from headrace._query import Query
from headrace._read_feature_group import Vector
from headrace._receipt import Receipt, Visible
from headrace._reporter import Reporter
from headrace._rows import Refusal
from headrace._schema_registry import SchemaReference, SchemaRegistry
from headrace._search import Found, SearchResults
from headrace._searchspace import Searchspace
from headrace._serving import Deployment, DeploymentState, ModelServing
from headrace._shared_feature_store import SharedFeatureGroup, SharedFeatureStore
from headrace._sharing import Share, SharesApi
from headrace._storage_connectors import StorageConnector
from headrace._stream_records import StreamRefusal
from headrace._study import ExperimentResult, Study
from headrace._tag_schemas import TagSchema, TagSchemasApi
from headrace._time_travel import FeatureGroupAsOf, FeatureGroupCommit
from headrace._training_dataset import Manifest, TrainingDataset
from headrace._training_statistics import FeatureStatistics
from headrace._transformation_function import Transformation, TransformationFunction, TransformationStatistics, udf
from headrace._transformer import Transformer
from headrace._trial_project import TrialProject
from headrace._usage import Usage
from headrace._users import User, UsersApi, register
from headrace._validation import Expectation, ExpectationSuite, ValidationReport
from headrace._view_vectors import VectorStatus

__all__ = [
    "AccountApi",
    "Aggregation",
    "Alert",
    "ApiKey",
    "Asha",
    "AuditEntry",
    "AuthoritiesApi",
    "Authority",
    "Certificate",
    "CertificatesApi",
    "ClientFiles",
    "Conflict",
    "Consistency",
    "Consumer",
    "ConsumerGroup",
    "Correlations",
    "DatasetApi",
    "Deployment",
    "DeploymentState",
    "DriftBins",
    "Expectation",
    "ExpectationSuite",
    "ExperimentResult",
    "ExternalFeatureGroup",
    "ExternalReading",
    "Failed",
    "Feature",
    "FeatureDrift",
    "FeatureGroup",
    "FeatureGroupAsOf",
    "FeatureGroupCommit",
    "FeatureMonitor",
    "FeatureMonitoringResult",
    "FeatureStatistics",
    "FeatureStore",
    "FeatureUse",
    "FeatureView",
    "FeatureWindow",
    "Forbidden",
    "Found",
    "GroupMember",
    "GroupPartition",
    "HeadraceError",
    "HyperparameterOptConfig",
    "Invalid",
    "KafkaApi",
    "KafkaRecord",
    "KafkaSchema",
    "KafkaTopic",
    "KeyDifference",
    "Lineage",
    "LineageEdge",
    "LineageNode",
    "Manifest",
    "MembersApi",
    "Model",
    "ModelRegistry",
    "ModelServing",
    "Monitor",
    "NotFound",
    "NotSignedIn",
    "NotYetVisible",
    "OutcomeUnknown",
    "Platform",
    "Producer",
    "Project",
    "ProjectMember",
    "Query",
    "RandomSearch",
    "Receipt",
    "Refusal",
    "Reporter",
    "SchemaReference",
    "SchemaRegistry",
    "SearchResults",
    "Searchspace",
    "Session",
    "Share",
    "SharedFeatureGroup",
    "SharedFeatureStore",
    "SharesApi",
    "Statistics",
    "StatisticsConfig",
    "StorageConnector",
    "StoreDigest",
    "StreamProgress",
    "StreamReceipt",
    "StreamRefusal",
    "Study",
    "TagSchema",
    "TagSchemasApi",
    "TrainingDataset",
    "Transformation",
    "TransformationFunction",
    "TransformationStatistics",
    "Transformer",
    "TrialProject",
    "Unavailable",
    "Unreachable",
    "UnusedFeatures",
    "Usage",
    "User",
    "UsersApi",
    "ValidationReport",
    "Vector",
    "VectorConsistency",
    "VectorDifference",
    "VectorStatus",
    "ViewUse",
    "Visible",
    "Window",
    "WindowRead",
    "administrator",
    "builtin_transformations",
    "connect",
    "count",
    "experiment",
    "login",
    "max",
    "mean",
    "min",
    "register",
    "sign_in",
    "sign_in_with_browser",
    "stddev",
    "sum",
    "udf",
]
