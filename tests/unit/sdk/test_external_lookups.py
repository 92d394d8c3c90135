"""Rows of external groups are looked up by key, alone and in views beside groups that are stored online."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy
from tests.unit.sdk.answering import answering

from headrace import ExternalFeatureGroup, Failed, HeadraceError, Invalid, NotFound
from headrace._external_databases import Lookup, _bound
from headrace._feature_view import FeatureView
from headrace._http import Api

SHOPS: dict[str, Any] = {
    "name": "shops",
    "version": 1,
    "description": "",
    "columns": [
        {"name": name, "type": kind, "description": ""}
        for name, kind in (
            ("shop", "string"),
            ("opened", "date"),
            ("at", "timestamp"),
            ("seen", "timestamp"),
            ("size", "bigint"),
        )
    ],
    "primary_key": ["shop", "opened"],
    "event_time": "at",
    "known_at": "seen",
    "storage_connector": "warehouse",
    "query": "SELECT * FROM shops WHERE shop <> 'a:b'",
}
OPENED = date(2020, 1, 2)
ROWS = [
    ("a", "2020-01-02", "2026-03-01 10:00:00", "2026-03-01 11:00:00", 1),
    ("a", "2020-01-02", "2026-03-02 10:00:00", "2026-03-01 11:00:00", 3),
    ("a", "2020-01-02", "2026-03-02 10:00:00", "2026-03-01 10:00:00", 2),
    ("a", "2021-01-02", "2026-03-03 10:00:00", "2026-03-01 10:00:00", 4),
    ("b", "2020-01-02", "2026-03-02 10:00:00", "2026-03-01 10:00:00", 5),
    ("b", "2020-01-02", "2026-03-02 10:00:00", "2026-03-01 10:00:00", 6),
]


@pytest.fixture(params=["sqlite", "duckdb"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A file with shops, of which one has two last rows."""
    path = tmp_path / f"shops.{request.param}"
    create = 'CREATE TABLE shops (shop TEXT, opened DATE, "at" TIMESTAMP, seen TIMESTAMP, size BIGINT)'
    with closing((sqlite3 if request.param == "sqlite" else duckdb).connect(str(path))) as database:
        database.execute(create)
        database.executemany("INSERT INTO shops VALUES (?, ?, ?, ?, ?)", ROWS)
        database.commit()
    return f"{request.param}:///{path}"


def connector(url: str) -> list[tuple[int, Any]]:
    """What the API says of the connector and of its secret."""
    return [
        (200, {"name": "warehouse", "url": url, "description": "", "secret": False}),
        (200, {"url": url, "secret": {}}),
    ]


def test_each_key_has_its_last_row_by_event_time_and_known_at(url: str) -> None:
    with answering(*connector(url)) as server, Api(server.url, "key") as api:
        keys: list[dict[str, Any]] = [
            {"shop": "a", "opened": OPENED},
            {"shop": "c", "opened": OPENED},
            {"shop": "a", "opened": date(2021, 1, 2)},
            {"shop": "' OR '' = '", "opened": OPENED},
            {"shop": None, "opened": OPENED},
        ]
        found = ExternalFeatureGroup(api, "sales", SHOPS).get_vectors(keys)
    assert [(one.status, one.values.get("size")) for one in found] == [
        ("found", 3),
        ("missing", None),
        ("found", 4),
        ("missing", None),
        ("missing", None),
    ]
    assert found[0].event_time == datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_more_keys_than_one_query_takes_are_asked_for_in_parts(url: str) -> None:
    with answering(*connector(url) * 3) as server, Api(server.url, "key") as api:
        keys = [{"shop": f"s{number}", "opened": OPENED} for number in range(201)] + [{"shop": "a", "opened": OPENED}]
        found = ExternalFeatureGroup(api, "sales", SHOPS).get_vectors(keys)
    assert [one.status for one in found] == ["missing"] * 201 + ["found"]


@pytest.mark.parametrize(
    ("key", "kind", "code"),
    [
        ({"shop": "b", "opened": OPENED}, Failed, "external-rows-twice"),
        ({"shop": "a"}, Invalid, "invalid-key"),
        ({"shop": "a", "opened": OPENED, "size": 1}, Invalid, "invalid-key"),
        ({"shop": 1, "opened": OPENED}, Invalid, "invalid-key"),
    ],
)
def test_what_names_no_one_row_is_refused(url: str, key: dict[str, Any], kind: type[HeadraceError], code: str) -> None:
    with answering(*connector(url)) as server, Api(server.url, "key") as api, pytest.raises(kind) as error:
        ExternalFeatureGroup(api, "sales", SHOPS).get_vector(key)
    assert error.value.code == code


def test_sqlite_is_not_asked_by_times(tmp_path: Path) -> None:
    path = tmp_path / "shops.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE shops (at TEXT)")
    group = {
        **SHOPS,
        "columns": [SHOPS["columns"][2]],
        "primary_key": ["at"],
        "known_at": None,
        "query": "SELECT * FROM shops",
    }
    answers = connector(f"sqlite:///{path}")
    with answering(*answers) as server, Api(server.url, "key") as api, pytest.raises(Invalid) as error:
        ExternalFeatureGroup(api, "sales", group).get_vector({"at": datetime(2026, 3, 1, tzinfo=UTC)})
    assert error.value.code == "external-key-type"


def test_no_colon_of_a_query_is_a_place_for_sqlalchemy() -> None:
    engine = sqlalchemy.create_engine("sqlite://")
    query = "SELECT * FROM (SELECT '10:30' AS k, 'a::b\\:c :key_0' AS v UNION SELECT 'x', 'y') AS external_rows"
    lookup = Lookup(columns=["k"], keys=[("10:30",), ("z",)])
    with engine.connect() as connection:
        found = connection.execute(_bound(query, lookup, engine.dialect.identifier_preparer.quote)).fetchall()
    engine.dispose()
    assert [tuple(row) for row in found] == [("10:30", "a::b\\:c :key_0")]


VISITS: dict[str, Any] = {
    "name": "visits",
    "version": 1,
    "primary_key": ["visit"],
    "columns": [
        {"name": name, "type": kind, "description": ""}
        for name, kind in (("visit", "bigint"), ("shop", "string"), ("opened", "date"))
    ],
}
ON = [{"left": "shop", "right": "shop"}, {"left": "opened", "right": "opened"}]
VIEW: dict[str, Any] = {
    "name": "visited",
    "version": 1,
    "labels": ["then_seen"],
    "inference_helpers": [],
    "training_helpers": [],
    "transformations": [],
    "filters": [],
    "root": {"group": "visits", "version": 1, "features": ["shop"], "prefix": ""},
    "joins": [
        {
            "selection": {"group": "shops", "version": 1, "features": ["size", "seen"], "prefix": "then_"},
            "on": ON,
            "kind": "left",
            "lookback_seconds": None,
        }
    ],
}
REFUSED = (409, {"code": "external-feature-group", "message": "no server opens that", "details": {}, "request_id": "r"})
GONE = (404, {"code": "feature-group-not-found", "message": "none", "details": {}, "request_id": "r"})
GROUPS = [(200, VISITS), GONE, (200, SHOPS)]


def stored(*shops: str | None) -> tuple[int, Any]:
    """What the API says of visits."""
    found: list[dict[str, Any]] = [
        {"status": "missing", "values": {}, "event_time": None}
        if shop is None
        else {"status": "found", "values": {"visit": 1, "shop": shop, "opened": "2020-01-02"}, "event_time": None}
        for shop in shops
    ]
    return 200, {"vectors": found}


def view(**changes: Any) -> dict[str, Any]:
    return {**VIEW, "joins": [{**VIEW["joins"][0], **changes}]}


def test_a_view_takes_what_is_stored_and_looks_up_the_rest(url: str) -> None:
    answers = [*GROUPS, stored("a", None, "c"), *connector(url)]
    with answering(*answers) as server, Api(server.url, "key") as api:
        vectors, statuses = FeatureView(api, "sales", VIEW).get_feature_vectors(
            [{"visit": 1}, {"visit": 2}, {"visit": 3}],
            [{}, {"then_size": 7}, {}],
            return_type="dict",
            allow_missing=True,
            return_status=True,
        )
        assert json.loads(server.asked[3].body) == {"keys": [{"visit": 1}, {"visit": 2}, {"visit": 3}]}
    assert vectors == [
        {"shop": "a", "then_size": 3},
        {"shop": None, "then_size": 7},
        {"shop": "c", "then_size": None},
    ]
    assert [(one.status, one.features) for one in statuses] == [
        ("complete", {"shop": "found", "then_size": "found"}),
        ("partial", {"shop": "missing", "then_size": "passed"}),
        ("partial", {"shop": "found", "then_size": "missing"}),
    ]


def test_a_row_older_than_the_join_looks_back_is_expired_and_a_strict_vector_refused(url: str) -> None:
    answers = [REFUSED, *GROUPS, stored("a"), *connector(url)]
    with answering(*answers) as server, Api(server.url, "key") as api, pytest.raises(NotFound) as error:
        FeatureView(api, "sales", view(lookback_seconds=1)).get_feature_vector({"visit": 1}, on_demand_features=False)
    assert error.value.code == "features-missing"
    assert "then_size (expired)" in error.value.message


def test_an_entry_may_name_what_joins_go_by_and_no_root(url: str) -> None:
    with answering(*GROUPS, *connector(url)) as server, Api(server.url, "key") as api:
        found = FeatureView(api, "sales", VIEW).get_feature_vector(
            {"shop": "a", "opened": "2020-01-02"}, return_type="dict", allow_missing=True
        )
    assert found == {"shop": None, "then_size": 3}


@pytest.mark.parametrize(
    ("entry", "passed", "code"),
    [
        ({"visit": 1, "size": 3}, {}, "unknown-key"),
        ({"shop": "a"}, {}, "missing-key"),
        ({"shop": "a", "opened": OPENED}, {"nothing": 1}, "unknown-feature"),
    ],
)
def test_what_is_no_entry_of_the_view_is_refused(
    url: str, entry: dict[str, Any], passed: dict[str, Any], code: str
) -> None:
    answers = [*GROUPS, *connector(url)]
    with answering(*answers) as server, Api(server.url, "key") as api, pytest.raises(Invalid) as error:
        FeatureView(api, "sales", VIEW).get_feature_vector(entry, passed)
    assert error.value.code == code
