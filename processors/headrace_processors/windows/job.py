"""The job as it is submitted: its options, its tables' options, and the submission itself."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from headrace_processors.windows.checkpoints import Checkpoints
from headrace_processors.windows.cluster import configuration
from headrace_processors.windows.errors import NotSubmitted
from headrace_processors.windows.keys import ClusterKey
from headrace_processors.windows.rest import NAME
from headrace_processors.windows.settings import SOURCES, FlinkSettings
from headrace_schemas.catalogue import published, schema_id

GROUP = "headrace.flink"
PARTS = ("windows.sql", "streams.sql")
"""The SQL of the job."""
SUBMIT_SECONDS = 240


def checkpoints(settings: FlinkSettings) -> Checkpoints:
    """Where this job's checkpoints lie."""
    return Checkpoints.of(settings.folder / "checkpoints", [(SOURCES / part).read_bytes() for part in PARTS])


def options(settings: FlinkSettings, restore: Path | None) -> Mapping[str, str]:
    """The job's configuration."""
    cluster = configuration(settings, ClusterKey(settings.folder / "keys"))
    chosen = {
        # The client does not read the cluster's file for these.
        **{name: value for name, value in cluster.items() if name.startswith(("rest.", "security.ssl."))},
        "pipeline.name": NAME,
        "pipeline.jars": ";".join(path.as_uri() for path in settings.connectors),
        "execution.target": "remote",
        "execution.attached": "false",
        "parallelism.default": "1",
        "execution.checkpointing.interval": settings.checkpoint_interval,
        "execution.checkpointing.dir": checkpoints(settings).folder.as_uri(),
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "execution.checkpointing.num-retained": "2",
        "execution.checkpointing.incremental": "true",
        "execution.checkpointing.tolerable-failed-checkpoints": "10",
        "state.backend.type": "rocksdb",
        "table.exec.state.ttl": settings.state_ttl,
        "table.exec.mini-batch.enabled": "true",
        "table.exec.mini-batch.allow-latency": settings.emit_every,
        "table.exec.mini-batch.size": "20000",
        "table.local-time-zone": "UTC",
    }
    if restore is not None:
        chosen["execution.state-recovery.path"] = restore.as_uri()
    return chosen


def tables(settings: FlinkSettings) -> Mapping[str, Mapping[str, str]]:
    """Table options by the name that the SQL has for them. Committed records only are read."""
    reading = {"properties.group.id": GROUP, "properties.isolation.level": "read_committed"}
    upserts = {"connector": "upsert-kafka", "key.format": "json"}
    appended = {"connector": "kafka", "scan.startup.mode": "earliest-offset"}
    return {
        "source": {**_kafka(settings), **upserts, **reading},
        "append_source": {**_kafka(settings), **appended, **reading},
        "sink": {**_kafka(settings), **upserts, **_written("Window", "derived/window.v1.avsc")},
        "aggregates_sink": {**_kafka(settings), **upserts, **_written("Aggregate", "derived/aggregate.v1.avsc")},
    }


def _written(record: str, schema: str) -> Mapping[str, str]:
    """What a table that is written has besides: our schema, word for word."""
    return {
        "sink.parallelism": "1",
        "properties.compression.type": "lz4",
        "value.avro-confluent.subject": f"headrace.derived.{record}",
        "value.avro-confluent.schema": published()[schema_id(schema)].text,
    }


def _kafka(settings: FlinkSettings) -> Mapping[str, str]:
    return {
        "properties.bootstrap.servers": settings.bootstrap,
        "properties.security.protocol": "SSL",
        "properties.ssl.truststore.type": "PEM",
        "properties.ssl.truststore.location": str(settings.ca),
        "properties.ssl.keystore.type": "PEM",
        "properties.ssl.keystore.location": str(settings.keystore),
        "value.format": "avro-confluent",
        "value.avro-confluent.url": settings.registry,
    }


def submit(settings: FlinkSettings, restore: Path | None) -> str:
    """Submit the job, from that checkpoint if any; return its id. Raises NotSubmitted."""
    told = {"options": options(settings, restore), "tables": tables(settings)}
    environment = {
        **{name: value for name, value in os.environ.items() if name in {"PATH", "JAVA_HOME", "HOME", "LANG"}},
        "FLINK_CONF_DIR": str(settings.configuration),
        "FLINK_LOG_DIR": str(settings.folder / "tmp"),
        "JVM_ARGS": "-Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    }
    try:
        done = subprocess.run(
            [str(settings.python), str(SOURCES / "job.py")],
            input=json.dumps(told),
            capture_output=True,
            text=True,
            timeout=SUBMIT_SECONDS,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NotSubmitted(f"no answer after {SUBMIT_SECONDS} s") from error
    if done.returncode != 0:
        raise NotSubmitted((done.stdout + done.stderr)[-4000:])
    return done.stdout.strip().splitlines()[-1]
