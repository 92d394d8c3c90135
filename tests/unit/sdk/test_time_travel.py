"""Moments as people name them, and what is asked of the API for them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from tests.unit.sdk.answering import answering

from headrace import FeatureGroupCommit, Invalid, Receipt
from headrace._http import Api
from headrace._shared_feature_store import SharedFeatureGroup
from headrace._time_travel import moment


def receipt(positions: tuple[str, ...], others: dict[int, int]) -> Receipt:
    return Receipt(accepted=1, refused=(), insert_id="i", positions=positions, _ask=dict, _others=others)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("2013-01-01", "2013-01-01T00:00:00+00:00"),
        (datetime(2013, 1, 1, 5), "2013-01-01T05:00:00+00:00"),
        (datetime(2013, 7, 1, 5, tzinfo=ZoneInfo("America/New_York")), "2013-07-01T09:00:00+00:00"),
        (pd.Timestamp("2013-01-01T05:00:00.000001+01:00"), "2013-01-01T04:00:00.000001+00:00"),
        (["t:0:5", "t:1:0"], "t:0:5,t:1:0"),
        (receipt(("t:1:7",), {0: 3, 1: 2}), "t:0:3,t:1:8"),
        (receipt(("t:0:0",), {}), "t:0:1"),
    ],
)
def test_a_moment_is_a_time_positions_or_a_receipt(given: Any, text: str) -> None:
    assert moment(given) == text


@pytest.mark.parametrize("given", ["t:0:5", "", [], [5], receipt((), {}), 5, None])
def test_what_is_no_moment_is_refused(given: Any) -> None:
    with pytest.raises(Invalid):
        moment(given)


def test_commits_are_told_as_the_api_has_them() -> None:
    row = {"commit_id": 3, "time": "2013-01-01T00:00:00Z", "positions": ["t:0:5"]}
    counts = {"rows_inserted": 1, "rows_updated": 2, "rows_deleted": 3}
    with answering((200, [row | counts])) as server, Api(server.url, "key") as api:
        group = SharedFeatureGroup(api, "/groups", "other", {"name": "g", "version": 1})
        assert group.commit_details(7) == [
            FeatureGroupCommit(commit_id=3, time=datetime(2013, 1, 1, tzinfo=UTC), positions=("t:0:5",), **counts)
        ]
        assert server.asked[0].path == "/groups/g/versions/1/commits?limit=7"
