"""How usage reads."""

from __future__ import annotations

import pytest

from headrace import Usage


def usage(quota: str, used: int | None, limit: int | None) -> Usage:
    return Usage(quota=quota, used=used, limit=limit, default=None, counts="", keeper="commands")


@pytest.mark.parametrize(
    ("row", "line"),
    [
        (usage("topics", 15, 100), "15 of 100 topics in use"),
        (usage("feature-rows", 1_200_000, 1_000_000_000), "1,200,000 of 1,000,000,000 feature rows in use"),
        (usage("members", 3, None), "3 members in use"),
        (usage("fetch-bytes-per-second", None, 1_048_576), "fetch bytes per second: at most 1,048,576"),
        (usage("fetch-bytes-per-second", None, None), "fetch bytes per second: no limit"),
    ],
)
def test_usage_is_a_sentence(row: Usage, line: str) -> None:
    assert str(row) == line
