"""Vectors of a view by key: what is missing is named, or told beside; in a loop as outside of one."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tests.unit.sdk.answering import answering

from headrace import Invalid, NotFound, VectorStatus
from headrace._feature_view import FeatureView
from headrace._http import Api

GROUP = {
    "primary_key": ["flight"],
    "columns": [
        {"name": "flight", "type": "bigint", "description": ""},
        {"name": "origin", "type": "string", "description": ""},
        {"name": "wind", "type": "double", "description": ""},
    ],
}
VIEW = {
    "name": "delays",
    "version": 1,
    "labels": [],
    "inference_helpers": [],
    "training_helpers": [],
    "root": {"group": "flights", "version": 1, "features": ["origin", "wind"], "prefix": ""},
    "joins": [],
}
WHOLE = {"status": "complete", "values": ["JFK", 7.5], "statuses": ["found", "passed"]}
HALF = {"status": "partial", "values": ["LGA", None], "statuses": ["found", "expired"]}
NOTHING = {"status": "missing", "values": [None, None], "statuses": ["missing", "missing"]}
AWAY = {"code": "unavailable", "message": "try again", "details": {}, "request_id": "r"}


def told(*vectors: dict[str, Any]) -> tuple[int, Any]:
    return 200, {"features": ["origin", "wind"], "vectors": list(vectors)}


def test_a_strict_batch_names_every_entity_and_feature_that_is_missing() -> None:
    with answering((200, GROUP), told(WHOLE, HALF, NOTHING)) as server, Api(server.url, "key") as api:
        entries = [{"flight": number} for number in (1, 2, 3)]
        with pytest.raises(NotFound) as error:
            FeatureView(api, "flights", VIEW).get_feature_vectors(entries)
    assert error.value.code == "features-missing"
    assert "no wind (expired) for {'flight': 2}, no origin (missing), wind (missing) for {'flight': 3}" in str(
        error.value
    )
    assert error.value.details == {
        "missing": [
            {"entry": {"flight": 2}, "features": {"wind": "expired"}},
            {"entry": {"flight": 3}, "features": {"origin": "missing", "wind": "missing"}},
        ]
    }


def test_many_that_are_missing_are_counted_in_the_message_and_all_in_the_details() -> None:
    entries = [{"flight": number} for number in range(40)]
    with (
        answering((200, GROUP), told(*[NOTHING] * 40)) as server,
        Api(server.url, "key") as api,
        pytest.raises(NotFound, match="nor all of it for 35 more") as error,
    ):
        FeatureView(api, "flights", VIEW).get_feature_vectors(entries)
    assert len(error.value.details["missing"]) == 40


def test_a_lenient_batch_keeps_its_order_and_has_a_status_for_each() -> None:
    with answering((200, GROUP), told(HALF, WHOLE, HALF)) as server, Api(server.url, "key") as api:
        view = FeatureView(api, "flights", VIEW)
        assert [feature.name for feature in view.features] == ["origin", "wind"]
        vectors, statuses = view.get_feature_vectors(
            [{"flight": 2}, {"flight": 1}, {"flight": 2}],
            [{}, {"wind": 7.5}, {}],
            allow_missing=True,
            return_status=True,
        )
    assert vectors == [["LGA", None], ["JFK", 7.5], ["LGA", None]]
    half = VectorStatus(status="partial", features={"origin": "found", "wind": "expired"})
    assert statuses == [half, VectorStatus(status="complete", features={"origin": "found", "wind": "passed"}), half]
    assert [status.lacking for status in statuses] == [{"wind": "expired"}, {}, {"wind": "expired"}]
    assert json.loads(server.asked[1].body) == {
        "entries": [{"flight": 2}, {"flight": 1}, {"flight": 2}],
        "passed_features": [{}, {"wind": 7.5}, {}],
    }


def test_a_single_vector_has_a_single_status() -> None:
    with answering((200, GROUP), told(HALF)) as server, Api(server.url, "key") as api:
        view = FeatureView(api, "flights", VIEW)
        view.init_serving()
        vector, status = view.get_feature_vector(
            {"flight": 2}, return_type="dict", allow_missing=True, return_status=True
        )
    assert (vector, status.status) == ({"origin": "LGA", "wind": None}, "partial")


def test_more_entities_than_may_be_asked_for_are_refused_before_anything_is_sent() -> None:
    with answering(told()) as server, Api(server.url, "key") as api:
        with pytest.raises(Invalid, match="1,001 entities are asked for at once, and 1,000 are the most") as error:
            FeatureView(api, "flights", VIEW).get_feature_vectors([{"flight": 1}] * 1_001)
        assert error.value.code == "too-many-entries"
        assert server.asked == []


def test_the_async_twins_answer_alike_side_by_side_and_try_again() -> None:
    async def ask(view: FeatureView, api: Api) -> tuple[Any, Any]:
        many = await view.get_feature_vectors_async([{"flight": 1}], return_type="dict")
        one = await asyncio.gather(*(view.get_feature_vector_async({"flight": 1}) for _ in range(8)))
        await api.aclose()
        return many, one

    with answering((200, GROUP), (503, AWAY), (0, None), told(WHOLE)) as server, Api(server.url, "key") as api:
        view = FeatureView(api, "flights", VIEW)
        assert asyncio.run(ask(view, api)) == ([{"origin": "JFK", "wind": 7.5}], [["JFK", 7.5]] * 8)
        assert asyncio.run(ask(view, api))[1] == [["JFK", 7.5]] * 8
    assert {asked.headers["Authorization"] for asked in server.asked} == {"Bearer key"}


def test_an_async_read_that_is_refused_says_why() -> None:
    refused = {"code": "unknown-key", "message": "an entry names 'plane'", "details": {}, "request_id": "r"}

    async def ask(view: FeatureView, api: Api) -> None:
        try:
            await view.get_feature_vector_async({"plane": 1})
        finally:
            await api.aclose()

    with (
        answering((200, GROUP), (422, refused)) as server,
        Api(server.url, "key") as api,
        pytest.raises(Invalid, match="names 'plane'"),
    ):
        asyncio.run(ask(FeatureView(api, "flights", VIEW), api))
    assert len(server.asked) == 2
