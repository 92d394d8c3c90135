"""What `import headrace` gives, and what it costs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import headrace

PUBLIC = {
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
}


def test_the_public_names_are_these() -> None:
    assert set(headrace.__all__) == PUBLIC
    assert headrace.__all__ == sorted(headrace.__all__)


def test_every_public_name_says_what_it_is() -> None:
    for name in headrace.__all__:
        assert getattr(headrace, name).__doc__, name


def test_every_other_module_is_private() -> None:
    folder = Path(headrace.__file__).parent
    assert [path.name for path in folder.glob("*.py") if not path.name.startswith("_")] == []


def test_importing_it_brings_nothing_heavy_and_nothing_of_the_server() -> None:
    program = "import sys, json, headrace; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    loaded = set(json.loads(subprocess.check_output([sys.executable, "-c", program], text=True)))
    heavy = {"numpy", "pandas", "polars", "pyarrow", "ray", "duckdb", "sklearn", "fastapi", "psycopg", "sqlalchemy"}
    assert loaded & heavy == set()
    assert {name for name in loaded if name.startswith("headrace_")} == set()
