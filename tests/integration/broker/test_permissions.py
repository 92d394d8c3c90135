"""What the broker lets whom do: each operation of Kafka on each kind of topic, group and id, against the table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import wait
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined] # re-exported there without saying so
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)
from tests.integration.clients import connection, eventually
from tests.integration.platform import Platform, signing_request

from headrace_broker.admin import Admin
from headrace_broker.connection import Connection
from headrace_broker.topics import INTERNAL
from headrace_events.feature_group import CreateFeatureGroup
from headrace_events.roles import Role
from headrace_events.row_schema import Column
from headrace_events.topic import CreateTopic, GrantTopic, TopicOpened
from headrace_events.topic_rights import TOPIC_RIGHTS

REFUSALS = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
}
ANSWER_S = 20.0
GRANTED = "topics.granted"
EXAMPLES = {"features.": ("features.rows.1",), "topics.": ("topics.private", GRANTED)}
"""Of the kinds that have many topics, those of this project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody with a certificate; `role` is theirs in the project that is asked about."""

    name: str
    role: Role | None
    connection: Connection

    def may(self, suffix: str, operation: str) -> bool:
        """What the table says."""
        kind = next(
            kind for kind in TOPIC_RIGHTS if suffix == kind.name or (kind.many and suffix.startswith(kind.name))
        )
        if operation == "write":
            return self.role in kind.writers or (self.role is not None and kind.granted and suffix == GRANTED)
        return self.role is not None and operation in {"read", "describe"}


@pytest.fixture(scope="module")
def project(platform: Platform) -> str:
    """A project with a topic of each kind, one of them granted to its scientist."""
    name = platform.project()
    for topic in ("granted", "private"):
        platform.send(CreateTopic(project=name, name=topic), "user:ada")
    columns = (Column(name="key", type="string"),)
    platform.send(CreateFeatureGroup(project=name, name="rows", columns=columns, primary_key=("key",)), "user:ada")
    platform.send(GrantTopic(project=name, topic=f"{name}.{GRANTED}", user="bob"), "user:ada")

    def opened() -> bool | None:
        events = [recorded.event for recorded in platform.events() if recorded.project == name]
        names = {event.name for event in events if isinstance(event, TopicOpened)}
        return names.issuperset(f"{name}.{suffix}" for suffixes in EXAMPLES.values() for suffix in suffixes) or None

    eventually(opened, "the topics to open", 60)
    return name


@pytest.fixture(scope="module")
def members(platform: Platform, project: str, tmp_path_factory: pytest.TempPathFactory) -> list[Member]:
    """An owner, a scientist, the owner of another project, and a certificate that no rule names."""
    folder = tmp_path_factory.mktemp("members")
    rival = platform.project(owner="eve", scientist=None)
    key, request = signing_request()
    unnamed = platform.stack.authority.sign_member(request.encode(), f"{project}__ada__99", timedelta(hours=1))
    (folder / "unnamed.pem").write_bytes(unnamed.pem)
    (folder / "unnamed.key").write_bytes(key)
    owner = platform.member_connection(project, "ada", folder)
    return [
        Member(name="owner", role=Role.DATA_OWNER, connection=owner),
        Member(
            name="scientist",
            role=Role.DATA_SCIENTIST,
            connection=platform.member_connection(project, "bob", folder),
        ),
        Member(name="outsider", role=None, connection=platform.member_connection(rival, "eve", folder)),
        Member(
            name="nobody",
            role=None,
            connection=Connection(
                bootstrap=owner.bootstrap,
                ca=owner.ca,
                certificate=folder / "unnamed.pem",
                key=folder / "unnamed.key",
            ),
        ),
    ]


def _topics(project: str) -> dict[str, str]:
    """Suffix → topic, one or more of each kind."""
    suffixes = [suffix for kind in TOPIC_RIGHTS for suffix in EXAMPLES.get(kind.name, (kind.name,))]
    return {suffix: f"{project}.{suffix}" for suffix in suffixes}


def allowed(error: KafkaError | None) -> bool:
    """Whether it was no refusal; raises what is neither."""
    if error is not None and error.code() not in REFUSALS:
        raise KafkaException(error)
    return error is None


def _permitted(futures: Mapping[Any, Any], named: Callable[[Any], str] = str) -> set[str]:
    """Those of which the answer is no refusal."""
    done = set()
    for key, future in futures.items():
        try:
            future.result(ANSWER_S)
        except KafkaException as refused:
            if not allowed(refused.args[0]):
                continue
        done.add(named(key))
    return done


def produces(member: Member, topics: Collection[str]) -> set[str]:
    """Those that take a record of theirs."""
    producer = Producer({**member.connection.librdkafka(), "message.timeout.ms": 15_000})
    answers: dict[str, bool] = {}

    def delivered(error: KafkaError | None, message: Any) -> None:
        answers[message.topic()] = allowed(error)

    for topic in topics:
        producer.produce(topic, value=b"x", on_delivery=delivered)
    assert producer.flush(ANSWER_S) == 0
    assert answers.keys() == set(topics)
    return {topic for topic, taken in answers.items() if taken}


def consumes(member: Member, topics: Collection[str]) -> set[str]:
    """Those whose first partition gives its records, of those that are shown at all."""
    given: dict[str, bool] = {}
    own = member.connection.certificate.stem.partition("__")[0]
    group = {"group.id": f"{own}.x", "enable.auto.commit": False, "enable.partition.eof": True}
    consumer = Consumer({**member.connection.librdkafka(), **group})
    consumer.assign([TopicPartition(topic, 0, 0) for topic in topics])
    try:
        while given.keys() != set(topics):
            message = eventually(lambda: consumer.poll(0.5), f"an answer about {set(topics) - given.keys()}")
            error = message.error()
            ended = error is not None and error.code() == KafkaError._PARTITION_EOF
            given[str(message.topic())] = True if ended else allowed(error)
    finally:
        consumer.close()
    return {topic for topic, whether in given.items() if whether}


def test_topics_are_written_read_and_described_as_the_table_says(project: str, members: list[Member]) -> None:
    topics = _topics(project)
    for member in members:
        admin = AdminClient(member.connection.librdkafka())
        described = _permitted(admin.describe_topics(TopicCollection(list(topics.values()))))
        expected = {
            operation: {topic for suffix, topic in topics.items() if member.may(suffix, operation)}
            for operation in ("write", "read", "describe")
        }
        assert produces(member, topics.values()) == expected["write"], member
        assert described == expected["describe"], member
        assert consumes(member, described) == expected["read"], member


def test_internal_topics_are_nobodys(members: list[Member]) -> None:
    internal = [spec.name for spec in INTERNAL]
    for member in members:
        admin = AdminClient(member.connection.librdkafka())
        assert _permitted(admin.describe_topics(TopicCollection(internal))) == set(), member
        assert produces(member, internal) == set(), member


def test_nobody_makes_changes_or_deletes_topics(project: str, members: list[Member]) -> None:
    topics = [*_topics(project).values(), *(spec.name for spec in INTERNAL)]
    fresh = [f"{project}.topics.new", f"{project}.features.new.1", f"{project}.new", "headrace.new", "elsewhere"]
    for member in members:
        admin = AdminClient(member.connection.librdkafka())
        entry = ConfigEntry("retention.ms", "1", incremental_operation=AlterConfigOpType.SET)
        configs = [ConfigResource(ConfigResource.Type.TOPIC, topic) for topic in topics]
        changed = [ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry]) for topic in topics]
        made = admin.create_topics([NewTopic(topic, 1, 1) for topic in fresh], validate_only=True)
        more = admin.create_partitions([NewPartitions(topic, 5) for topic in topics], validate_only=True)
        assert _permitted(made) == set(), member
        assert _permitted(more) == set(), member
        assert _permitted(admin.incremental_alter_configs(changed, validate_only=True)) == set(), member
        assert _permitted(admin.describe_configs(configs)) == set(), member
        assert _permitted(admin.delete_topics(topics)) == set(), member


def joins(member: Member, group: str, topic: str) -> bool:
    """Whether the group takes them in."""
    consumer = Consumer({**member.connection.librdkafka(), "group.id": group, "enable.partition.eof": True})
    consumer.subscribe([topic])
    try:
        error = eventually(lambda: consumer.poll(0.5), "an answer").error()
    except KafkaException as refused:
        error = refused.args[0]
    finally:
        consumer.close()
    return error is None or error.code() == KafkaError._PARTITION_EOF or allowed(error)


def test_groups_are_of_the_project_and_stay_where_they_are(project: str, members: list[Member]) -> None:
    owner, scientist, *others = members
    group = f"{project}.readers"
    assert joins(owner, group, f"{project}.runs")
    for member in members:
        admin = AdminClient(member.connection.librdkafka())
        names = [group, "headrace.command-processor", "other.readers"]
        shown = _permitted(admin.describe_consumer_groups(names))
        assert shown == ({group} if member.role else set()), member
        assert _permitted(admin.delete_consumer_groups(names)) == set(), member
    assert joins(scientist, group, f"{project}.runs")
    assert not joins(scientist, "headrace.command-processor", f"{project}.runs")
    for member in others:
        assert not joins(member, group, f"{project}.runs"), member


def begins(member: Member, transactional_id: str) -> bool:
    """Whether the broker lets them begin with transactions of that id."""
    producer = Producer({**member.connection.librdkafka(), "transactional.id": transactional_id})
    try:
        producer.init_transactions(ANSWER_S)
    except KafkaException as refused:
        return allowed(refused.args[0])
    return True


def test_transactional_ids_are_of_the_project(project: str, members: list[Member]) -> None:
    for member in members:
        assert begins(member, f"{project}.writer") is (member.role is not None), member
        assert not begins(member, "headrace.command-processor"), member
        assert not begins(member, project), member


def _rules(answer: Any) -> list[Any]:
    """The rules that somebody is shown; none where the question is refused."""
    try:
        shown: list[Any] = answer.result(ANSWER_S)
    except KafkaException as refused:
        return [] if not allowed(refused.args[0]) else [refused]
    return shown


def test_access_rules_are_seen_and_changed_by_nobody(platform: Platform, project: str, members: list[Member]) -> None:
    broker = Admin(connection(platform.stack, "broker"))
    before = broker.rules()
    assert before
    operation = (AclOperation.ALL, AclPermissionType.ALLOW)
    unnamed: Any = None
    every = AclBindingFilter(
        ResourceType.ANY,
        unnamed,
        ResourcePatternType.ANY,
        unnamed,
        unnamed,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
    for member in members:
        admin = AdminClient(member.connection.librdkafka())
        forged = AclBinding(ResourceType.TOPIC, project, ResourcePatternType.PREFIXED, "User:mallory", "*", *operation)
        assert _rules(admin.describe_acls(every)) == [], member
        wait([*admin.create_acls([forged]).values(), *admin.delete_acls([every]).values()], ANSWER_S)
    assert broker.rules() == before
