"""External feature groups are read off real SQLite and DuckDB files: typed, streamed, and for reading alone."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from tests.unit.sdk.answering import answering

from headrace import ExternalFeatureGroup, Failed, HeadraceError, Invalid
from headrace._external_databases import answered
from headrace._external_rows import ExternalRows, features_in
from headrace._http import Api
from headrace._storage_connectors import Opening

TYPES = {
    "customer": "string",
    "since": "timestamp",
    "born": "date",
    "orders": "bigint",
    "share": "double",
    "credit": "decimal(10,2)",
    "good": "boolean",
    "raw": "binary",
}
QUERY = f"SELECT {', '.join(TYPES)} FROM customers ORDER BY customer"
MANY = {
    "name": "many",
    "version": 1,
    "description": "",
    "columns": [{"name": "i", "type": "bigint", "description": ""}],
    "primary_key": ["i"],
    "event_time": None,
    "storage_connector": "warehouse",
    "query": "SELECT i FROM many ORDER BY i",
}
FIRST = {
    "customer": "a",
    "since": datetime(2026, 3, 1, 10, tzinfo=UTC),
    "born": date(1990, 5, 17),
    "orders": 3,
    "share": 0.5,
    "credit": Decimal("10.25"),
    "good": True,
    "raw": b"\xff",
}


@pytest.fixture(params=["sqlite", "duckdb"])
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Opening:
    """A file with two customers, of which the second has nothing but a key and a time."""
    path = tmp_path / f"sales.{request.param}"
    columns = "customer TEXT, since TIMESTAMP, born DATE, orders BIGINT, share DOUBLE, credit DECIMAL(10,2),"
    rows = (
        "INSERT INTO customers (customer, since, born, orders, share, credit, good, raw) VALUES"
        f" ('a', '2026-03-01 10:00:00', '1990-05-17', 3, 0.5, 10.25, {'TRUE'}, {{}}),"
        " ('b', '2026-03-02 10:00:00.5', NULL, NULL, NULL, NULL, NULL, NULL)"
    )
    database: Any = sqlite3.connect(path) if request.param == "sqlite" else duckdb.connect(str(path))
    database.execute(f"CREATE TABLE customers ({columns} good BOOLEAN, raw BLOB)")
    database.execute(rows.format("x'ff'" if request.param == "sqlite" else "'\\xFF'::BLOB"))
    if request.param == "sqlite":
        database.commit()
    database.close()
    return Opening(url=f"{request.param}:///{path}", secret={})


def read(opening: Opening, query: str = QUERY, types: dict[str, str] = TYPES, *always: str) -> pa.Table:
    rows = ExternalRows(types, always)
    with answered(opening, query) as answer:
        return pa.Table.from_batches(rows.batches(answer), rows.schema)


def code(kind: type[HeadraceError], opening: Opening, query: str = QUERY, **types: str) -> str:
    with pytest.raises(kind) as refused:
        read(opening, query, types or TYPES, *list(types)[:1])
    return refused.value.code


def test_values_come_as_the_features_say(opening: Opening) -> None:
    first, second = read(opening).to_pylist()
    assert first == FIRST
    assert second == {**dict.fromkeys(FIRST), "customer": "b", "since": datetime(2026, 3, 2, 10, 0, 0, 500_000, UTC)}


def test_the_schema_is_that_of_any_feature_group(opening: Opening) -> None:
    kinds = {name: str(kind) for name, kind in zip(TYPES, read(opening).schema.types, strict=True)}
    assert kinds["since"] == "timestamp[us, tz=UTC]"
    assert kinds["credit"] == "decimal128(10, 2)"
    assert read(opening, QUERY.replace("ORDER", "WHERE 1 = 0 ORDER")).schema == read(opening).schema


def test_columns_are_found_whatever_their_capitals_and_others_are_left_out(opening: Opening) -> None:
    rows = read(opening, "SELECT customer AS CUSTOMER, orders AS other FROM customers", {"customer": "string"})
    assert sorted(rows.to_pylist(), key=str) == [{"customer": "a"}, {"customer": "b"}]


def test_a_query_may_begin_with_with_and_end_with_a_comment(opening: Opening) -> None:
    query = "WITH good AS (SELECT customer FROM customers WHERE good) SELECT * FROM good -- the last one"
    assert read(opening, query, {"customer": "string"}).to_pylist() == [{"customer": "a"}]


@pytest.mark.parametrize(
    ("query", "types", "refused"),
    [
        ("SELECT * FROM nowhere", {"customer": "string"}, "external-query-failed"),
        ("SELEC 1", {"customer": "string"}, "external-query-failed"),
        ("SELECT customer FROM customers", {"customer": "string", "tier": "int"}, "external-columns-missing"),
        ("SELECT customer FROM customers", {"customer": "bigint"}, "external-rows-do-not-fit"),
        ("SELECT customer AS at FROM customers", {"at": "timestamp"}, "external-rows-do-not-fit"),
        ("SELECT orders FROM customers", {"orders": "bigint"}, "external-rows-do-not-fit"),
        ("SELECT 10.257 AS credit", {"credit": "decimal(10,2)"}, "external-rows-do-not-fit"),
        ("SELECT 3000000000 AS orders", {"orders": "int"}, "external-rows-do-not-fit"),
    ],
)
def test_what_is_no_answer_is_told(opening: Opening, query: str, types: dict[str, str], refused: str) -> None:
    assert code(Failed, opening, query, **types) == refused


def test_rows_that_do_not_fit_are_named(opening: Opening) -> None:
    with pytest.raises(Failed, match="row 1: 'orders' is missing") as refused:
        read(opening, QUERY, TYPES, "orders")
    assert "row 0" not in str(refused.value)


def test_nothing_is_written_whatever_the_query_says(opening: Opening) -> None:
    for query in (
        "SELECT 1) AS a; DELETE FROM customers; SELECT * FROM (SELECT 1",
        "DELETE FROM customers RETURNING 1",
    ):
        assert code(Failed, opening, query) == "external-query-failed"
    assert read(opening).num_rows == 2


def test_duckdb_reads_no_other_file(tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("customer\nsecret\n")
    duckdb.connect(str(tmp_path / "x.duckdb")).close()
    opening = Opening(url=f"duckdb:///{tmp_path}/x.duckdb", secret={})
    assert code(Failed, opening, f"SELECT * FROM read_csv('{other}')") == "external-query-failed"


def test_types_are_read_off_the_answer(opening: Opening) -> None:
    with answered(opening, QUERY.replace("ORDER", "WHERE good ORDER")) as answer:
        found = {one.name: one.type for one in features_in(answer, ["since"])}
    exact = dict(TYPES)
    if opening.url.startswith("sqlite"):  # which keeps no types of these
        exact |= {"born": "string", "credit": "double", "good": "bigint"}
    assert found == exact


@pytest.mark.parametrize("query", ["SELECT customer FROM customers WHERE 1 = 0", "SELECT NULL AS a"])
def test_types_that_nobody_tells_are_asked_for(tmp_path: Path, query: str) -> None:
    path = tmp_path / "sales.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE customers (customer TEXT)")
    database.close()
    with answered(Opening(url=f"sqlite:///{path}", secret={}), query) as answer, pytest.raises(Invalid) as refused:
        features_in(answer, [])
    assert refused.value.code == "unknown-type"
    assert "features={name: type" in str(refused.value)


def test_nested_values_come_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "nested.duckdb"
    duckdb.connect(str(path)).close()
    query = "SELECT 'a' AS k, [1, NULL] AS l, {'x': 1.5::DECIMAL(3,1)} AS s, MAP {'m': 1} AS m, [0.5, 1]::FLOAT[2] AS e"
    types = {
        "k": "string",
        "l": "array<int>",
        "s": "struct<x:decimal(3,1)>",
        "m": "map<string,int>",
        "e": "embedding(2)",
    }
    opening = Opening(url=f"duckdb:///{path}", secret={})
    with answered(opening, query) as answer:
        assert {one.name: one.type for one in features_in(answer, [])} == types
    (row,) = read(opening, query, types).to_pylist()
    assert row == {"k": "a", "l": [1, None], "s": {"x": Decimal("1.5")}, "m": [("m", 1)], "e": [0.5, 1.0]}


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    for dialect in ("sqlite", "duckdb"):
        opening = Opening(url=f"{dialect}:///{tmp_path}/none", secret={})
        assert code(Failed, opening, "SELECT 1") == "external-database-missing"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["nodialect://db/sales", "mysql+nodriver://db/sales", "oracle+oracledb://db/sales"])
def test_a_driver_that_is_not_installed_is_named(url: str) -> None:
    opening = Opening(url=url, secret={"password": "hunter2"})
    with pytest.raises(Invalid) as refused:
        read(opening)
    assert refused.value.code == "driver-missing"
    assert "hunter2" not in str(refused.value)


def test_a_database_that_does_not_answer_is_told_without_what_opens_it() -> None:
    opening = Opening(url="postgresql://reader@127.0.0.1:1/sales", secret={"password": "hunter2", "sslpassword": "h3"})
    with pytest.raises(Failed) as refused:
        read(opening)
    assert refused.value.code == "external-query-failed"
    assert refused.value.__cause__ is None
    assert "hunter2" not in str(refused.value)


def test_a_group_is_read_in_parts_and_asks_for_the_secret_each_time(tmp_path: Path) -> None:
    path = tmp_path / "many.db"
    with sqlite3.connect(path) as database:
        database.execute(
            "CREATE TABLE many AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
            " WHERE i < 25000) SELECT i FROM n"
        )
    database.close()
    connector = {"name": "warehouse", "url": f"sqlite:///{path}", "description": "", "secret": {}}
    with answering((200, connector)) as server, Api(server.url, "key") as api:
        group = ExternalFeatureGroup(api, "flights", MANY)
        sizes = [batch.num_rows for batch in group.read_batches()]
        assert sizes == [10_000, 10_000, 5_000]
        assert group.read()["i"].sum() == 25_000 * 25_001 // 2
        assert list(group.show(2)["i"]) == [1, 2]
        paths = [request.path for request in server.asked]
    assert paths.count("/api/projects/flights/storage-connectors/warehouse/secret") == 3
