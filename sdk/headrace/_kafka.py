"""Topics, consumer groups and schemas of a project."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack
from urllib.parse import quote

from headrace._browsing import browse
from headrace._certificates import ClientFiles
from headrace._clients import full_name, producer
from headrace._errors import Invalid, NotFound
from headrace._groups import ConsumerGroup, Groups, Where, must_be_own
from headrace._http import Api
from headrace._kafka_config import configuration
from headrace._kafka_record import KafkaRecord, Reading
from headrace._schemas import Schemas
from headrace._sharing import Share, SharesApi
from headrace._streaming import consume, produce


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaTopic:
    """A topic, by its full name; `purpose` is user, features, events, runs, predictions, outcomes or deadletters.

    Records are kept for `retention_ms`, and while their partition holds no more than `retention_bytes`; None is for
    ever. Where the topic is `compacted`, the last record of each key stays until then, and is enough. `subject` is the
    one in the schema registry that records are encoded by; `writers` are the scientists who may write.
    """

    name: str
    topic_id: str
    partitions: int
    retention_ms: int | None
    retention_bytes: int | None
    compacted: bool
    subject: str | None
    purpose: str
    phase: str
    writers: tuple[str, ...]


class Kept(TypedDict, total=False):
    """What a topic keeps: limits, None for none, and whether the last record of each key is enough."""

    retention_ms: int | None
    retention_bytes: int | None
    compacted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSchema:
    """One version of a subject; `schema` is its Avro JSON text."""

    id: int
    subject: str
    version: int
    schema: str


class KafkaApi:
    """Makes, changes and lists topics, and looks into them; says how any Kafka client connects.

    Records and consumer groups are asked for at Kafka, with the member's own certificate: there the brokers decide.
    """

    def __init__(
        self, api: Api, project: str, user: str, files: Callable[[], ClientFiles], schemas: Callable[[], Schemas]
    ) -> None:
        self._api = api
        self._project = project
        self._user = user
        self._files = files
        self._schemas = schemas
        self._path = f"/api/projects/{project}"

    def get_default_config(self) -> dict[str, Any]:
        """What a client of confluent-kafka (or whatever else is made of librdkafka) needs, as its own dict.

        The group is the user's own in this project. The certificate is renewed without being asked: ask again for
        each new client.
        """
        files = self._files()
        return {**files.librdkafka(), "client.id": self._client, "group.id": f"{files.group_prefix}{self._user}"}

    def config(self, form: str = "librdkafka") -> str:
        """The same as the text of a configuration file; raises Invalid for a form that is none of these.

        `librdkafka` is for clients made of it (kcat too), `properties` for Java, `flink` for the WITH clause of a table
        in Flink SQL. It names files with the certificate and its key, which are for nobody else's eyes.
        """
        files = self._files()
        return configuration(form, files, client=self._client, group=f"{files.group_prefix}{self._user}")

    @property
    def _client(self) -> str:
        return f"{self._project}__{self._user}"

    def browse(
        self, topic: str, partition: int | None = None, offset: int | None = None, limit: int = 20
    ) -> list[KafkaRecord]:
        """The newest records of a topic, the newest last; with an offset, those of the partition from there on.

        What cannot be decoded is shown as such. No consumer group is used, so nothing changes.

        Raises:
            NotFound: there is no such topic or partition.
            Invalid: the partition has no such offset, or has to be named.
            HeadraceError: and whatever else stands against it.
        """
        name, reading = full_name(self._project, topic), Reading(self._schemas())
        return browse(self.get_default_config(), name, reading, partition=partition, offset=offset, limit=limit)

    def consume(
        self,
        topic: str,
        group: str | None = None,
        *,
        start: str = "earliest",
        follow: bool = False,
        limit: int | None = None,
    ) -> Iterator[KafkaRecord]:
        """The records of a topic, decoded: to the end, or with `follow` as they come.

        Without a group they begin at `start`, earliest or latest. A group goes on where it stopped; a record counts as
        done when the next one is asked for. Raises HeadraceError.
        """
        settings = self.get_default_config()
        if group is not None:
            settings["group.id"] = group if group.startswith(f"{self._project}.") else f"{self._project}.{group}"
        return consume(
            settings,
            full_name(self._project, topic),
            Reading(self._schemas()),
            grouped=group is not None,
            start=start,
            follow=follow,
            limit=limit,
        )

    def produce(self, topic: str, records: Iterable[Any], *, key: str | None = None, subject: str | None = None) -> int:
        """Send records, and return how many the brokers have; in order, one after the other.

        A record is what JSON has for one (times as ISO 8601, decimals as text, bytes as base64); it is encoded by the
        newest schema of `subject`, which is the topic's own if not given. Text and bytes are sent as they are. `key`
        is the field whose text is the record's key.

        Raises:
            NotFound: there is no such topic, or its subject has no schema yet.
            Invalid: a record does not fit; those before it were sent.
            Forbidden: the brokers do not let this member write there.
            HeadraceError: and whatever else stands against it.
        """
        name, schemas = full_name(self._project, topic), self._schemas()
        chosen = subject or self.get_topic(name).subject
        with closing(producer(self._project, name, self._files(), schemas, {})) as sender:
            return produce(sender, schemas, name, records, key=key, schema_id=lambda: _newest(schemas, name, chosen))

    def get_groups(self) -> list[ConsumerGroup]:
        """The consumer groups of the project, by name; raises HeadraceError."""
        return Groups(self._files()).all()

    def get_group(self, group: str) -> ConsumerGroup:
        """Who is in a group of that full or bare name, and how far it is; raises NotFound, HeadraceError."""
        return Groups(self._files()).group(group)

    def reset_offsets(self, group: str, topic: str, to: Where, partition: int | None = None) -> ConsumerGroup:
        """Let a group go on at earliest, latest, an offset (of one partition) or the first record from a time on.

        Raises:
            NotFound: there is no such group, topic or partition.
            Conflict: consumers are in the group.
            Forbidden: the group is another member's.
            Invalid: the partition has no such offset, or has to be named.
            HeadraceError: and whatever else stands against it.
        """
        files = self._files()
        members = [row["user"] for row in self._api.get(f"{self._path}/members")]
        must_be_own(group, files.group_prefix, self._user, members)
        return Groups(files).reset(group, full_name(self._project, topic), to, partition)

    def create_topic(
        self, name: str, partitions: int = 1, *, subject: str | None = None, **kept: Unpack[Kept]
    ) -> KafkaTopic:
        """Make `<project>.topics.<name>`, and return when it takes records. For Data Owners; raises HeadraceError.

        It keeps all records for ever, unless `retention_ms`, `retention_bytes` (of each partition) or `compacted` say
        otherwise. Its records are encoded by `subject`, without one by `<project>.topics.<name>-value`.
        """
        body = {"name": name, "partitions": partitions, "subject": subject, **kept}
        accepted = self._api.post(f"{self._path}/topics", body)
        return self._api.wait_until(accepted.status_url or "", _opened, f"topic {name!r} to open")

    def change_topic(self, topic: str, *, partitions: int | None = None, **kept: Unpack[Kept]) -> KafkaTopic:
        """Change a topic that members made, and return when that holds at the brokers; for Data Owners.

        What is not given stays as it is; a limit of None keeps records for ever. Partitions can be added: keys may then
        go to other partitions than before.

        Raises:
            Invalid: the brokers cannot keep records like that.
            Conflict: the topic has more partitions.
            HeadraceError: and whatever else stands against it.
        """
        path = f"{self._path}/topics/{quote(full_name(self._project, topic), safe='')}"
        accepted = self._api.patch(path, {**({} if partitions is None else {"partitions": partitions}), **kept})
        return self._api.wait_until(accepted.status_url or path, _changed, f"topic {topic!r} to change")

    def grant(self, topic: str, user: str) -> None:
        """Let a Data Scientist write to the topic; for Data Owners."""
        name = full_name(self._project, topic)
        self._api.post(f"{self._path}/topics/{quote(name, safe='')}/grants", {"user": user})

    def share_topic(self, topic: str, receiver: str) -> Share:
        """Offer another project to read a topic that members made; for Data Owners. See SharesApi.offer."""
        return SharesApi(self._api, self._project).offer(receiver, "topic", full_name(self._project, topic))

    def delete_topic(self, topic: str) -> None:
        """Take a topic that members made away with all its records; its name stays taken. For Data Owners."""
        name = full_name(self._project, topic)
        self._api.delete(f"{self._path}/topics/{quote(name, safe='')}")

    def get_topics(self) -> list[KafkaTopic]:
        """The open topics of the project, by name."""
        return [topic for row in self._api.get(f"{self._path}/topics") if (topic := _opened(row)) is not None]

    def get_topic(self, name: str) -> KafkaTopic:
        """The topic of that full or bare name, once it is open; raises NotFound."""
        path = f"{self._path}/topics/{quote(full_name(self._project, name), safe='')}"
        return self._api.wait_until(path, _opened, f"topic {name!r} to open")

    def get_subjects(self) -> list[str]:
        """The subjects of the project's schema registry."""
        subjects: list[str] = self._api.get(f"{self._path}/registry/subjects")
        return subjects

    def get_schemas(self, subject: str) -> list[KafkaSchema]:
        """All versions of a subject, in order; raises NotFound."""
        numbers = self._api.get(f"{self._path}/registry/subjects/{quote(subject, safe='')}/versions")
        return [self.get_schema(subject, number) for number in numbers]

    def get_schema(self, subject: str, version: int | None = None) -> KafkaSchema:
        """One version of a subject, the newest if none is given; raises NotFound."""
        chosen = "latest" if version is None else version
        row = self._api.get(f"{self._path}/registry/subjects/{quote(subject, safe='')}/versions/{chosen}")
        return KafkaSchema(id=row["id"], subject=row["subject"], version=row["version"], schema=row["schema"])


def _newest(schemas: Schemas, topic: str, subject: str | None) -> int:
    if subject is None:
        raise Invalid(f"say by which subject records on {topic} are encoded", code="no-subject")
    try:
        return schemas.latest(subject)
    except NotFound as error:
        raise NotFound(
            f"subject {subject!r} has no schema: register one (`headrace schema register`), or send text",
            code="subject-not-found",
        ) from error


def _changed(row: dict[str, Any]) -> KafkaTopic | None:
    return None if row["changing"] else _opened(row)


def _opened(row: dict[str, Any]) -> KafkaTopic | None:
    if row["phase"] == "closed":
        raise NotFound(f"topic {row['topic']!r} has been deleted", code="topic-not-found")
    if row["phase"] != "open":
        return None
    return KafkaTopic(
        name=row["topic"],
        topic_id=row["topic_id"],
        partitions=row["partitions"],
        retention_ms=row["retention_ms"],
        retention_bytes=row["retention_bytes"],
        compacted=row["compacted"],
        subject=row["subject"],
        purpose=row["purpose"],
        phase="changing" if row["changing"] else row["phase"],
        writers=tuple(row["writers"]),
    )
