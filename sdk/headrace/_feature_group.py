"""A feature group: a named, versioned table of features, written through the log and read online and offline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import quote

from headrace._annotations import Annotations
from headrace._columns import Feature, features_of
from headrace._command_id import new_command_id
from headrace._consistency import Consistency, consistency_of
from headrace._declared_on_demand import declared
from headrace._errors import Conflict, Invalid, NotFound
from headrace._feature_monitoring import FeatureMonitoring
from headrace._feature_usage import FeatureUse, feature_use
from headrace._frames import rows_in, slices
from headrace._group_life import GroupLife
from headrace._group_on_demand import GroupOnDemand
from headrace._group_statistics import GroupStatistics, StatisticsConfig
from headrace._group_streams import GroupStreams
from headrace._group_validation import GroupValidation
from headrace._growth import appended
from headrace._http import Api
from headrace._insert import (
    EVENT_TIME,
    INSERT,
    KNOWN_AT,
    QUEUE_KIB,
    QUEUE_ROWS,
    OnProgress,
    RowProducer,
    Sending,
    bar,
    claimed_time,
)
from headrace._insert_stream import Clients
from headrace._query import Selectable
from headrace._read_feature_group import ReadFeatureGroup
from headrace._receipt import Receipt
from headrace._rows import Known, Refusal, RowEncoder, RowSchema
from headrace._sharing import Share, SharesApi
from headrace._transformation_function import Transformation
from headrace._transformation_functions import FunctionsOf
from headrace._values import WrongValue, micros_of, plain

CHECK_S = 3_600.0
"""How long a comparison of both stores may take; of large groups it takes minutes."""

MakeProducer = Callable[..., RowProducer]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupWish:
    """A version of a feature group as it was asked for."""

    name: str
    version: int | None
    description: str
    primary_key: tuple[str, ...]
    event_time: str | None
    online: bool
    offline: bool
    ttl: timedelta | None
    partitions: int
    features: Sequence[Feature] | None
    statistics: StatisticsConfig | None = None
    on_demand: tuple[Transformation, ...] = ()
    request_parameters: tuple[Feature, ...] = ()


class FeatureGroup(
    Selectable,
    ReadFeatureGroup,
    GroupOnDemand,
    GroupStatistics,
    GroupValidation,
    GroupStreams,
    FeatureMonitoring,
    GroupLife,
    Annotations,
):
    """One version of a feature group. One that was only asked for is made by the first `insert` or `save`."""

    def __init__(self, api: Api, project: str, make_producer: MakeProducer, clients: Clients, wish: GroupWish) -> None:
        self._api = api
        self._project = project
        self._make_producer = make_producer
        self._clients = clients
        self._wish = wish
        self._row: Mapping[str, Any] | None = None
        self._sent: dict[int, int] = {}

    @classmethod
    def existing(
        cls, api: Api, project: str, make_producer: MakeProducer, clients: Clients, row: Mapping[str, Any]
    ) -> FeatureGroup:
        """The group that the API describes."""
        seconds = row.get("ttl_seconds")
        wish = GroupWish(
            name=row["name"],
            version=row["version"],
            description=row["description"],
            primary_key=tuple(row["primary_key"]),
            event_time=row.get("event_time"),
            online=row["online"],
            offline=row["offline"],
            ttl=None if seconds is None else timedelta(seconds=seconds),
            partitions=1,
            features=[Feature(one["name"], one["type"], one["description"]) for one in row["columns"]],
        )
        group = cls(api, project, make_producer, clients, wish)
        group._row = row
        return group

    def __repr__(self) -> str:
        return f"FeatureGroup({self.name!r}, version={self._wish.version})"

    @property
    def name(self) -> str:
        """Its name."""
        return self._wish.name

    @property
    def version(self) -> int:
        """Its version."""
        return int(self._known["version"])

    @property
    def description(self) -> str:
        """What is said about it."""
        return self._wish.description if self._row is None else str(self._row["description"])

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The columns that name an entity."""
        return self._wish.primary_key

    @property
    def event_time(self) -> str | None:
        """The column that says when a row became true."""
        return self._wish.event_time

    @property
    def features(self) -> list[Feature]:
        """All columns, the key and the event time among them."""
        return [Feature(one["name"], one["type"], one["description"]) for one in self._known["columns"]]

    @property
    def streaming(self) -> Mapping[str, Any] | None:
        """What the platform computes its rows from: source, keys, aggregations, slide; None of any other group."""
        return self._known.get("streaming")

    @property
    def _watched(self) -> Mapping[str, Any]:
        return {"kind": "feature_group", "name": self.name, "version": self.version}

    @property
    def topic(self) -> str:
        """The topic that carries its rows."""
        return str(self._known["topic"])

    def share(self, receiver: str) -> Share:
        """Offer another project to read this version; for Data Owners. See SharesApi.offer."""
        return SharesApi(self._api, self._project).offer(receiver, "feature_group", self.name, self.version)

    def save(self, features: Any = None) -> FeatureGroup:
        """Make the group, with columns as given or as a frame has them, and wait until it takes rows."""
        if self._row is not None:
            return self
        wish = self._wish
        kept = (*wish.primary_key, wish.event_time)
        there = declared(wish.on_demand, wish.features, wish.request_parameters, features, kept)
        body = {
            "name": wish.name,
            "version": wish.version,
            "description": wish.description,
            "columns": _bodies(there.columns),
            "primary_key": list(wish.primary_key),
            "event_time": wish.event_time,
            "online": wish.online,
            "offline": wish.offline,
            "ttl_seconds": None if wish.ttl is None else int(wish.ttl.total_seconds()),
            "partitions": wish.partitions,
            "statistics": None if wish.statistics is None else wish.statistics.body,
            "on_demand": FunctionsOf(self._api, self._project).bodies(wish.on_demand),
            "request_parameters": _bodies(there.parameters),
        }
        base = f"/api/projects/{self._project}/feature-groups"
        accepted = self._api.post(base, body)
        made = self._api.happened(self._project, accepted, "feature_group.created")
        self._row = self._api.wait_until(
            f"{base}/{wish.name}/versions/{made['version']}",
            lambda row: row if row["topic_phase"] == "open" else None,
            f"the topic of feature group {wish.name!r}",
        )
        return self

    def append_features(self, features: Any) -> FeatureGroup:
        """Add columns after those it has, and wait until rows with them are taken; for Data Owners.

        Args:
            features: a Feature or several, {name: type}, or a frame to read them off. Rows that were written without
                a column, before or by clients that do not know it yet, have its `default_value`, or null.

        Raises:
            NotFound: the group is not made yet.
            Conflict: it has a column of that name.
            Invalid: a type is unknown, a default is none of it, or there are too many columns.
            Forbidden: you are no Data Owner.
        """
        accepted = self._api.post(f"{self._path}/features", appended(features))
        grown = self._api.happened(self._project, accepted, "feature_group.features_appended")
        self._row = self._api.wait_until(
            self._path,
            lambda row: row if any(one["schema_id"] == grown["schema_id"] for one in row["growth"]) else None,
            f"the new features of {self.name!r}",
        )
        self.__dict__.pop("_encoder", None)
        return self

    def insert(
        self,
        frame: Any,
        *,
        insert_id: str | None = None,
        wait: bool = False,
        on_progress: OnProgress | None = None,
        show_progress: bool = True,
        validation_options: Mapping[str, Any] | None = None,
        known_at: str | None = None,
        transform: bool = True,
    ) -> Receipt:
        """Write rows: a pandas or polars DataFrame, an Arrow table, or a list of dicts, which is left as it is.

        A row that does not fit (wrong type, missing key or event time, a number that is not finite, a value in a
        column the group lacks) is refused in the receipt; the others are written. NaN in a pandas frame is a missing
        value, as pandas means it; in other frames it is a number that is not finite. Datetimes without a zone are UTC.
        A column that the frame lacks is null, or has the default it was appended with. With `wait` it returns when the
        rows can be read. To repeat an insert that broke off, give its `insert_id`.

        `known_at` is for rows from elsewhere: the column of the frame that says since when each row was known there,
        which the log cannot know. It is written beside the row, and in it only where the group has such a column. A row
        without it, or with a time to come, is refused.

        On-demand features are computed of the frame's columns, those among them that are only arguments are not stored,
        and a row for which a function raises, or returns what it does not declare, is refused with the reason. With
        `transform=False` nothing is computed, and the frame has these features as columns.

        Where the group has an expectation suite, the frame is compared with it before any row is sent, and the report
        is saved and in the receipt; not so with `validation_options={"run_validation": False}`.

        Raises:
            Invalid: `not-as-expected`, where the suite is STRICT: nothing was written, and `details` have the report.
                `argument-missing`, `computed-column`: the frame lacks what a function takes, or has what it gives.
                `not-repeatable`: a function gives another value when it is asked again, or for the row alone.
            HeadraceError: the frame cannot be read, the certificate may not write, or the brokers are away.
        """
        known = None if known_at is None else Known.of(known_at)
        if self._row is None:
            self.save(None if self._wish.features is not None else self._features_of(frame, known_at))
        self._must_take_rows()
        before = self.progress()
        validated = (validation_options or {}).get("run_validation", True)
        expected = before["expectations"] if validated else None
        report_of_rows = self._admitted(frame, expected, transform=transform)
        total = rows_in(frame)
        report = on_progress or (bar(f"insert {self.name}") if show_progress else None)
        sending = self._sending(insert_id)
        refused: list[Refusal] = []
        for part in slices(frame):
            encoded, turned_down = self._encoder.encode(*self._completed(part, transform=transform), known)
            refused += turned_down
            sending.send_all(encoded)
            if report is not None:
                report(part.first + part.count, total)
        sending.finish()
        receipt = self._receipt(sending, refused, before)
        if report_of_rows is not None:
            ingested = replace(report_of_rows, ingestion_result="INGESTED", insert_id=sending.insert_id)
            receipt = replace(receipt, validation=self._save_report(ingested))
        return receipt.wait() if wait else receipt

    def delete_rows(
        self,
        keys: Any,
        event_time: datetime | None = None,
        *,
        insert_id: str | None = None,
        known_at: str | None = None,
    ) -> Receipt:
        """Delete entities as of `event_time` (the event time column of `keys`, or now): frames as for `insert`.

        What a key had before that time is hidden; a row of a later event time shows again. `known_at` is the column of
        `keys` that says when each delete was known, as with `insert`.
        """
        known = None if known_at is None else Known.of(known_at)
        self._must_take_rows()
        now = micros_of(event_time or datetime.now(UTC))
        before = self.progress()
        sending = self._sending(insert_id)
        refused: list[Refusal] = []
        for part in slices(keys):
            columns = {
                name: values if isinstance(values, list) else values.to_pylist()
                for name, values in part.columns.items()
            }
            unknown: dict[int, str] = {}
            times = [None] * part.count if known is None else known.claimed(part, unknown)
            refused += [Refusal(part.first + row, reason) for row, reason in unknown.items()]
            for row, time in enumerate(times):
                if row in unknown:
                    continue
                entity = {name: values[row] for name, values in columns.items()}
                given = plain(entity.get(self.event_time)) if self.event_time else None
                try:
                    key = self._encoder.key_of(entity)
                    at = now if given is None else micros_of(given)
                except WrongValue as error:
                    refused.append(Refusal(part.first + row, str(error)))
                else:
                    headers = sending.headers if time is None else sending.claiming(time)
                    sending.send(key, None, [*headers, (EVENT_TIME, str(at).encode())])
        sending.finish()
        return self._receipt(sending, sorted(refused, key=lambda one: one.row), before)

    def check_consistency(self, *, seconds: int = 120) -> Consistency:
        """Compare the last row of every key online and offline, after the same records; rows may go on coming.

        The offline store gets so many seconds to come as far as the online one.

        Raises:
            Conflict: it did not.
            Invalid: the group is kept in one store only.
        """
        answer = self._api.ask(f"{self._path}/consistency", {"seconds": seconds}, timeout=seconds + CHECK_S)
        return consistency_of(answer, self.features)

    def update_feature_description(self, feature_name: str, description: str) -> FeatureGroup:
        """Say what one feature is, in place of what was said before; raises NotFound."""
        path = f"{self._path}/features/{quote(feature_name, safe='')}/description"
        self._api.put(path, {"description": description})
        self._refresh()
        return self

    def usage(self) -> list[FeatureUse]:
        """Who uses each feature: views, models, deployments, and other projects that it is shared with."""
        return [feature_use(row) for row in self._api.get(f"{self._path}/usage")]

    def _refresh(self) -> Mapping[str, Any]:
        self._row = self._api.get(self._path)
        return self._known

    @property
    def _said(self) -> Mapping[str, Any]:
        return self._known

    @property
    def _known(self) -> Mapping[str, Any]:
        if self._row is None:
            raise NotFound(f"feature group {self.name!r} is not made yet: insert rows, or save", code="not-saved")
        return self._row

    @property
    def _path(self) -> str:
        return f"/api/projects/{self._project}/feature-groups/{self.name}/versions/{self.version}"

    @cached_property
    def _encoder(self) -> RowEncoder:
        return self._make_encoder()

    def _make_encoder(self) -> RowEncoder:
        row = self._known
        return RowEncoder(
            RowSchema(
                types={one.name: one.type for one in self.features},
                primary_key=self.primary_key,
                event_time=self.event_time,
                schema_id=row["schema_id"],
                schema=row["schema"],
            )
        )

    def _features_of(self, frame: Any, known_at: str | None) -> list[Feature]:
        """The columns of a group that is made for the frame: when rows are known is none, unless the group needs it."""
        always = {*self.primary_key, self.event_time}
        return [one for one in features_of(frame) if one.name != known_at or one.name in always]

    def _must_take_rows(self) -> None:
        streaming = self._known.get("streaming")
        if streaming is not None:
            raise Conflict(
                f"the platform computes the rows of {self.name!r}: insert into {streaming['source']!r}, its source",
                code="streaming-feature-group",
            )

    def _producer(self) -> RowProducer:
        return self._make_producer(
            self.topic,
            linger_ms=20,
            queue_buffering_max_kbytes=QUEUE_KIB,
            queue_buffering_max_messages=QUEUE_ROWS,
        )

    def _sending(self, insert_id: str | None) -> Sending:
        chosen = insert_id or new_command_id()
        try:
            known_at = claimed_time(chosen) if insert_id else None
        except ValueError:
            raise Invalid(f"an insert id is a UUID, not {chosen[:80]!r}", code="invalid-insert-id") from None
        headers = [(INSERT, chosen.encode())]
        if known_at is not None:
            headers.append((KNOWN_AT, str(known_at).encode()))
        return Sending(self._producer(), self.topic, chosen, headers)

    def _receipt(self, sending: Sending, refused: list[Refusal], before: Mapping[str, Any]) -> Receipt:
        """The receipt of what was sent; `before` says how far the stores were then."""
        topic_id = str(before["topic_id"])
        self._sent |= {number: offset + 1 for number, offset in sending.furthest.items()}
        return Receipt(
            accepted=sending.taken,
            refused=tuple(refused),
            insert_id=sending.insert_id,
            positions=tuple(f"{topic_id}:{number}:{offset}" for number, offset in sorted(sending.furthest.items())),
            _ask=self.progress,
            _others={
                part["partition"]: max(part["online"], part["offline"], self._sent.get(part["partition"], 0))
                for part in before["partitions"]
            },
        )


def _bodies(columns: Sequence[Feature]) -> list[dict[str, str]]:
    return [{"name": one.name, "type": one.type, "description": one.description} for one in columns]
