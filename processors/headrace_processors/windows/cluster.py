"""Becoming a process of the Flink session cluster: `python -m headrace_processors.windows.cluster jobmanager`.

The configuration is written, then Java takes this process's place, so that a supervisor signals Java itself. All memory
is said here, because Flink's own start scripts, which would compute it, are not used.
"""

import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from headrace_broker.private_files import write_private
from headrace_processors.windows.keys import ClusterKey, cluster_key
from headrace_processors.windows.settings import SOURCES, FlinkSettings, settings_from

JOBMANAGER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
TASKMANAGER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"

OPENED = (
    *(f"java.base/java.{name}" for name in ("lang", "net", "io", "nio", "lang.reflect", "text", "time", "util")),
    *(f"java.base/java.util.concurrent{name}" for name in ("", ".atomic", ".locks")),
    "java.base/sun.nio.ch",
)
"""Packages that Flink reaches into by reflection, as in the configuration it ships."""

JAVA = (
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-Djava.awt.headless=true",
    *(f"--add-opens={package}=ALL-UNNAMED" for package in OPENED),
)

JOBMANAGER_JAVA = (
    "-Xms128m",
    "-Xmx320m",
    "-XX:MaxMetaspaceSize=192m",
    "-XX:MaxDirectMemorySize=64m",
    "-XX:TieredStopAtLevel=1",
)
"""At most about 650 MiB resident. No row passes through it: compiling its code twice would save nothing."""

TASKMANAGER_JAVA = ("-Xms384m", "-Xmx384m", "-XX:MaxMetaspaceSize=192m", "-XX:MaxDirectMemorySize=224m")
"""At most about 1150 MiB resident, with RocksDB's share of managed memory."""

TASKMANAGER_MEMORY = {
    "taskmanager.cpu.cores": "1",
    "taskmanager.memory.framework.heap.size": "96m",
    "taskmanager.memory.task.heap.size": "288m",
    "taskmanager.memory.framework.off-heap.size": "96m",
    "taskmanager.memory.task.off-heap.size": "32m",
    "taskmanager.memory.network.min": "64m",
    "taskmanager.memory.network.max": "64m",
    "taskmanager.memory.managed.size": "192m",
    "taskmanager.memory.jvm-metaspace.size": "192m",
    "taskmanager.memory.jvm-overhead.min": "128m",
    "taskmanager.memory.jvm-overhead.max": "128m",
}


def configuration(settings: FlinkSettings, key: ClusterKey) -> Mapping[str, str]:
    """The cluster's configuration: internal traffic and REST only with the cluster's key, no uploads of programs."""
    rpc_host, _, rpc_port = settings.rpc.rpartition(":")
    rest_host, _, rest_port = settings.rest.rpartition(":")
    stores = {
        f"security.ssl.{side}.{store}": value
        for side in ("internal", "rest")
        for store, value in (
            ("enabled", "true"),
            ("keystore", str(key.store)),
            ("keystore-password", key.password),
            ("key-password", key.password),
            ("keystore-type", "PKCS12"),
            ("truststore", str(key.store)),
            ("truststore-password", key.password),
            ("truststore-type", "PKCS12"),
        )
    }
    return {
        **stores,
        "security.ssl.rest.authentication-enabled": "true",
        "security.ssl.algorithms": "TLS_AES_256_GCM_SHA384",
        "security.ssl.protocol": "TLSv1.3",
        "jobmanager.rpc.address": rpc_host,
        "jobmanager.rpc.port": rpc_port,
        "jobmanager.bind-host": rpc_host,
        "rest.address": rest_host,
        "rest.port": rest_port,
        "rest.bind-address": rest_host,
        "rest.bind-port": rest_port,
        "blob.server.port": settings.blob.rpartition(":")[2],
        "taskmanager.numberOfTaskSlots": "1",
        **TASKMANAGER_MEMORY,
        "web.submit.enable": "false",
        "web.cancel.enable": "false",
        "state.backend.type": "rocksdb",
        "execution.checkpointing.dir": (settings.folder / "checkpoints").as_uri(),
        "heartbeat.interval": "2 s",
        "heartbeat.timeout": "10 s",
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.initial-backoff": "1 s",
        "restart-strategy.exponential-delay.max-backoff": "5 s",
    }


def prepare(settings: FlinkSettings) -> None:
    """Write configuration and keys; safe to repeat, and for several processes at a time."""
    key = cluster_key(settings.folder / "keys", settings.rest.rpartition(":")[0])
    settings.configuration.mkdir(mode=0o700, exist_ok=True)
    (settings.folder / "tmp").mkdir(mode=0o700, exist_ok=True)
    # JSON strings are YAML strings.
    lines = (f"{name}: {json.dumps(value)}\n" for name, value in configuration(settings, key).items())
    _write_if_new(settings.configuration / "config.yaml", "".join(lines).encode())
    _write_if_new(settings.keystore, settings.key.read_bytes() + settings.certificate.read_bytes())


def _write_if_new(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        write_private(path, content)


def command(settings: FlinkSettings, role: str) -> list[str]:
    """The Java command of `jobmanager` or `taskmanager`; raises NotInstalled."""
    main, memory = {"jobmanager": (JOBMANAGER, JOBMANAGER_JAVA), "taskmanager": (TASKMANAGER, TASKMANAGER_JAVA)}[role]
    log = f"-Dlog4j.configurationFile={SOURCES / 'log4j2.properties'}"
    path = f"{settings.dist / 'lib'}/*"
    java = ("java", *memory, *JAVA, f"-Djava.io.tmpdir={_scratch(settings, role)}", log, "-cp", path)
    # The configuration is one file for all; what differs is said here.
    own = {"io.tmp.dirs": str(_scratch(settings, role))}
    if role == "taskmanager":
        own |= {"taskmanager.host": settings.host, "taskmanager.bind-host": settings.host}
    differing = [f"-D{name}={value}" for name, value in own.items()]
    return [*java, main, "--configDir", str(settings.configuration), *differing]


def _scratch(settings: FlinkSettings, role: str) -> Path:
    return settings.folder / "tmp" / role


def main() -> None:
    """Become the process named by the argument."""
    settings = settings_from(os.environ)
    role = sys.argv[1]
    prepare(settings)
    arguments = command(settings, role)
    # A killed process leaves its scratch files behind; nothing in them is needed again.
    shutil.rmtree(_scratch(settings, role), ignore_errors=True)
    _scratch(settings, role).mkdir(mode=0o700)
    os.execvp(arguments[0], arguments)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
