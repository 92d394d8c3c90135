"""Provisioning: what the broker lets whom do."""

from __future__ import annotations

from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from tests.integration.clients import connection, eventually
from tests.integration.faults.killing import kill
from tests.integration.platform import Platform, signing_request

from headrace_broker.acls import Rule, member_rules
from headrace_broker.admin import Admin
from headrace_broker.connection import Connection
from headrace_broker.topics import project_topics
from headrace_events.certificate import CertificateRejected, RequestCertificate
from headrace_events.errors import Conflict
from headrace_events.feature_group import CreateFeatureGroup
from headrace_events.language import Event
from headrace_events.member import RemoveMember
from headrace_events.roles import Role
from headrace_events.row_schema import Column
from headrace_events.topic import ChangeTopic, CloseTopic, CreateTopic, GrantTopic, TopicChanged, TopicOpened
from headrace_events.topic_settings import Limit


def can_produce(as_whom: Connection, topic: str) -> bool:
    """Whether the broker takes a record; any error but a refusal is a failure of the test."""
    producer = Producer({**as_whom.librdkafka(), "message.timeout.ms": 8_000})
    errors: list[KafkaError | None] = []
    producer.produce(topic, value=b"x", on_delivery=lambda error, _: errors.append(error))
    producer.flush(10)
    (error,) = errors
    if error is not None and error.code() != KafkaError.TOPIC_AUTHORIZATION_FAILED:
        raise KafkaException(error)
    return error is None


def can_read(as_whom: Connection, topic: str) -> bool:
    """Whether the broker gives records of the topic's first partition."""
    consumer = Consumer(
        {
            **as_whom.librdkafka(),
            "group.id": as_whom.certificate.stem.split("__")[0] + ".x",
            "enable.partition.eof": True,
        }
    )
    try:
        described = consumer.list_topics(topic, timeout=8).topics[topic]
        if described.error is not None:
            assert described.error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED, described.error
            return False
        consumer.assign([TopicPartition(topic, 0, 0)])
        message = eventually(lambda: consumer.poll(0.5), "an answer")
    finally:
        consumer.close()
    error = message.error()
    assert error is None or error.code() == KafkaError._PARTITION_EOF, error
    return True


@pytest.fixture(scope="module")
def project(platform: Platform) -> str:
    """A project with a feature group, and a topic that the scientist was granted."""
    name = platform.project()
    for topic in ("granted", "private"):
        platform.send(CreateTopic(project=name, name=topic), "user:ada")
    platform.send(
        CreateFeatureGroup(
            project=name, name="rows", columns=(Column(name="key", type="string"),), primary_key=("key",)
        ),
        "user:ada",
    )
    platform.send(GrantTopic(project=name, topic=f"{name}.topics.granted", user="bob"), "user:ada")
    wanted = {f"{name}.topics.granted", f"{name}.topics.private", f"{name}.features.rows.1"}

    def opened() -> bool | None:
        events = [recorded.event for recorded in platform.events() if recorded.project == name]
        return True if wanted <= {event.name for event in events if isinstance(event, TopicOpened)} else None

    eventually(opened, "the topics to open")
    return name


def test_a_removed_members_certificate_opens_nothing_any_more(platform: Platform, tmp_path: Path) -> None:
    project = platform.project()
    scientist = platform.member_connection(project, "bob", tmp_path)
    assert can_produce(scientist, f"{project}.runs")
    platform.send(RemoveMember(project=project, user="bob"), "user:ada")
    eventually(lambda: None if can_produce(scientist, f"{project}.runs") else True, "the broker to close", 5)
    assert not can_read(scientist, f"{project}.runs")


def test_a_closed_topic_goes_from_the_brokers_with_the_rules_that_name_it(platform: Platform, project: str) -> None:
    name = f"{project}.topics.passing"
    admin = Admin(connection(platform.stack, "broker"))
    platform.send(CreateTopic(project=project, name="passing"), "user:ada")

    def opened() -> bool | None:
        return TopicOpened in [type(one.event) for one in platform.events() if one.event.key == name] or None

    eventually(opened, "the topic to open")
    assert admin.topic_ids([name])
    platform.send(CloseTopic(project=project, topic=name), "user:ada")
    eventually(lambda: None if admin.topic_ids([name]) else True, "the topic to go")
    assert not [rule for rule in admin.rules() if rule.name == name]
    with pytest.raises(Conflict, match="exists already"):
        platform.send(CreateTopic(project=project, name="passing"), "user:ada")


def test_a_topic_is_made_and_changed_as_asked_though_provisioning_is_killed(platform: Platform, project: str) -> None:
    name = f"{project}.topics.kept"
    admin = Admin(connection(platform.stack, "broker"))
    platform.send(CreateTopic(project=project, name="kept", retention_ms=60_000, compacted=True), "user:ada")

    def happened(kind: type[Event]) -> bool | None:
        return kind in [type(one.event) for one in platform.events() if one.event.key == name] or None

    eventually(lambda: happened(TopicOpened), "the topic to open")
    assert (admin.config(name)["cleanup.policy"], admin.config(name)["retention.ms"]) == ("compact,delete", "60000")
    more = ChangeTopic(project=project, topic=name, partitions=3, retention_ms=Limit(), compacted=False)
    platform.send(more, "user:ada")
    kill(platform.stack, "provisioning")
    eventually(lambda: happened(TopicChanged), "the change to hold", 40)
    assert (admin.config(name)["cleanup.policy"], admin.config(name)["retention.ms"]) == ("delete", "-1")
    assert admin.topic_ids([name])[name][1] == 3


def test_a_signing_request_that_is_none_is_rejected_with_the_reason(platform: Platform) -> None:
    project = platform.project()
    platform.send(RequestCertificate(project=project, user="ada", signing_request="garbage"), "user:ada")

    def rejected() -> CertificateRejected | None:
        events = [recorded.event for recorded in platform.events() if recorded.project == project]
        return next((event for event in events if isinstance(event, CertificateRejected)), None)

    assert "signing request" in eventually(rejected, "the rejection").reason


def test_rules_changed_by_hand_are_put_back_when_provisioning_starts(platform: Platform) -> None:
    project = platform.project()
    admin = Admin(connection(platform.stack, "broker"))
    forged = Rule(f"{project}__mallory__1", "topic", f"{project}.events", False, "write")
    gone = Rule("command-processor", "topic", f"{project}.events", False, "write")
    admin.set_rules(add=[forged], remove=[gone])
    kill(platform.stack, "provisioning")

    def put_back() -> bool | None:
        rules = admin.rules()
        return True if forged not in rules and gone in rules else None

    eventually(put_back, "the rules to be put back", 40)


def test_provisioning_killed_while_it_works_goes_on_where_it_was(platform: Platform) -> None:
    kill(platform.stack, "provisioning")
    project = platform.project()
    topics = Admin(connection(platform.stack, "broker")).topic_ids([spec.name for spec in project_topics(project)])
    assert len(topics) == 5


def test_an_owners_rules_include_the_scientists() -> None:
    owner = member_rules("p-one", "p-one__ada__1", Role.DATA_OWNER)
    assert member_rules("p-one", "p-one__ada__1", Role.DATA_SCIENTIST) < owner
    assert signing_request()[1].startswith("-----BEGIN CERTIFICATE REQUEST")
