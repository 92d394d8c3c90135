"""When answering a share returns: once the brokers have followed, and not on what they held before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.unit.sdk.answering import Answering, answering

import headrace
from headrace._http import Api
from headrace._sharing import SharesApi

SHARE = "topic:flights.topics.clicks:fraud"
TAKEN = (
    202,
    {"command_id": "c", "aggregate": f"share/{SHARE}", "version": 3, "positions": [], "events": [], "status_url": None},
)


def row(phase: str, *, opened: bool, settled: bool, rests: bool = False) -> tuple[int, dict[str, Any]]:
    """What the API answers of the share."""
    shown = {"share": SHARE, "project": "flights", "receiver": "fraud", "what": "topic", "name": "clicks"}
    state = {"phase": phase, "open": opened, "settled": settled, "rests": rests, "topics": []}
    return 200, {**shown, "group_version": None, **state}


@contextmanager
def shares(*answers: tuple[int, Any]) -> Iterator[tuple[SharesApi, Answering]]:
    with answering(*answers) as server, Api(server.url, "key") as api:
        yield SharesApi(api, "flights"), server


@pytest.mark.parametrize(("step", "phase"), [("revoke", "revoked"), ("decline", "declined")])
def test_ending_a_share_waits_until_the_brokers_have_followed_though_they_were_never_said_to_be_open(
    step: str, phase: str
) -> None:
    unsettled, closed = row(phase, opened=False, settled=False), row(phase, opened=False, settled=True)
    with shares(TAKEN, unsettled, unsettled, closed) as (api, server):
        assert getattr(api, step)(SHARE).phase == phase
        assert len(server.asked) == 4


def test_accepting_waits_until_the_brokers_have_followed() -> None:
    before, after = (row("accepted", opened=True, settled=settled) for settled in (False, True))
    with shares(TAKEN, before, after) as (api, server):
        assert api.accept(SHARE).open
        assert len(server.asked) == 3


def test_accepting_a_share_that_comes_to_rest_says_so_at_once() -> None:
    with shares(TAKEN, row("accepted", opened=False, settled=True, rests=True)) as (api, _):
        with pytest.raises(headrace.Conflict, match="rests") as refused:
            api.accept(SHARE)
        assert refused.value.code == "project-sensitive"
