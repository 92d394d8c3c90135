"""What monitoring has made of predictions and outcomes, held against numpy."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pytest
from psycopg_pool import AsyncConnectionPool
from tests.integration.clients import eventually
from tests.integration.monitored import DAY, Monitored
from tests.unit.projections.monitoring.test_formulas import psi_with_numpy

from headrace_projections.monitoring import queries
from headrace_projections.monitoring.queries import FeatureRow, Pool, WindowRow

T = TypeVar("T")
SECONDS = 180.0
VALUES = ("wind", "visibility", "@prediction", "@latency_ms")


@dataclass(slots=True)
class Windows:
    """The windows in Postgres, asked for without a loop of one's own."""

    runner: asyncio.Runner
    pool: Pool

    def ask(self, query: Callable[[Pool], Coroutine[Any, Any, T]]) -> T:
        """The query's answer."""
        return self.runner.run(query(self.pool))

    def of(self, monitored: Monitored) -> list[WindowRow]:
        """All windows of the project's deployment."""
        return self.ask(lambda pool: queries.windows(pool, monitored.project, "delays"))

    def features(self, monitored: Monitored, feature: str | None = None) -> list[FeatureRow]:
        """All windows of its values."""
        return self.ask(lambda pool: queries.features(pool, monitored.project, "delays", feature))

    def expect_unmatched(self, monitored: Monitored, outcomes: int) -> None:
        """Wait until so many outcomes of the project have no prediction."""

        def asked() -> bool | None:
            found = self.ask(lambda pool: queries.unmatched_outcomes(pool, monitored.project))
            return True if found == outcomes else None

        eventually(asked, f"{outcomes} outcomes without a prediction", SECONDS)

    def when(self, monitored: Monitored, count: int, matched: int) -> list[WindowRow]:
        """The windows, once so many predictions and so many matched ones are in them, and in the bins of each value."""

        def asked() -> list[WindowRow] | None:
            binned = Counter[str]()
            for row in self.features(monitored):
                binned[row.feature] += row.count
            windows = self.of(monitored)  # after the bins, for its latency is computed from them
            whole = (sum(row.count for row in windows), sum(row.matched for row in windows)) == (count, matched)
            return windows if whole and binned == dict.fromkeys(VALUES, count) else None

        return eventually(asked, f"{count} predictions, {matched} of them matched", SECONDS)


@contextmanager
def windows_in(dsn: str) -> Iterator[Windows]:
    """The windows in that database, which may be killed meanwhile."""
    with asyncio.Runner() as runner:
        pool: Pool = AsyncConnectionPool(dsn, open=False, min_size=1, check=AsyncConnectionPool.check_connection)
        runner.run(pool.open())
        yield Windows(runner, pool)
        runner.run(pool.close())


@dataclass(frozen=True, slots=True)
class Row:
    """A prediction as a test makes it."""

    id: str
    day: float
    wind: float | None
    late: float | None


def rows(count: int, seed: int, days: int = 5) -> list[Row]:
    chance = random.Random(seed)  # noqa: S311 - test data
    return [
        Row(
            f"r{number}/0",
            chance.random() * days,
            None if chance.random() < 0.05 else chance.gammavariate(2, 4),
            chance.random(),
        )
        for number in range(count)
    ]


def by_day(made: Sequence[Row]) -> dict[int, list[Row]]:
    days: dict[int, list[Row]] = defaultdict(list)
    for row in made:
        days[int(row.day)].append(row)
    return days


def start(monitored: Monitored, day: int) -> int:
    return int(monitored.first_day.timestamp() + day * DAY) * 1_000_000


def expect_features(windows: Windows, monitored: Monitored, made: Sequence[Row]) -> None:
    """Hold every count, null and PSI of `wind` against numpy."""
    wind = monitored.training["wind"]
    edges = np.unique(np.quantile(wind, np.linspace(0, 1, 11)[1:-1]))
    reference = np.bincount(np.searchsorted(edges, wind), minlength=edges.size + 1)
    found = {row.window_start: row for row in windows.features(monitored, "wind")}
    assert set(found) == {start(monitored, day) for day in by_day(made)}
    for day, of_day in by_day(made).items():
        row = found[start(monitored, day)]
        values = np.array([one.wind for one in of_day if one.wind is not None])
        counts = np.bincount(np.searchsorted(edges, values), minlength=edges.size + 1)
        assert row.edges == tuple(edges)
        assert row.reference_counts == tuple(reference)
        assert row.counts == tuple(counts)
        assert (row.count, row.missing) == (len(of_day), len(of_day) - values.size)
        assert row.psi == pytest.approx(psi_with_numpy(reference.tolist(), counts.tolist()), rel=1e-9, abs=1e-9)


def expect_quality(
    found: Sequence[WindowRow], monitored: Monitored, made: Sequence[Row], known: dict[str, int]
) -> None:
    """Hold every window's matches, accuracy and log loss against numpy."""
    for window in found:
        of_day = [one for one in made if start(monitored, int(one.day)) == window.window_start]
        pairs = np.array([(one.late, known[one.id]) for one in of_day if one.id in known], dtype=float).reshape(-1, 2)
        p, y = pairs[:, 0], pairs[:, 1]
        assert (window.count, window.matched) == (len(of_day), len(pairs))
        if len(pairs):
            assert window.accuracy == pytest.approx(np.mean((p >= 0.5) == (y >= 0.5)), rel=1e-9)
            assert window.log_loss == pytest.approx(-np.mean(np.log(np.where(y == 1, p, 1 - p))), rel=1e-9)
            assert window.brier_score == pytest.approx(np.mean((p - y) ** 2), rel=1e-9)
