"""A project's producers: who gets the same one, who another one, and what closing leaves."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from headrace._certificates import ClientFiles
from headrace._clients import Producer
from headrace._http import Api
from headrace._producers import Producers
from headrace._schemas import Schemas

NOBODY = "127.0.0.1:1"
"""A broker that is not there."""


def files(generation: int = 1) -> ClientFiles:
    folder = Path(f"clients/flights__ada/{generation}")
    return ClientFiles(
        ca=folder / "ca.pem",
        certificate=folder / "client.pem",
        key=folder / "client.key",
        bootstrap=NOBODY,
        group_prefix="flights.",
        renew_after=datetime(2030, 1, 1, tzinfo=UTC),
    )


@pytest.fixture
def producers() -> Iterator[Producers]:
    with Api("http://127.0.0.1:1", "key") as api:
        schemas = Schemas(api, "flights")

        def make(topic: str | None, given: ClientFiles, overrides: Mapping[str, Any]) -> Producer:
            return Producer("flights", topic, schemas, {"bootstrap.servers": given.bootstrap, "log_level": 0})

        made = Producers(make)
        yield made
        made.close()


def test_the_same_use_keeps_its_producer(producers: Producers) -> None:
    first = producers.kept("flights.outcomes", files(), {})
    assert producers.kept("flights.outcomes", files(), {}) is first
    assert producers.kept("flights.runs", files(), {}) is not first
    assert producers.kept("flights.outcomes", files(), {"linger_ms": 20}) is not first


def test_a_renewed_certificate_gets_a_producer_of_its_own(producers: Producers) -> None:
    first = producers.kept("flights.outcomes", files(1), {})
    second = producers.kept("flights.outcomes", files(2), {})
    assert second is not first
    assert producers.kept("flights.outcomes", files(2), {}) is second


def test_who_asks_for_a_new_one_shares_it_with_nobody(producers: Producers) -> None:
    kept = producers.kept("flights.outcomes", files(), {})
    assert producers.new("flights.outcomes", files(), {}) is not kept


def test_closing_ends_every_producer_that_is_left(producers: Producers) -> None:
    before = _threads()
    left = [producers.kept("a", files(), {}), producers.new("b", files(), {}), producers.kept("a", files(2), {})]
    assert _threads() > before
    producers.close()
    for producer in left:
        with pytest.raises(RuntimeError, match="closed"):
            producer.produce("a", value=b"too late")
    deadline = time.monotonic() + 30
    while _threads() > before:
        assert time.monotonic() < deadline, "threads of closed producers go on"
        threading.Event().wait(0.05)


def test_closing_tells_the_senders_of_what_no_broker_took(
    producers: Producers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace._producers.FLUSHED_S", 0.1)
    told: list[object] = []
    producer = producers.kept("a", files(), {})
    producer.produce("a", value=b"nobody is there", on_delivery=lambda error, _: told.append(error))
    producers.close()
    assert len(told) == 1
    assert told[0] is not None


def _threads() -> int:
    """How many threads this process has, librdkafka's too."""
    return len(list(Path("/proc/self/task").iterdir()))


def test_one_that_is_closed_already_does_not_disturb_the_closing_of_the_others(producers: Producers) -> None:
    first, second = (producers.new("flights.outcomes", files(), {}) for _ in range(2))
    first.close()
    producers.close()
    assert (first.closed, second.closed) == (True, True)
