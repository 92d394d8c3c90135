"""Asking the brokers to make topics and access rules, and whether they hold."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException, TopicCollection, TopicPartition
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
    OffsetSpec,
    ResourcePatternType,
    ResourceType,
)

from headrace_broker.acls import Rule
from headrace_broker.connection import Connection
from headrace_broker.errors import BrokerError, Missing, NotAuthorised, Unavailable
from headrace_broker.topics import TopicSpec
from headrace_events.envelope import Position
from headrace_events.topic import OpenedTopic

T = TypeVar("T")
A = TypeVar("A", AclBinding, AclBindingFilter)

_KINDS = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "cluster": ResourceType.BROKER,
    "transactional-id": ResourceType.TRANSACTIONAL_ID,
}
_KIND_NAMES = {kind: name for name, kind in _KINDS.items()}
_ANSWER_S = 15.0


def translated(error: KafkaException) -> BrokerError:
    """Kafka's exception as ours."""
    kafka: KafkaError = error.args[0]
    if kafka.code() in {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    }:
        return NotAuthorised(kafka.str())
    if kafka.code() in {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION}:
        return Missing(kafka.str())
    return Unavailable(f"{kafka.name()}: {kafka.str()}")


class Admin:
    """Topics and access rules on the brokers. All calls block until the brokers answered."""

    def __init__(self, connection: Connection) -> None:
        self._client = AdminClient(connection.librdkafka())

    def topic_ids(self, names: Collection[str]) -> Mapping[str, tuple[str, int]]:
        """Name → (topic id, partitions) of those that exist; raises NotAuthorised, Unavailable."""
        if not names:
            return {}
        found: dict[str, tuple[str, int]] = {}
        futures = self._client.describe_topics(TopicCollection(list(names)), request_timeout=_ANSWER_S)
        for name, future in futures.items():
            try:
                described = future.result()
            except KafkaException as error:
                ours = translated(error)
                if isinstance(ours, Missing):
                    continue
                raise ours from error
            found[name] = (_as_kafka_writes(str(described.topic_id)), len(described.partitions))
        return found

    def create_topics(self, specs: Iterable[TopicSpec]) -> list[OpenedTopic]:
        """Make those that are missing, wait until every one has its leaders, and describe all of them."""
        wanted = {spec.name: spec for spec in specs}
        missing = set(wanted) - set(self.topic_ids(wanted))
        if missing:
            made = self._client.create_topics(
                [
                    NewTopic(
                        spec.name,
                        num_partitions=spec.partitions,
                        replication_factor=-1,
                        config=dict(spec.config),
                    )
                    for name, spec in wanted.items()
                    if name in missing
                ],
                request_timeout=_ANSWER_S,
            )
            for future in made.values():
                try:
                    future.result()
                except KafkaException as error:
                    if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                        raise translated(error) from error
        found = until(lambda: self._all_there(wanted), "topics to have leaders")
        return [
            OpenedTopic(name=name, topic_id=found[name][0], partitions=found[name][1], purpose=spec.purpose)
            for name, spec in wanted.items()
        ]

    def _all_there(self, wanted: Mapping[str, TopicSpec]) -> Mapping[str, tuple[str, int]] | None:
        found = self.topic_ids(wanted)
        return found if len(found) == len(wanted) else None

    def change_topic(self, spec: TopicSpec) -> None:
        """Set what the topic keeps, add partitions up to the number, and return when the brokers say that it holds."""
        entries = [
            ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in spec.config.items()
        ]
        resource = ConfigResource(ConfigResource.Type.TOPIC, spec.name, incremental_configs=entries)
        for future in self._client.incremental_alter_configs([resource], request_timeout=_ANSWER_S).values():
            self._answer(future)
        if spec.partitions > self._partitions(spec.name):
            wanted = [NewPartitions(spec.name, spec.partitions)]
            for future in self._client.create_partitions(wanted, request_timeout=_ANSWER_S).values():
                try:
                    future.result()
                except KafkaException as error:
                    if error.args[0].code() != KafkaError.INVALID_PARTITIONS:  # there already, for a predecessor asked
                        raise translated(error) from error
        until(lambda: True if self.is_as(spec) else None, f"topic {spec.name!r} to be as asked")

    def is_as(self, spec: TopicSpec) -> bool:
        """Whether the topic keeps what it is to keep, and has the partitions; raises Missing."""
        return self.config(spec.name).items() >= spec.config.items() and self._partitions(spec.name) >= spec.partitions

    def _partitions(self, topic: str) -> int:
        found = self.topic_ids([topic])
        if topic not in found:
            raise Missing(f"there is no topic {topic!r}")
        return found[topic][1]

    def config(self, topic: str) -> Mapping[str, str]:
        """Every setting of a topic by its name; raises Missing."""
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
        (future,) = self._client.describe_configs([resource], request_timeout=_ANSWER_S).values()
        return {name: entry.value for name, entry in self._answer(future).items()}

    def delete_topics(self, names: Collection[str]) -> None:
        """Delete those that exist."""
        present = list(self.topic_ids(names))
        if not present:
            return
        for future in self._client.delete_topics(present, request_timeout=_ANSWER_S).values():
            try:
                self._answer(future)
            except Missing:
                continue
        until(lambda: None if self.topic_ids(present) else True, "topics to be gone")

    def ends(self, topic: str) -> list[Position]:
        """Where each partition of the topic ends: the offset that its next record gets. Raises Missing, Unavailable."""
        found = self.topic_ids([topic])
        if topic not in found:
            raise Missing(f"there is no topic {topic!r}")
        topic_id, partitions = found[topic]
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call] # the client's own stubs leave it out
        asked = {TopicPartition(topic, number): latest for number in range(partitions)}
        futures = self._client.list_offsets(asked, request_timeout=_ANSWER_S)
        ends = {where.partition: self._answer(future).offset for where, future in futures.items()}
        return [Position(topic_id, number, ends[number]) for number in range(partitions)]

    def topics_below(self, prefix: str) -> list[str]:
        """The topics whose names begin so."""
        try:
            found = self._client.list_topics(timeout=_ANSWER_S).topics
        except KafkaException as error:
            raise translated(error) from error
        return [name for name in found if name.startswith(prefix)]

    def delete_groups(self, prefix: str) -> list[str]:
        """Delete the consumer groups whose names begin so; those that clients are in now stay, and are returned."""
        listed = self._answer(self._client.list_consumer_groups(request_timeout=_ANSWER_S))
        groups = [group.group_id for group in listed.valid if group.group_id.startswith(prefix)]
        held: list[str] = []
        if not groups:
            return held
        for group, future in self._client.delete_consumer_groups(groups, request_timeout=_ANSWER_S).items():
            try:
                future.result()
            except KafkaException as error:
                code = error.args[0].code()
                if code == KafkaError.NON_EMPTY_GROUP:
                    held.append(group)
                elif code != KafkaError.GROUP_ID_NOT_FOUND:
                    raise translated(error) from error
        return held

    def rules(self) -> set[Rule]:
        """Every rule on the brokers."""
        return self._described([(ResourceType.ANY, None)])

    def _described(self, resources: Collection[tuple[ResourceType, str | None]]) -> set[Rule]:
        """The rules on these resources; None stands for every name."""
        unnamed: Any = None
        asked = [
            self._client.describe_acls(
                AclBindingFilter(
                    kind,
                    name or unnamed,
                    ResourcePatternType.ANY,
                    unnamed,
                    unnamed,
                    AclOperation.ANY,
                    AclPermissionType.ANY,
                ),
                request_timeout=_ANSWER_S,
            )
            for kind, name in resources
        ]
        return {
            _rule(binding) for future in asked for binding in self._answer(future) if binding.restype in _KIND_NAMES
        }

    def set_rules(self, *, add: Collection[Rule] = (), remove: Collection[Rule] = ()) -> None:
        """Add and remove rules, and return when the brokers say that they hold. Removing comes first."""
        if remove:
            filters = [_acl(AclBindingFilter, rule) for rule in remove]
            for future in self._client.delete_acls(filters, request_timeout=_ANSWER_S).values():
                self._answer(future)
        if add:
            for future in self._client.create_acls(
                [_acl(AclBinding, rule) for rule in add], request_timeout=_ANSWER_S
            ).values():
                self._answer(future)
        if add or remove:
            until(lambda: self._hold(set(add), set(remove)), "access rules to hold")

    def _hold(self, added: set[Rule], removed: set[Rule]) -> bool | None:
        now = self._described({(_KINDS[rule.kind], rule.name) for rule in added | removed})
        return True if added <= now and not (removed - added) & now else None

    @staticmethod
    def _answer(future: Any) -> Any:
        try:
            return future.result()
        except KafkaException as error:
            raise translated(error) from error


def until(ask: Callable[[], T | None], what: str, seconds: float = 15.0) -> T:
    """Ask until there is an answer; raises Unavailable after that many seconds."""
    deadline = time.monotonic() + seconds
    while (answer := ask()) is None:
        if time.monotonic() > deadline:
            raise Unavailable(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.02)
    return answer


def _as_kafka_writes(topic_id: str) -> str:
    """The id in the URL-safe alphabet that Kafka's own tools print; librdkafka uses the other one."""
    return topic_id.replace("+", "-").replace("/", "_")


def _rule(binding: Any) -> Rule:
    return Rule(
        principal=binding.principal.removeprefix("User:"),
        kind=_KIND_NAMES[binding.restype],
        name=binding.name,
        prefixed=binding.resource_pattern_type == ResourcePatternType.PREFIXED,
        operation=binding.operation.name.lower().replace("_", "-"),
        denied=binding.permission_type == AclPermissionType.DENY,
    )


def _acl(kind: type[A], rule: Rule) -> A:
    """The rule as Kafka's client has it: a binding to make, or a filter that matches just that binding."""
    return kind(
        _KINDS[rule.kind],
        rule.name,
        ResourcePatternType.PREFIXED if rule.prefixed else ResourcePatternType.LITERAL,
        f"User:{rule.principal}",
        "*",
        AclOperation[rule.operation.upper().replace("-", "_")],
        AclPermissionType.DENY if rule.denied else AclPermissionType.ALLOW,
    )
