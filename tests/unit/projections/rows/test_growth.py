"""Rows of a group that grows: whatever schema they were written with, both stores tell the same."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import fastavro
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.projections.rows.things import group as made_group
from tests.unit.projections.rows.things import record

from headrace_broker.record import Record
from headrace_events.envelope import Recorded
from headrace_events.feature_default import default_of
from headrace_events.feature_group import FeatureGroupCreated
from headrace_events.feature_group_growth import FeatureGroupFeaturesAppended
from headrace_events.feature_statistics import FeatureGroupStatisticsConfigured, StatisticsConfig
from headrace_events.feature_view import FeatureViewCreated, GroupSelection
from headrace_events.ids import CommandId, EventId, Micros
from headrace_events.language import Event
from headrace_events.row_schema import Appended, Column, grown_schema, row_schema
from headrace_events.schema import SchemaRegistered
from headrace_events.subject import SubjectVersionRegistered
from headrace_events.topic import TopicOpened
from headrace_projections.history.point_in_time import training_rows
from headrace_projections.history.tables import history_of
from headrace_projections.history.view import ViewHistory
from headrace_projections.offline.arrow import table_of
from headrace_projections.offline.delta import GroupTable
from headrace_projections.offline.queries import arrow_stream
from headrace_projections.online.bodies import BodyReader
from headrace_projections.online.last import last_per_key
from headrace_projections.online.queries import readable_group, values_of
from headrace_projections.rows.catalogued import CataloguedGroup
from headrace_projections.rows.fit import Rows, fit
from headrace_projections.rows.groups import Group, Groups, Growth
from headrace_schemas.framing import frame

FIRST = 20_000
CREATED = datetime(2026, 1, 1, tzinfo=UTC)
MADE = (Column(name="id", type="string"), Column(name="at", type="timestamp"), Column(name="number", type="bigint"))
LATER = (
    Appended(name="share", type="double", default="0.5"),
    Appended(name="note", type="string"),
    Appended(name="raw", type="binary", default='"/wA="'),
    Appended(name="since", type="timestamp", default='"2013-01-01T06:00:00.000001+01:00"'),
    Appended(name="good", type="boolean", default="true"),
    Appended(name="day", type="date", default='"1969-07-20"'),
    Appended(name="few", type="int", default="-7"),
    Appended(name="word", type="string", default='"it\'s %s \\"née\\""'),
    Appended(name="part", type="float", default="0.1"),
)
GIVEN: Mapping[str, st.SearchStrategy[Any]] = {
    "number": st.integers(-(2**63), 2**63 - 1),
    "share": st.floats(-5, 5),
    "note": st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
    "raw": st.binary(max_size=3),
    "since": st.datetimes(timezones=st.just(default_of("timestamp", LATER[3].default).tzinfo)),  # type: ignore[union-attr] # it is a datetime
    "good": st.booleans(),
    "day": st.dates(),
    "few": st.integers(-9, 9),
    "word": st.text("ab'\"%", max_size=3),
    "part": st.floats(-5, 5, width=32),
}


def generations(growth: Sequence[Sequence[Appended]]) -> tuple[dict[int, str], list[Group]]:
    """The schemas of a group, by id, and the group as it was with each of them."""
    schemas = {FIRST: row_schema("shop", "things", 1, MADE, ("id", "at"))}
    groups = [made_group(columns=MADE)]
    for number, features in enumerate(growth, 1):
        schemas[FIRST + number] = grown_schema(schemas[FIRST + number - 1], features)
        before = groups[-1]
        groups.append(
            replace(
                before,
                columns=(*before.columns, *(feature.column for feature in features)),
                growth=(*before.growth, Growth(schema_id=FIRST + number, features=tuple(features))),
            )
        )
    return schemas, groups


@dataclass(frozen=True)
class Written:
    """A row, and the number of the schema that its client knew; no values, a delete."""

    entity: str
    at: int
    schema: int
    values: Mapping[str, Any] | None


def obvious(written: Sequence[Written], group: Group) -> dict[str, dict[str, Any]]:
    """Entity → its values, one row after the other."""
    defaults = {one.name: default_of(one.type, one.default) for grown in group.growth for one in grown.features}
    last: dict[str, Written] = {}
    for row in written:
        if row.entity not in last or row.at >= last[row.entity].at:
            last[row.entity] = row
    return {
        entity: {
            column.name: row.values[column.name] if column.name in row.values else defaults.get(column.name)
            for column in group.columns[2:]
        }
        for entity, row in last.items()
        if row.values is not None
    }


def as_record(row: Written, offset: int, schemas: Mapping[int, str]) -> Record:
    if row.values is None:
        key = record({"id": row.entity, "at": 0, "number": 0}, 0).key
        return record(None, offset, key=key, headers={"headrace_event_time": str(row.at)})
    schema = fastavro.parse_schema(json.loads(schemas[FIRST + row.schema]))
    body = io.BytesIO()
    fastavro.schemaless_writer(body, schema, {"id": row.entity, "at": row.at, **row.values})
    return record({"id": row.entity}, offset, value=frame(FIRST + row.schema) + body.getvalue())


def online(written: Sequence[Rows], group: Group, schemas: Mapping[int, str]) -> dict[str, dict[str, Any]]:
    newest = max(schemas)
    readable = readable_group(CataloguedGroup(group=group, schema_id=newest, schema=schemas[newest], created=CREATED))
    found = {}
    for rows, places in last_per_key(written):
        for place in [] if rows.deleted else places.tolist():
            bodies = BodyReader(json.loads(schemas[rows.schema_id]))
            values = values_of(readable, rows.schema_id, bodies, rows.bodies[place])
            found[values["id"]] = {name: value for name, value in values.items() if name not in {"id", "at"}}
    return found


def offline(storage: str, group: Group) -> dict[str, dict[str, Any]]:
    table = pa.ipc.open_stream(b"".join(arrow_stream(storage, group, history=False))).read_all()
    names = [column.name for column in group.columns[2:]]
    return {row["id"]: {name: row[name] for name in names} for row in table.to_pylist()}


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_old_rows_appends_and_new_rows_in_any_order_read_as_a_slow_reading_has_them(data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(LATER)), max_size=3)))
    growth = [LATER[start:end] for start, end in zip([0, *cuts], cuts, strict=False)]
    schemas, groups = generations(growth)
    written: list[Written] = []
    parts: list[Rows] = []
    with TemporaryDirectory() as folder:
        storage, step = Path(folder).as_uri(), 0
        for number, group in enumerate(groups):
            table = GroupTable(storage, group)
            for _ in range(data.draw(st.integers(0, 2))):
                known = data.draw(st.lists(st.integers(0, number), max_size=4))
                batch = [data.draw(rows_written_with(schema, groups)) for schema in known]
                records = [as_record(row, step + place, schemas) for place, row in enumerate(batch)]
                fitted = fit(group, schemas, records)
                assert fitted.refused == []
                end = step + len(records)
                if fitted.rows:
                    arrow = pa.concat_tables([table_of(group, rows) for rows in fitted.rows])
                    table.append(arrow, {group.places[0]: end}, {group.places[0]: step})
                step, written, parts = end, written + batch, parts + fitted.rows
            expected = obvious(written, group)
            assert offline(storage, group) == expected
            if parts:
                now = {schema_id: schemas[schema_id] for schema_id in schemas if schema_id <= FIRST + number}
                assert online(parts, group, now) == expected


def rows_written_with(schema: int, groups: Sequence[Group]) -> st.SearchStrategy[Written]:
    names = [column.name for column in groups[schema].columns[2:]]
    values = st.fixed_dictionaries({name: st.none() | GIVEN[name] for name in names})
    return st.builds(
        Written,
        entity=st.sampled_from("abc"),
        at=st.integers(0, 3),
        schema=st.just(schema),
        values=st.none() | values,
    )


def test_a_table_that_nobody_wrote_to_since_an_append_reads_with_its_defaults(tmp_path: Path) -> None:
    schemas, (old, new) = generations([LATER])
    rows = fit(old, schemas, [as_record(Written("a", 1, 0, {"number": 1}), 0, schemas)]).rows
    where = old.places[0]
    GroupTable(tmp_path.as_uri(), old).append(table_of(old, rows[0]), {where: 1}, {where: 0})
    (found,) = offline(tmp_path.as_uri(), new).values()
    assert found == {"number": 1, **{one.name: default_of(one.type, one.default) for one in LATER}}


def test_training_rows_have_the_defaults_too(tmp_path: Path) -> None:
    schemas, (old, new) = generations([LATER])
    rows = fit(old, schemas, [as_record(Written("a", 1, 0, {"number": 1}), 0, schemas)]).rows
    where = old.places[0]
    GroupTable(tmp_path.as_uri(), old).append(table_of(old, rows[0]), {where: 1}, {where: 0})
    names = tuple(one.name for one in LATER)
    view = FeatureViewCreated(
        name="view",
        version=1,
        description="",
        root=GroupSelection(group="things", version=1, features=names),
        joins=(),
        labels=(),
    )
    history = history_of(tmp_path.as_uri(), new, {0: 1})
    assert history is not None
    with training_rows(ViewHistory(view=view, root=history), Micros(0), Micros(9)) as batches:
        (found,) = pa.Table.from_batches(batches).select(names).to_pylist()
    assert found == {one.name: default_of(one.type, one.default) for one in LATER}


def announced(*events: Event) -> Groups:
    groups = Groups()
    for event in events:
        groups.take(
            Recorded(
                event=event,
                id=EventId("e"),
                project=None if isinstance(event, SchemaRegistered) else "shop",
                seq=1,
                version=1,
                actor="user:ada",
                cause=CommandId("c"),
            )
        )
    return groups


def made() -> tuple[FeatureGroupCreated, TopicOpened]:
    """The group, and its topic."""
    topic = "shop.features.things.1"
    created = FeatureGroupCreated(
        name="things",
        version=1,
        description="",
        columns=MADE,
        primary_key=("id",),
        event_time="at",
        online=True,
        offline=True,
        topic=topic,
        subject="things_1",
        schema_id=FIRST,
    )
    opened = TopicOpened(name=topic, topic_id="id-of-things", partitions=2, purpose="features")
    return created, opened


def test_rows_of_a_schema_wait_until_the_group_has_grown_with_it() -> None:
    schemas, (_, grown) = generations([LATER])
    stranger = row_schema("shop", "others", 1, MADE, ("id", "at"))
    registered = [
        SchemaRegistered(schema_id=schema_id, fingerprint=str(schema_id), schema=text)
        for schema_id, text in {**schemas, FIRST + 5: stranger}.items()
    ]
    topic = "shop.features.things.1"
    created, opened = made()
    subject = SubjectVersionRegistered(subject="things_1", version=2, schema_id=FIRST + 1, topic=topic)
    half = announced(*registered, created, opened, subject)
    old = half.by_topic[topic]
    assert [half.awaits(old, schema_id) for schema_id in (FIRST, FIRST + 1, FIRST + 5, FIRST + 9)] == [
        False,
        True,
        False,
        True,
    ]
    appended = FeatureGroupFeaturesAppended(name="things", version=1, features=LATER, topic=topic, schema_id=FIRST + 1)
    earlier = SubjectVersionRegistered(subject="things_1", version=1, schema_id=FIRST + 5)
    whole = announced(*registered, earlier, created, opened, subject, appended)
    assert whole.by_topic[topic] == grown
    assert not whole.awaits(grown, FIRST + 1)
    assert whole.schemas_of(grown) == schemas
    whole.forget("shop")
    assert whole.awaits(grown, FIRST + 1)


def test_what_is_counted_of_a_group_is_what_was_said_last() -> None:
    created, opened = made()
    wishes = [StatisticsConfig(enabled=False), StatisticsConfig(columns=("at",))]
    topic = "shop.features.things.1"
    said = [FeatureGroupStatisticsConfigured(name="things", version=1, statistics=wish, topic=topic) for wish in wishes]
    assert announced(created, opened).by_topic[topic].statistics == StatisticsConfig()
    assert announced(created, opened, *said).by_topic[topic].statistics == wishes[1]
    early = announced(created, said[0], opened).by_topic[topic]
    assert early.statistics == wishes[0]
