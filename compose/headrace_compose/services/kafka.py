"""The log: one Kafka broker that is its own controller (KRaft), over mTLS only, denying whatever no ACL allows."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from headrace_broker.authority import MEMBERS, ORGANISATION, SERVICES
from headrace_broker.private_files import write_private
from headrace_compose import jars, probes
from headrace_compose.errors import ServiceDied
from headrace_compose.ports import Address
from headrace_compose.service import Report, Service
from headrace_compose.site import Site

VERSION = "4.3.0"
SOURCE = Path(__file__).parent.parent / "kafka"
NODE = "1"
BACKSLASH = "\\"
# Nothing but these two kinds of subject is anybody: there is no DEFAULT rule, so another certificate is turned away.
PRINCIPALS = ",".join(
    (
        rf"RULE:^CN=([a-z0-9-]+__[a-z0-9-]+__w?[0-9]+),OU={MEMBERS},O={ORGANISATION}$/$1/",
        rf"RULE:^CN=([a-z][a-z0-9-]*),OU={SERVICES},O={ORGANISATION}$/$1/",
    )
)
A_LINE_A_TOPIC = (
    "state.change.logger",
    "kafka.cluster.Partition",
    "kafka.log.LogManager",
    "kafka.server.ReplicaFetcherManager",
    "kafka.server.metadata.DynamicConfigPublisher",
    "org.apache.kafka.controller.AclControlManager",
    "org.apache.kafka.controller.ConfigurationControlManager",
    "org.apache.kafka.controller.PartitionChangeBuilder",
    "org.apache.kafka.controller.ReplicationControlManager",
    "org.apache.kafka.storage.internals.log.LogLoader",
    "org.apache.kafka.storage.internals.log.ProducerStateManager",
    "org.apache.kafka.storage.internals.log.UnifiedLog",
)
"""What tells a line or several of each topic, again at each start: of thousands, the broker would do little else."""
QUIET = (*A_LINE_A_TOPIC, "org.apache.kafka.common.config.AbstractConfig", "kafka.server.KafkaConfig")
JAVA_OPTIONS = (
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=info",
    *(f"-Dorg.slf4j.simpleLogger.log.{name}=warn" for name in QUIET),
)


def kafka(site: Site) -> Service:
    """Describe the broker of this site."""
    credentials = site.credentials("broker")
    address = Address.parse(site.bootstrap.split(",")[0])
    configuration = site.home.kafka / "server.properties"
    return Service(
        name="kafka",
        version=VERSION,
        address=address,
        command=() if site.settings.kafka_external else _command(site, "kafka.Kafka", str(configuration)),
        prepare=lambda report: _prepare(site, configuration, report),
        ready=lambda: probes.ask_kafka(address, credentials),
        stop_seconds=30,
    )


def properties(site: Site) -> Mapping[str, str]:
    """The broker's configuration."""
    credentials = site.credentials("broker")
    client, controller = site.addresses["kafka"], site.addresses["kafka-controller"]
    return {
        "process.roles": "broker,controller",
        "node.id": NODE,
        "controller.quorum.voters": f"{NODE}@127.0.0.1:{controller.port}",
        "listeners": f"CLIENT://{client},CONTROLLER://127.0.0.1:{controller.port}",
        "advertised.listeners": f"CLIENT://{client}",
        "listener.security.protocol.map": "CLIENT:SSL,CONTROLLER:SSL",
        "inter.broker.listener.name": "CLIENT",
        "controller.listener.names": "CONTROLLER",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(credentials.keystore),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(credentials.ca),
        "ssl.client.auth": "required",
        "ssl.principal.mapping.rules": PRINCIPALS,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:broker",
        "allow.everyone.if.no.acl.found": "false",
        "auto.create.topics.enable": "false",
        "log.dirs": str(site.home.kafka / "data"),
        "log.message.timestamp.type": "LogAppendTime",
        # After a SIGKILL the last segment of each log is read again; each waits for the disk, and many wait together.
        "num.recovery.threads.per.data.dir": "16",
        # Nobody asks over JMX, and telling it of each log takes longer than reading the log does.
        "metrics.jmx.exclude": ".*",
        "log.cleaner.dedupe.buffer.size": str(32 * 2**20),
        "default.replication.factor": "1",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "5",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "5",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        "group.initial.rebalance.delay.ms": "0",
        # After a SIGKILL the controller waits this long before the same broker may come back.
        "broker.session.timeout.ms": "4000",
        "broker.heartbeat.interval.ms": "1000",
    }


def as_text(told: Mapping[str, str]) -> str:
    """Write a Java properties file."""
    return "".join(f"{name}={value.replace(BACKSLASH, BACKSLASH * 2)}\n" for name, value in told.items())


def _prepare(site: Site, configuration: Path, report: Report) -> None:
    write_private(configuration, as_text(properties(site)).encode())
    jars.java()
    jars.fetch(site.cache, SOURCE, report)
    if (site.home.kafka / "data" / "meta.properties").exists():
        return
    report("kafka: formatting its storage")
    cluster = f"--cluster-id={site.vault.cluster_id}"  # one argument: the id may begin with a dash
    format_storage = ("format", cluster, "-c", str(configuration), "--ignore-formatted")
    done = subprocess.run(
        _command(site, "kafka.tools.StorageTool", *format_storage), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ServiceDied("kafka", site.home.log("kafka"), done.stdout + done.stderr)


def _command(site: Site, main: str, *arguments: str) -> tuple[str, ...]:
    libraries = jars.location(site.cache, SOURCE) / "lib"
    heap = f"-Xmx{site.settings.kafka_heap}"
    scratch = f"-Djava.io.tmpdir={site.home.scratch('kafka')}"
    return ("java", heap, scratch, *JAVA_OPTIONS, "-cp", f"{libraries}/*", main, *arguments)
