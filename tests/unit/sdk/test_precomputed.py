"""Vectors that are kept ready are waited for, and compared."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.unit.sdk.answering import answering

from headrace import Failed, VectorConsistency, VectorDifference
from headrace._feature_view import FeatureView
from headrace._http import Api

ACCEPTED = {"command_id": "c", "aggregate": "feature_view/delays", "version": 2, "events": ["e"], "positions": []}
GROUP = {
    "primary_key": ["flight", "day"],
    "columns": [
        {"name": "flight", "type": "bigint", "description": ""},
        {"name": "day", "type": "date", "description": ""},
    ],
}
VIEW = {
    "name": "delays",
    "version": 1,
    "labels": [],
    "inference_helpers": [],
    "training_helpers": [],
    "root": {"group": "flights", "version": 1, "features": ["flight"], "prefix": ""},
    "joins": [],
}


def state(*, ready: bool) -> tuple[int, dict[str, bool]]:
    return 200, {"precomputed": True, "ready": ready}


def test_precomputing_returns_when_all_that_was_there_is_taken_over() -> None:
    with (
        answering((200, ACCEPTED), state(ready=False), state(ready=True)) as server,
        Api(server.url, "key") as api,
    ):
        FeatureView(api, "flights", VIEW).precompute()
    path = "/api/projects/flights/feature-views/delays/versions/1/precomputed"
    assert [(asked.method, asked.path) for asked in server.asked] == [("PUT", path), ("GET", path), ("GET", path)]


def test_it_returns_at_once_where_that_is_wished() -> None:
    with answering((200, ACCEPTED)) as server, Api(server.url, "key") as api:
        FeatureView(api, "flights", VIEW).precompute(wait=False)
    assert len(server.asked) == 1


def test_what_takes_too_long_is_told() -> None:
    with (
        answering((200, ACCEPTED), state(ready=False)) as server,
        Api(server.url, "key") as api,
        pytest.raises(Failed, match="taken over") as error,
    ):
        FeatureView(api, "flights", VIEW).precompute(timeout=0)
    assert error.value.code == "not-in-time"


def test_what_differs_is_named_in_the_types_of_the_key() -> None:
    one: dict[str, Any] = {"key": {"flight": 7, "day": "2013-01-01"}, "group": "weather"}
    found = {"equal": False, "rows": 9, "different": 3, "differences": [one]}
    with answering((200, found), (200, GROUP)) as server, Api(server.url, "key") as api:
        compared = FeatureView(api, "flights", VIEW).check_consistency()
    difference = VectorDifference(key={"flight": 7, "day": date(2013, 1, 1)}, group="weather")
    assert compared == VectorConsistency(equal=False, rows=9, different=3, differences=(difference,))
    assert not compared
