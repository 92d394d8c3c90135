"""Feature groups that are queries on other databases: one SELECT each, in names, types and keys like any other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.events.scenario import Scenario, project
from tests.unit.events.test_feature_groups import WEATHER

from headrace_events.annotation_words import Annotated, Describe
from headrace_events.errors import Invalid
from headrace_events.external_feature_group import (
    CreateExternalFeatureGroup,
    DeleteExternalFeatureGroup,
    ExternalFeatureGroupCreated,
    ExternalFeatureGroupDeleted,
)
from headrace_events.external_reading import GivenReading
from headrace_events.feature_group import CreateFeatureGroup, FeatureGroup
from headrace_events.feature_group_clearing import ClearFeatureGroup
from headrace_events.feature_group_growth import AppendFeatures, NewFeature
from headrace_events.feature_group_life import DeleteFeatureGroup
from headrace_events.feature_view import CreateFeatureView, GroupSelection, Join, KeyPair
from headrace_events.ids import Micros
from headrace_events.quota import Quota
from headrace_events.quota_setting import SetQuota
from headrace_events.row_schema import Column
from headrace_events.select_statement import must_only_read
from headrace_events.share import OfferShare
from headrace_events.shared import Shareable
from headrace_events.storage_connector import CreateStorageConnector, DeleteStorageConnector
from headrace_events.training_dataset import CreateTrainingDataset, Split, TrainingDatasetRequested
from headrace_schemas.records import from_record, to_record

CUSTOMERS = CreateExternalFeatureGroup(
    project="flights",
    name="customers",
    columns=(
        Column(name="customer", type="string"),
        Column(name="since", type="timestamp"),
        Column(name="credit", type="decimal(10, 2)"),
    ),
    primary_key=("customer",),
    event_time="since",
    storage_connector="warehouse",
    query="SELECT customer, since, credit FROM customers",
)
GONE = DeleteExternalFeatureGroup(project="flights", name="customers", version=1)
SELECTED = GroupSelection(group="customers", version=1, features=("customer", "credit"))
VIEW = CreateFeatureView(project="flights", name="credit", root=SELECTED, labels=("credit",))


def with_connector() -> Scenario:
    """A project with a storage connector."""
    scenario = project()
    scenario.events(CreateStorageConnector(project="flights", name="warehouse", url="postgresql://db/sales"))
    return scenario


def with_group() -> Scenario:
    """The same, with an external feature group."""
    scenario = with_connector()
    scenario.events(CUSTOMERS)
    return scenario


def test_it_is_made_without_topic_and_schema() -> None:
    assert with_connector().events(CUSTOMERS) == [
        ExternalFeatureGroupCreated(
            name="customers",
            version=1,
            description="",
            columns=(*CUSTOMERS.columns[:2], Column(name="credit", type="decimal(10,2)")),
            primary_key=("customer",),
            event_time="since",
            storage_connector="warehouse",
            query=CUSTOMERS.query,
        )
    ]


def test_versions_are_counted_with_those_of_other_groups_of_the_name() -> None:
    scenario = with_group()
    assert scenario.refusal(replace(CUSTOMERS, version=1)) == "feature-group-exists"
    made = CreateFeatureGroup(
        project="flights", name="customers", columns=(Column(name="a", type="int"),), primary_key=("a",)
    )
    scenario.events(made)
    (third,) = scenario.events(CUSTOMERS)
    assert isinstance(third, ExternalFeatureGroupCreated)
    assert third.version == 3


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"storage_connector": "nowhere"}, "storage-connector-not-found"),
        ({"query": "DELETE FROM customers"}, "not-one-select"),
        ({"primary_key": ()}, "no-primary-key"),
        ({"primary_key": ("nobody",)}, "unknown-column"),
        ({"primary_key": ("credit",)}, "invalid-key-type"),
        ({"event_time": "customer"}, "invalid-event-time"),
        ({"name": "Customers"}, "invalid-name"),
        ({"version": 0}, "invalid-version"),
        ({"columns": ()}, "invalid-columns"),
        ({"columns": (Column(name="customer", type="money"),)}, "unknown-type"),
    ],
)
def test_what_cannot_be_one_is_refused(changed: dict[str, Any], code: str) -> None:
    assert with_connector().refusal(replace(CUSTOMERS, **changed)) == code


def test_scientists_do_not_make_or_delete_them() -> None:
    assert with_connector().refusal(CUSTOMERS, "user:bob") == "owners-only"
    assert with_group().refusal(GONE, "user:bob") == "owners-only"


def test_a_connector_of_another_project_is_none() -> None:
    scenario = with_connector()
    assert scenario.refusal(replace(CUSTOMERS, project="rival")) == "project-not-found"


def test_it_counts_against_the_quota_of_feature_groups() -> None:
    scenario = with_connector()
    scenario.events(SetQuota(project="flights", quota=Quota.FEATURE_GROUPS, limit=0), "user:root-admin")
    assert scenario.refusal(CUSTOMERS) == "quota-exceeded"


def test_it_is_deleted_and_its_version_is_not_used_again() -> None:
    scenario = with_group()
    assert scenario.events(GONE) == [ExternalFeatureGroupDeleted(name="customers", version=1)]
    assert scenario.refusal(GONE) == "external-feature-group-not-found"
    assert scenario.refusal(replace(CUSTOMERS, version=1)) == "feature-group-exists"


def test_a_connector_stays_while_groups_are_read_through_it() -> None:
    scenario = with_group()
    delete = DeleteStorageConnector(project="flights", name="warehouse")
    assert scenario.refusal(delete) == "storage-connector-in-use"
    scenario.events(GONE)
    scenario.events(delete)
    assert scenario.refusal(CUSTOMERS) == "storage-connector-not-found"


def test_what_is_done_with_rows_that_are_here_is_refused() -> None:
    scenario = with_group()
    of: dict[str, Any] = {"project": "flights", "name": "customers", "version": 1}
    kind = Annotated.FEATURE_GROUP
    for command in (
        DeleteFeatureGroup(**of),
        ClearFeatureGroup(**of),
        AppendFeatures(**of, features=(NewFeature(name="more", type="int"),)),
        Describe(**of, kind_of=kind, description="x"),
        OfferShare(
            project="flights",
            receiver="rival",
            what=Shareable.FEATURE_GROUP,
            name="customers",
            version=1,
        ),
    ):
        assert scenario.refusal(command) == "external-feature-group", command
    assert scenario.refusal(replace(GONE, name="weather")) == "external-feature-group-not-found"


def test_views_read_it_as_root_and_joined_and_keep_it() -> None:
    scenario = with_group()
    scenario.events(WEATHER)
    scenario.events(VIEW)
    joined = Join(selection=replace(SELECTED, features=("credit",)), on=(KeyPair(left="origin", right="customer"),))
    root = GroupSelection(group="weather", version=1, features=("origin",))
    scenario.events(CreateFeatureView(project="flights", name="both", root=root, joins=(joined,)))
    assert scenario.refusal(GONE) == "feature-group-in-use"
    assert scenario.refusal(replace(VIEW, name="known", known_at=True)) == "external-feature-group"


def test_a_view_of_what_was_known_takes_a_group_that_says_when_its_rows_were() -> None:
    scenario = with_connector()
    assert scenario.refusal(replace(CUSTOMERS, known_at="credit")) == "invalid-known-at"
    assert scenario.refusal(replace(CUSTOMERS, known_at="nothing")) == "invalid-known-at"
    (made,) = scenario.events(replace(CUSTOMERS, known_at="since"))
    assert isinstance(made, ExternalFeatureGroupCreated)
    assert made.known_at == "since"
    scenario.events(replace(VIEW, known_at=True))


SPLIT = Split(name="train", start=Micros(-10), end=Micros(10))
READING = GivenReading(group="customers", version=1, sha256="a" * 64, read_at=Micros(5))
TRAIN = CreateTrainingDataset(project="flights", view="credit", view_version=1, splits=(SPLIT,), readings=(READING,))


def test_training_data_takes_one_reading_of_each_external_group() -> None:
    scenario = with_group()
    scenario.events(VIEW)
    assert scenario.refusal(replace(TRAIN, readings=())) == "reading-missing"
    (asked,) = scenario.events(TRAIN)
    assert isinstance(asked, TrainingDatasetRequested)
    assert asked.readings == (READING,)


@pytest.mark.parametrize(
    ("readings", "code"),
    [
        ((READING, READING), "unexpected-reading"),
        ((READING, replace(READING, group="weather")), "unexpected-reading"),
        ((replace(READING, version=2),), "reading-missing"),
        ((replace(READING, sha256="A" * 64),), "invalid-reading"),
        ((replace(READING, sha256="../" * 9),), "invalid-reading"),
    ],
)
def test_other_readings_than_the_view_needs_are_refused(readings: tuple[GivenReading, ...], code: str) -> None:
    scenario = with_group()
    scenario.events(VIEW)
    assert scenario.refusal(replace(TRAIN, readings=readings)) == code


def test_a_view_of_our_own_groups_takes_no_reading() -> None:
    scenario = with_group()
    scenario.events(WEATHER)
    root = GroupSelection(group="weather", version=1, features=("origin",))
    scenario.events(CreateFeatureView(project="flights", name="credit", root=root))
    assert scenario.refusal(TRAIN) == "unexpected-reading"


def test_examples_without_time_are_not_split_by_time() -> None:
    scenario = with_connector()
    scenario.events(replace(CUSTOMERS, event_time=None))
    scenario.events(VIEW)
    later = replace(SPLIT, start=Micros(1))
    assert scenario.refusal(replace(TRAIN, splits=(later,))) == "no-event-time"
    two = (SPLIT, replace(later, name="test", start=Micros(10), end=Micros(20)))
    assert scenario.refusal(replace(TRAIN, splits=two)) == "no-event-time"
    scenario.events(TRAIN)


def test_a_state_from_before_there_were_any_is_still_one() -> None:
    scenario = project()
    scenario.events(WEATHER)
    state = scenario.world.state(FeatureGroup, "flights", "weather")
    assert state is not None
    stored = to_record(state)
    for version in stored["versions"].values():
        del version["external"], version["known_at"]
    assert from_record(FeatureGroup, stored) == state


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1",
        "  select a, b from t where c = 'x; DROP TABLE y'  ",
        "WITH late AS (SELECT * FROM t) SELECT * FROM late",
        "SELECT \"update\", 'it''s' FROM t -- the last\n WHERE a > 1",
        "SELECT a::text, b[1] FROM t",
        "SELECT `insert` FROM t",
        "SELECT replace(a, '-', '') FROM t",
    ],
)
def test_one_select_is_taken(query: str) -> None:
    must_only_read(query)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "-- nothing",
        "DROP TABLE t",
        "SELECT 1; DROP TABLE t",
        "SELECT 1;",
        "WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone",
        "SELECT * INTO copy FROM t",
        "SELECT * FROM t FOR UPDATE",
        "COPY t TO '/tmp/t'",
        "PRAGMA writable_schema = 1",
        "ATTACH 'x' AS y",
        "SELECT 'unclosed",
        "SELECT $$'$$; DROP TABLE t; --'",
        "SELECT $a1$'$a1$; DROP TABLE t; --'",
        "SELECT 'a\\''; DROP TABLE t; -- '",
        "SELECT 1 /* x */",
        "SELECT 1--1; DROP TABLE t",
        "SELECT [it's] FROM t; DROP TABLE t; --']",
        "SELECT 1\0",
        "SELECT '" + "x" * 100_000 + "'",
    ],
)
def test_what_is_more_or_else_than_one_select_is_refused(query: str) -> None:
    with pytest.raises(Invalid) as refused:
        must_only_read(query)
    assert refused.value.code == "not-one-select"
