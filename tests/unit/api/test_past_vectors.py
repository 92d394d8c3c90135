"""Vectors of the past have every type that those of the present have, and say it in the same JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
from tests.unit.projections.rows.test_nested import SCHEMA_ID, group_with, online, records

from headrace_api.history.models import PastEntries
from headrace_api.history.routes import answered
from headrace_api.vectors.as_json import json_response
from headrace_events.feature_view import FeatureViewCreated, GroupSelection
from headrace_events.ids import Micros
from headrace_projections.history.catalogued import CataloguedView
from headrace_projections.offline.arrow import table_of
from headrace_projections.offline.delta import GroupTable
from headrace_projections.rows.fit import fit

KINDS = {"price": "decimal(5,2)", "seats": "map<string,int>", "near": "embedding(2)", "raw": "binary"}
KINDS |= {"place": "struct<at:timestamp,day:date>", "tags": "array<string>", "seen": "timestamp"}
MOMENT = datetime(2013, 1, 1, tzinfo=UTC)


def test_values_of_every_type_are_told_as_the_online_store_tells_them(tmp_path: Path) -> None:
    group, text = group_with(KINDS)
    row: dict[str, Any] = {"id": "a", "price": Decimal("1.50"), "seats": {"b": 1, "c": None}, "near": [0.5, 1.0]}
    row |= {"raw": b"\xff", "place": {"at": MOMENT, "day": MOMENT.date()}, "tags": ["x", None], "seen": MOMENT}
    written = records(group, text, [row])
    (rows,) = fit(group, {SCHEMA_ID: text}, written).rows
    GroupTable(tmp_path.as_uri(), group).append(table_of(group, rows), {group.places[0]: 1}, {group.places[0]: 0})
    root = GroupSelection(group=group.name, version=1, features=("id", *KINDS))
    view = FeatureViewCreated(name="view", version=1, description="", root=root, joins=(), labels=())
    asked = PastEntries(entries=[{"id": "a"}], times=["9999-01-01"])
    answer = answered(
        CataloguedView(view=view, groups=(group,)), tmp_path.as_uri(), asked, [Micros(int(rows.known_at[0]))]
    )
    told = orjson.loads(json_response(answer).body)
    assert told["features"] == ["id", *KINDS]
    place = {"at": "2013-01-01T00:00:00Z", "day": "2013-01-01"}
    seats = {"b": 1, "c": None}
    assert told["vectors"] == [["a", "1.50", seats, [0.5, 1.0], "/w==", place, ["x", None], "2013-01-01T00:00:00Z"]]
    assert online(group, text, written)[0]["seats"] == seats
