"""What the three Flink processes are told by their environment."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from headrace_processors.windows.errors import NotInstalled

SOURCES = Path(__file__).parents[2] / "flink"
"""The job and its requirements, beside this package in the repository."""

CONNECTORS = ("flink-sql-connector-kafka-*.jar", "flink-sql-avro-confluent-registry-*.jar")


@dataclass(frozen=True, slots=True, kw_only=True)
class FlinkSettings:
    """Addresses are `host:port`, those of the JobManager; `host` is this process's own.

    `environment` is Flink's own Python environment, `jars` the folder of the connectors, `folder` where configuration,
    keys, checkpoints and scratch space lie.
    """

    host: str
    folder: Path
    environment: Path
    jars: Path
    rpc: str
    rest: str
    blob: str
    bootstrap: str
    ca: Path
    certificate: Path
    key: Path
    registry: str
    state_ttl: str = "90 d"
    checkpoint_interval: str = "5 s"
    emit_every: str = "2 s"

    @property
    def dist(self) -> Path:
        """The folder of Flink's own distribution; raises NotInstalled."""
        return _one(self.environment, "lib/python3*/site-packages/pyflink", "make install")

    @property
    def python(self) -> Path:
        """Flink's own Python."""
        return self.environment / "bin" / "python"

    @property
    def connectors(self) -> list[Path]:
        """The jars that the job ships; raises NotInstalled."""
        return [_one(self.jars, pattern, f"mvn -f {SOURCES / 'pom.xml'}") for pattern in CONNECTORS]

    @property
    def configuration(self) -> Path:
        """The folder of Flink's configuration."""
        return self.folder / "conf"

    @property
    def keystore(self) -> Path:
        """Key and certificate of principal `flink` for Kafka, in one PEM file."""
        return self.folder / "kafka.pem"


def settings_from(environment: Mapping[str, str]) -> FlinkSettings:
    """The settings a process was started with; raises KeyError naming what is missing."""
    optional = {
        name: environment[variable]
        for name, variable in (
            ("state_ttl", "HEADRACE_FLINK_STATE_TTL"),
            ("checkpoint_interval", "HEADRACE_FLINK_CHECKPOINT_INTERVAL"),
            ("emit_every", "HEADRACE_FLINK_EMIT_EVERY"),
        )
        if variable in environment
    }
    rpc_host = environment["HEADRACE_FLINK_RPC"].rpartition(":")[0]
    return FlinkSettings(
        host=rpc_host if rpc_host in {"localhost", "127.0.0.1"} else socket.gethostname(),
        folder=Path(environment["HEADRACE_HOME"]) / "flink",
        environment=Path(environment.get("HEADRACE_FLINK_ENVIRONMENT", SOURCES.parents[1] / ".venv-flink")),
        jars=Path(environment["HEADRACE_FLINK_JARS"]),
        rpc=environment["HEADRACE_FLINK_RPC"],
        rest=environment["HEADRACE_FLINK_REST"],
        blob=environment["HEADRACE_FLINK_BLOB"],
        bootstrap=environment["HEADRACE_BOOTSTRAP"],
        ca=Path(environment["HEADRACE_CA"]),
        certificate=Path(environment["HEADRACE_CERT"]),
        key=Path(environment["HEADRACE_KEY"]),
        registry=f"{environment['HEADRACE_API']}/api/registry",
        **optional,
    )


def _one(folder: Path, pattern: str, cure: str) -> Path:
    found = sorted(folder.glob(pattern))
    if not found:
        raise NotInstalled(f"{folder}/{pattern} is not there: {cure}")
    return found[-1]
