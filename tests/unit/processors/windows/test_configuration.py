"""What Flink is told."""

import json
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

from headrace_processors.windows.cluster import TASKMANAGER_MEMORY, configuration, prepare
from headrace_processors.windows.errors import NotInstalled
from headrace_processors.windows.job import PARTS, tables
from headrace_processors.windows.keys import cluster_key
from headrace_processors.windows.settings import SOURCES, FlinkSettings, settings_from
from headrace_schemas.catalogue import published, schema_id


@pytest.fixture
def settings(tmp_path: Path) -> FlinkSettings:
    for name in ("ca", "cert", "key"):
        (tmp_path / name).write_text(name)
    (tmp_path / "flink").mkdir()
    return settings_from(
        {
            "HEADRACE_HOME": str(tmp_path),
            "HEADRACE_FLINK_JARS": str(tmp_path / "jars"),
            "HEADRACE_FLINK_RPC": "127.0.0.1:6123",
            "HEADRACE_FLINK_REST": "127.0.0.1:8081",
            "HEADRACE_FLINK_BLOB": "127.0.0.1:6124",
            "HEADRACE_BOOTSTRAP": "127.0.0.1:9092",
            "HEADRACE_CA": str(tmp_path / "ca"),
            "HEADRACE_CERT": str(tmp_path / "cert"),
            "HEADRACE_KEY": str(tmp_path / "key"),
            "HEADRACE_API": "http://127.0.0.1:8000",
        }
    )


def test_nobody_reaches_the_cluster_without_its_key(settings: FlinkSettings) -> None:
    told = configuration(settings, cluster_key(settings.folder / "keys", "127.0.0.1"))
    for side in ("internal", "rest"):
        assert told[f"security.ssl.{side}.enabled"] == "true"
        assert told[f"security.ssl.{side}.keystore"] == told[f"security.ssl.{side}.truststore"]
    assert told["security.ssl.rest.authentication-enabled"] == "true"
    assert told["web.submit.enable"] == "false"


def test_what_is_written_is_for_the_owner_only_and_stays_the_same(settings: FlinkSettings) -> None:
    prepare(settings)
    files = [path for path in settings.folder.rglob("*") if path.is_file() and path.name != ".lock"]
    before = {path: path.read_bytes() for path in files}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    prepare(settings)
    assert {path: path.read_bytes() for path in files} == before


def test_the_key_proves_its_host_and_opens_with_its_password(settings: FlinkSettings) -> None:
    key = cluster_key(settings.folder / "keys", "flink.example")
    store = pkcs12.load_pkcs12(key.store.read_bytes(), key.password.encode())
    certificate = x509.load_pem_x509_certificate(key.certificate.read_bytes())
    assert store.cert is not None
    assert store.cert.certificate == certificate
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "flink.example"]


SINKS = [
    ("sink", "derived/window.v1.avsc", "windows.sql", "windows"),
    ("aggregates_sink", "derived/aggregate.v1.avsc", "streams.sql", "aggregates"),
]


@pytest.mark.parametrize(("options", "schema", "part", "table"), SINKS)
def test_a_sink_writes_our_schema_word_for_word(
    settings: FlinkSettings, options: str, schema: str, part: str, table: str
) -> None:
    assert tables(settings)[options]["value.avro-confluent.schema"] == published()[schema_id(schema)].text
    assert f"CREATE TABLE {table} (" in (SOURCES / part).read_text()


@pytest.mark.parametrize(("options", "schema", "part", "table"), SINKS)
def test_the_columns_of_a_sink_are_the_fields_of_our_schema(options: str, schema: str, part: str, table: str) -> None:
    sql = (SOURCES / part).read_text()
    assert f"${{{options}}}" in sql
    columns = sql.partition(f"CREATE TABLE {table} (")[2].partition("PRIMARY KEY")[0]
    fields = [field["name"] for field in published()[schema_id(schema)].schema["fields"]]
    places = [columns.index(f" {name} ") if f" {name} " in columns else columns.index(f"`{name}` ") for name in fields]
    assert places == sorted(places)


def test_the_job_has_the_parts_that_its_checkpoints_are_of() -> None:
    assert f"PARTS = {PARTS!r}".replace("'", '"') in (SOURCES / "job.py").read_text()


def test_a_taskmanager_stays_below_its_limit() -> None:
    sizes = [int(size.removesuffix("m")) for name, size in TASKMANAGER_MEMORY.items() if name.endswith(".size")]
    network, overhead = (
        int(TASKMANAGER_MEMORY[f"taskmanager.memory.{part}.max"].removesuffix("m"))
        for part in ("network", "jvm-overhead")
    )
    assert sum(sizes) + network + overhead <= 1_200


def test_what_is_not_installed_is_named_with_its_cure(settings: FlinkSettings) -> None:
    with pytest.raises(NotInstalled, match="mvn"):
        _ = settings.connectors


def test_the_lock_names_every_package_with_its_hash_and_no_address() -> None:
    lock = (SOURCES / "requirements.lock").read_text()
    pinned = [line for line in lock.splitlines() if "==" in line and not line.lstrip().startswith("#")]
    assert any(line.startswith("apache-flink==2.3.0 ") for line in pinned)
    assert all(line.endswith("\\") for line in pinned)
    assert "://" not in lock
    assert json.dumps(lock).count("--hash=sha256:") >= len(pinned)
