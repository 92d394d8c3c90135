"""Consumer groups of a project: who is in them, how far they are, and where they shall go on."""

from collections.abc import Collection, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined] # re-exported without saying so

from headrace._certificates import ClientFiles
from headrace._errors import Conflict, Forbidden, Invalid, NotFound
from headrace._kafka_errors import translated

_ANSWER_S = 15.0
_AT: Any = OffsetSpec
Where = str | int | datetime
"""`earliest`, `latest`, an offset, or a time, which is UTC where it has no zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMember:
    """A consumer in a group, and the partitions it has, as `<topic>/<partition>`."""

    client_id: str
    host: str
    partitions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPartition:
    """How far a group is in a partition, which holds `begin` up to `end`: it reads `offset` next, None if it never did.

    They are offsets, of which not every one has a record. Where the topic is gone, there is neither begin nor end.
    """

    topic: str
    partition: int
    offset: int | None
    begin: int | None
    end: int | None

    @property
    def lag(self) -> int:
        """How many offsets are left to read; all of them where the group never read."""
        if self.begin is None or self.end is None:
            return 0
        return max(0, self.end - max(self.begin, self.offset or 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerGroup:
    """A consumer group; `state` is Kafka's word for it, as in stable or empty."""

    name: str
    state: str
    members: tuple[GroupMember, ...]
    partitions: tuple[GroupPartition, ...]

    @property
    def lag(self) -> int:
        """What is left to read in all partitions that the group is in."""
        return sum(place.lag for place in self.partitions)


class Groups:
    """The groups whose names begin with the project's prefix; the brokers show a member no others."""

    def __init__(self, files: ClientFiles) -> None:
        self._client = AdminClient(files.librdkafka())
        self._prefix = files.group_prefix

    def full_name(self, group: str) -> str:
        """The group's name with the project's prefix."""
        return group if group.startswith(self._prefix) else f"{self._prefix}{group}"

    def names(self) -> list[str]:
        """The groups of the project; raises HeadraceError."""
        listed = self._answer(self._client.list_consumer_groups(request_timeout=_ANSWER_S), "the consumer groups")
        return sorted(one.group_id for one in listed.valid if one.group_id.startswith(self._prefix))

    def all(self) -> list[ConsumerGroup]:
        """The groups of the project, by name; raises HeadraceError."""
        return self._described(self.names())

    def group(self, group: str) -> ConsumerGroup:
        """The group of that full or bare name; raises NotFound, HeadraceError."""
        name = self.full_name(group)
        if name not in self.names():
            if name != group and "." in group:
                raise Forbidden(
                    f"{group!r} is no group of this project: those begin with {self._prefix!r}", code="not-your-group"
                )
            raise NotFound(
                f"there is no group {name!r}: a group of this project begins with {self._prefix!r}, and is made by its "
                "first consumer",
                code="group-not-found",
            )
        (found,) = self._described([name])
        return found

    def _described(self, names: list[str]) -> list[ConsumerGroup]:
        asked = self._client.describe_consumer_groups(names, request_timeout=_ANSWER_S) if names else {}
        found = []
        for name in names:
            described = self._answer(asked[name], f"group {name!r}")
            members = tuple(_member(one) for one in described.members)
            found.append(
                ConsumerGroup(
                    name=name,
                    state=described.state.name.lower().replace("_", "-"),
                    members=members,
                    partitions=self._partitions(
                        name, {place.rpartition("/")[0] for one in members for place in one.partitions}
                    ),
                )
            )
        return found

    def _partitions(self, group: str, assigned: Collection[str]) -> tuple[GroupPartition, ...]:
        """All partitions of the topics that the group has read or is about to."""
        asked = self._client.list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(group)], request_timeout=_ANSWER_S
        )
        committed = {
            (place.topic, place.partition): place.offset
            for place in self._answer(asked[group], f"group {group!r}").topic_partitions
            if place.offset >= 0
        }
        there = [place for topic in {*assigned, *(name for name, _ in committed)} for place in self._there(topic)]
        begins, ends = self._all(there, _AT.earliest()), self._all(there, _AT.latest())
        return tuple(
            GroupPartition(
                topic=place[0],
                partition=place[1],
                offset=committed.get(place),
                begin=begins.get(place),
                end=ends.get(place),
            )
            for place in sorted({*there, *committed})
        )

    def _there(self, topic: str) -> list[tuple[str, int]]:
        """The partitions of the topic; none where it is gone."""
        try:
            return self._places(topic)
        except NotFound:
            return []

    def _offsets(self, wanted: Mapping[tuple[str, int], OffsetSpec]) -> Mapping[tuple[str, int], "Future[Any]"]:
        if not wanted:
            return {}
        asked = self._client.list_offsets(
            {TopicPartition(*place): spec for place, spec in wanted.items()},
            isolation_level=IsolationLevel.READ_COMMITTED,
            request_timeout=_ANSWER_S,
        )
        return {(place.topic, place.partition): future for place, future in asked.items()}

    def reset(self, group: str, topic: str, to: Where, partition: int | None = None) -> ConsumerGroup:
        """Let the group go on from there; `topic` is a full name.

        Raises:
            NotFound: there is no such group, topic or partition.
            Conflict: consumers are in the group.
            Invalid: the partition has no such offset, or has to be named.
            HeadraceError: the brokers refuse, or do not answer.
        """
        found = self.group(group)
        if found.members:
            clients = ", ".join(sorted({member.client_id for member in found.members}))
            raise Conflict(
                f"group {found.name!r} has {len(found.members)} members ({clients}): stop its consumers first",
                code="group-in-use",
                details={"members": len(found.members)},
            )
        places = [place for place in self._places(topic) if partition in {None, place[1]}]
        if not places:
            raise NotFound(f"{topic!r} has no partition {partition}", code="partition-not-found")
        offsets = self._resolved(topic, places, to)
        targets = [TopicPartition(name, number, offset) for (name, number), offset in offsets.items()]
        asked = self._client.alter_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(found.name, targets)], request_timeout=_ANSWER_S
        )
        altered = self._answer(asked[found.name], f"group {found.name!r}")
        for place in altered.topic_partitions:
            if place.error is not None:
                raise translated(place.error, f"group {found.name!r}")
        return self.group(found.name)

    def _places(self, topic: str) -> list[tuple[str, int]]:
        try:
            described = self._client.list_topics(topic, timeout=_ANSWER_S).topics[topic]
        except KafkaException as error:
            raise translated(error, f"topic {topic!r}") from error
        if described.error is not None:
            raise translated(described.error, f"topic {topic!r}")
        return [(topic, number) for number in sorted(described.partitions)]

    def _resolved(self, topic: str, places: list[tuple[str, int]], to: Where) -> dict[tuple[str, int], int]:
        begins = self._all(places, _AT.earliest())
        ends = self._all(places, _AT.latest())
        match to:
            case "earliest":
                return begins
            case "latest":
                return ends
            case datetime():
                at = to if to.tzinfo is not None else to.replace(tzinfo=UTC)
                found = self._all(places, _AT.for_timestamp(round(at.timestamp() * 1000)))
                return {place: offset if offset >= 0 else ends[place] for place, offset in found.items()}
            case int() if len(places) > 1:
                raise Invalid(f"{topic!r} has {len(places)} partitions: say which one's offset", code="which-partition")
            case int() if begins[places[0]] <= to <= ends[places[0]]:
                return {places[0]: to}
            case int():
                bounds = f"goes from {begins[places[0]]} to {ends[places[0]]}"
                raise Invalid(f"partition {places[0][1]} of {topic!r} {bounds}, not {to}", code="offset-out-of-range")
            case _:
                raise Invalid(
                    f"a group goes to earliest, latest, an offset or a time, not to {to!r}", code="invalid-to"
                )

    def _all(self, places: list[tuple[str, int]], spec: OffsetSpec) -> dict[tuple[str, int], int]:
        asked = self._offsets(dict.fromkeys(places, spec))
        return {place: self._answer(future, f"topic {place[0]!r}").offset for place, future in asked.items()}

    @staticmethod
    def _answer(future: Any, what: str) -> Any:
        try:
            return future.result()
        except KafkaException as error:
            raise translated(error, what) from error


def must_be_own(group: str, prefix: str, user: str, others: Collection[str]) -> None:
    """Raise Forbidden where the group is named after another member, as the SDK names the group of each."""
    name = group.removeprefix(prefix)
    if name != user and name in others:
        raise Forbidden(f"group {prefix}{name} is that of {name!r}: only they reset it", code="not-your-group")


def _member(described: Any) -> GroupMember:
    places = described.assignment.topic_partitions if described.assignment is not None else []
    return GroupMember(
        client_id=described.client_id,
        host=described.host,
        partitions=tuple(sorted(f"{place.topic}/{place.partition}" for place in places)),
    )
