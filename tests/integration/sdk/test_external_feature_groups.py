"""External feature groups on a running platform: read off the stack's own Postgres, by who may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from tests.e2e.guides import blocks
from tests.integration.offline_thread import offline
from tests.integration.sdk.test_storage_connectors import code
from tests.integration.served import Served

from headrace import Conflict, Failed, Forbidden, Invalid, NotFound, Project

GUIDE = Path(__file__).parents[3] / "docs" / "external-data.md"
FEATURES = {"customer": "string", "since": "timestamp"}
VISITS = {"visit": "bigint", "at": "timestamp", "customer": "string"}
CUSTOMERS = "SELECT customer, since, credit, tags, orders FROM external_test.customers ORDER BY customer"


@pytest.fixture(scope="module")
def stores(served: Served) -> Iterator[None]:
    """What makes training data, of rows in the offline store and of readings."""
    stack = served.platform.stack
    stack.stack.up(["training-datasets"], report=print)
    with offline(stack, stack.site.storage_url):
        yield


@pytest.fixture
def project(served: Served, stores: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project as its owner sees it, with a table beside it in Postgres."""
    monkeypatch.setenv("HEADRACE_HOME", str(served.home))
    with psycopg.connect(served.platform.stack.postgres_dsn, autocommit=True) as database:
        database.execute("DROP SCHEMA IF EXISTS external_test CASCADE")
        database.execute("CREATE SCHEMA external_test")
        database.execute(
            "CREATE TABLE external_test.customers"
            " (customer text, since timestamptz, credit numeric(10, 2), tags text[], orders integer)"
        )
        database.execute(
            "INSERT INTO external_test.customers VALUES"
            " ('a', '2026-03-01 10:00+02', 10.25, ARRAY['x', 'y'], 3), ('b', '2026-03-02 10:00+02', NULL, NULL, NULL)"
        )
        database.execute("CREATE SEQUENCE external_test.counted")
        with served.project("ada", served.new_project()) as signed_in:
            yield signed_in
        database.execute("DROP SCHEMA external_test CASCADE")


def address(served: Served) -> tuple[str, str]:
    """The URL of the stack's Postgres, and its password."""
    of: dict[str, Any] = conninfo_to_dict(served.platform.stack.postgres_dsn)
    host, user, name = of.get("host", ""), quote(of["user"]), of["dbname"]
    if host.startswith("/"):
        return f"postgresql://{user}@/{name}?host={quote(host, safe='')}", of.get("password", "")
    return f"postgresql://{user}@{host}:{of['port']}/{name}", of.get("password", "")


def test_a_query_on_postgres_is_a_feature_group(served: Served, project: Project) -> None:
    url, password = address(served)
    project.create_storage_connector("warehouse", url, password)
    store = project.get_feature_store()
    wish: dict[str, Any] = {
        "storage_connector": "warehouse",
        "query": CUSTOMERS,
        "primary_key": ["customer"],
        "event_time": "since",
    }
    made = store.get_or_create_external_feature_group("customers", **wish)
    assert {one.name: one.type for one in made.features} == {
        "customer": "string",
        "since": "timestamp",
        "credit": "decimal(10,2)",
        "tags": "array<string>",
        "orders": "bigint",
    }
    first = {"customer": "a", "since": datetime(2026, 3, 1, 8, tzinfo=UTC), "credit": Decimal("10.25")}
    second = {"customer": "b", "since": datetime(2026, 3, 2, 8, tzinfo=UTC), "credit": None}
    assert made.read("arrow").to_pylist() == [
        {**first, "tags": ["x", "y"], "orders": 3},
        {**second, "tags": None, "orders": None},
    ]
    _in_a_view(store, made)
    _among_our_own(store, made, served.platform.stack.postgres_dsn)
    assert store.get_or_create_external_feature_group("customers", **wish).version == 1
    other = {**wish, "query": "SELECT 1"}
    assert code(Conflict, lambda: store.get_or_create_external_feature_group("customers", **other)) == (
        "feature-group-differs"
    )
    with served.project("bob", project.name) as bob:
        found = bob.get_feature_store().get_external_feature_group("customers")
        assert found.show(1)["customer"].tolist() == ["a"]
        assert code(Forbidden, found.delete) == "owners-only"
    _refused(store, wish)
    made.delete()
    assert code(NotFound, lambda: store.get_external_feature_group("customers")) == "external-feature-group-not-found"


def _in_a_view(store: Any, customers: Any) -> None:
    """A view of nothing else gives training data, and a group in use stays."""
    joined = customers.select(["customer", "orders"]).join(customers.select(["orders"]), prefix="then_")
    view = store.create_feature_view("orders", joined, labels=["orders"])
    features, labels = view.training_data(end_time="2026-03-02")
    assert (features.to_dict("records"), labels["orders"].tolist()) == ([{"customer": "a", "then_orders": 3}], [3])
    assert code(Conflict, customers.delete) == "feature-group-in-use"
    assert view.get_feature_vector({"customer": "a"}, return_type="dict") == {"customer": "a", "then_orders": 3}
    assert code(NotFound, lambda: view.get_feature_vector({"customer": "x"})) == "features-missing"
    view.delete_all_training_datasets()
    view.delete()


def _among_our_own(store: Any, customers: Any, postgres: str) -> None:
    """Joined to a group whose rows are here: splits, filters, statistics, and a manifest that says what was read."""
    rows = {
        "visit": [1, 2, 3],
        "at": [datetime(2026, 3, day, 12, tzinfo=UTC) for day in (1, 2, 3)],
        "customer": ["a", "b", "c"],
    }
    visits = store.create_feature_group(
        "visits", primary_key=["visit"], event_time="at", features=dict(VISITS), online_enabled=False
    )
    assert visits.insert(pd.DataFrame(rows)).wait().accepted == 3
    query = visits.select(["customer"]).join(customers.select(["orders"]), on=["customer"])
    view = store.create_feature_view("visited", query.filter(visits.visit < 3))
    _, made = view.create_train_test_split(test_size=0.5, seed=3)
    whole = [row for split in ("train", "test") for row in made.read_arrow(split).to_pylist()]
    assert sorted(whole, key=lambda row: row["customer"]) == [
        {"customer": "a", "orders": 3},
        {"customer": "b", "orders": None},
    ]
    assert sum(split["orders"].count for split in made.statistics.values()) == 2
    assert [use.feature for use in customers.usage() if use.views] == ["orders"]
    assert ("customers", ("credit", "tags")) in [(one.name, one.features) for one in store.unused_features()]
    (read,) = made.manifest.readings
    assert (read.group, read.version, read.storage_connector, read.rows) == ("customers", 1, "warehouse", 2)
    assert read.query_sha256 == sha256(CUSTOMERS.encode()).hexdigest()
    assert len(made.manifest.positions) == 1
    assert view.recreate_training_dataset(made.version).manifest.hash == made.manifest.hash
    with psycopg.connect(postgres, autocommit=True) as database:
        database.execute("UPDATE external_test.customers SET orders = 4 WHERE customer = 'a'")
    with pytest.raises(Failed, match=r"the query of 'customers' version 1 gave other rows: 2 with hash") as differs:
        view.recreate_training_dataset(made.version)
    assert differs.value.code == "training-data-differs"
    assert view.recreate_training_dataset(made.version, read_again=False).manifest.hash == made.manifest.hash
    now = [{"visit": 1}], ["2026-03-04"]
    assert code(Conflict, lambda: view.get_feature_vectors_as_of(*now)) == "external-feature-group"
    view.delete_all_training_datasets()
    view.delete()


def test_the_guide_does_what_it_says(project: Project) -> None:
    names: dict[str, Any] = {"project": project, "fs": project.get_feature_store()}
    for sample in blocks(GUIDE, "python"):
        exec(sample, names)  # noqa: S102 - what the page says
    assert names["rated"].shape == (2, 3)


def _refused(store: Any, wish: dict[str, Any]) -> None:
    """What is no group, and what Postgres does not do in a transaction that only reads."""
    for changed, kind, refused in (
        ({"query": "DELETE FROM external_test.customers", "features": FEATURES}, Invalid, "not-one-select"),
        ({"query": "DELETE FROM external_test.customers RETURNING *"}, Failed, "external-query-failed"),
        ({"query": "SELECT nextval('external_test.counted') AS customer"}, Failed, "external-query-failed"),
        ({"query": "SELECT * FROM nowhere"}, Failed, "external-query-failed"),
        ({"storage_connector": "nowhere"}, NotFound, "storage-connector-not-found"),
    ):
        asked = {**wish, **changed}
        assert code(kind, partial(store.create_external_feature_group, "other", **asked)) == refused
