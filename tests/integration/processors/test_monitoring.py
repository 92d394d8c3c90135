"""From predictions and outcomes to windows and alerts, through the observer, Flink, Postgres and Faust as they run."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx
import numpy as np
import pytest
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from tests.integration.clients import eventually
from tests.integration.monitored import DAY, Monitored
from tests.integration.platform import Platform
from tests.integration.served import Served
from tests.unit.projections.monitoring.test_formulas import psi_with_numpy

from headrace_compose.supervision import Supervisor
from headrace_events.monitor import AlertOpened, AlertResolved
from headrace_projections.monitoring import queries
from headrace_projections.monitoring.queries import FeatureRow, Pool, WindowRow

pytestmark = pytest.mark.timeout(420)

T = TypeVar("T")
SECONDS = 180.0
VALUES = ("wind", "visibility", "@prediction", "@latency_ms")


@dataclass(slots=True)
class Windows:
    """The windows in Postgres, asked for without a loop of one's own."""

    dsn: str

    def ask(self, query: Callable[[Pool], Coroutine[Any, Any, T]]) -> T:
        """The query's answer."""

        async def answered() -> T:
            pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(self.dsn, open=False, min_size=1)
            async with pool:
                return await query(pool)

        return asyncio.run(answered())

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


@pytest.fixture(scope="module")
def windows(platform: Platform) -> Windows:
    """Run everything that monitoring is made of."""
    parts = ["observer", "monitoring", "alerts", "flink-job", "flink-taskmanager", "flink-jobmanager"]
    stack = platform.stack.stack
    stack.up(parts, report=print)
    return Windows(platform.stack.postgres_dsn)


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


def test_two_projects_thirteen_years_apart_are_counted_exactly_and_revised_by_late_outcomes(
    platform: Platform, windows: Windows
) -> None:
    past = Monitored.of(platform, datetime(2013, 7, 1, tzinfo=UTC))
    present = Monitored.of(platform, datetime(2026, 7, 1, tzinfo=UTC))
    past.watch()
    chance = random.Random(5)  # noqa: S311 - test data
    all_rows = {past.project: rows(1_500, 1), present.project: rows(1_200, 2)}
    known: dict[str, dict[str, int]] = {}
    for one in (past, present):
        made = all_rows[one.project]
        known[one.project] = {row.id: int(chance.random() < (row.late or 0)) for row in made if chance.random() < 0.8}
        first_half = [row for row in made if row.id in known[one.project]][:400]
        # Out of order, a hundredth twice, half of the outcomes before their predictions, some without any.
        entries = [one.predicted(row.id, row.day, row.wind, late=row.late) for row in made]
        entries += [one.predicted(row.id, row.day, row.wind, late=row.late) for row in made[:15]]
        entries += [one.known(row.id, known[one.project][row.id]) for row in first_half]
        entries += [one.known(f"nobody/{number}", 1.0) for number in range(7)]
        chance.shuffle(entries)
        one.write(entries)
    present.watch()  # after its predictions: the past is counted too
    for one in (past, present):
        made = all_rows[one.project]
        early = dict([(row.id, known[one.project][row.id]) for row in made if row.id in known[one.project]][:400])
        found = windows.when(one, len(made), 400)
        assert {window.window_start for window in found} == {start(one, day) for day in by_day(made)}
        expect_features(windows, one, made)
        expect_quality(found, one, made, early)
        windows.expect_unmatched(one, 7)

    for one in (past, present):
        late = [(row.id, known[one.project][row.id]) for row in all_rows[one.project] if row.id in known[one.project]]
        wrong = [one.known(name, 1 - outcome) for name, outcome in late[:20]]
        right = [one.known(name, outcome) for name, outcome in (*late[:20], *reversed(late[20:]))]
        one.write([*wrong, *right])
    for one in (past, present):
        made = all_rows[one.project]
        found = windows.when(one, len(made), len(known[one.project]))
        expect_quality(found, one, made, known[one.project])
        expect_features(windows, one, made)


def test_a_prediction_without_a_feature_or_with_an_error_is_counted(platform: Platform, windows: Windows) -> None:
    of = Monitored.of(platform, datetime(2013, 7, 1, tzinfo=UTC))
    of.watch()
    of.write(
        [
            of.predicted("a/0", 0.1, 3.0, latency_ms=10.0),
            of.predicted("a/1", 0.2, 3.0, numbers={"wind": "absent"}),
            of.predicted("a/2", 0.3, float("nan")),
            of.predicted("a/3", 0.4, 3.0, late=None, error="the replica failed"),
            of.predicted("a/3", 0.4, 3.0, late=None, error="the replica failed"),
        ]
    )
    (window,) = windows.when(of, 4, 0)
    assert (window.failed, window.error_share) == (1, 0.25)
    assert window.accuracy is None
    (wind,) = windows.features(of, "wind")
    assert (wind.count, wind.missing, wind.null_share) == (4, 2, 0.5)
    (prediction,) = windows.features(of, "@prediction")
    assert (prediction.missing, prediction.psi) == (1, None)
    assert window.latency_ms_p95 is not None
    assert 4 < window.latency_ms_p95 <= 10 * 2**0.25


def test_drift_opens_an_alert_which_resolves_when_it_has_passed(platform: Platform, windows: Windows) -> None:
    of = Monitored.of(platform, datetime(2013, 7, 1, tzinfo=UTC))
    of.watch()
    of.add_rule("wind_drifts", "psi", 0.25, 0.1, feature="wind", windows=2)
    chance = random.Random(9)  # noqa: S311 - test data
    wind, visibility = (of.training[name].tolist() for name in ("wind", "visibility"))
    shifted = {3, 4, 5}
    written = 0
    for day in range(8):
        of.write(
            [
                of.predicted(
                    f"d{day}/{row}",
                    day + row / 2_000,
                    chance.choice(wind) * (3 if day in shifted else 1),
                    numbers={"visibility": chance.choice(visibility)},
                )
                for row in range(1_500)
            ]
        )
        written += 1_500
        windows.when(of, written, 0)
    of.add_rule("seen_later", "psi", 0.25, 0.1, windows=2)

    def turns() -> dict[str, list[tuple[type[Any], int]]] | None:
        found: dict[str, list[tuple[type[Any], int]]] = defaultdict(list)
        for recorded in platform.events():
            event = recorded.event
            if recorded.project == of.project and isinstance(event, AlertOpened | AlertResolved):
                found[event.rule].append((type(event), event.window_start))
        return found if sum(map(len, found.values())) >= 4 else None

    expected = [(AlertOpened, start(of, 4)), (AlertResolved, start(of, 6))]
    assert eventually(turns, "the alerts", SECONDS) == {"wind_drifts": expected, "seen_later": expected}


def test_a_member_sees_windows_and_drift_and_a_stranger_sees_nothing(served: Served, windows: Windows) -> None:
    of = Monitored.of(served.platform, datetime(2013, 7, 1, tzinfo=UTC))
    shown = f"/api/projects/{of.project}/deployments/delays"
    eventually(lambda: True if served.ask("GET", shown).is_success else None, "the deployment to be shown")
    with served.project("ada", of.project) as project:
        deployment = project.get_model_serving().get_deployment("delays")
        monitor = deployment.monitor(window_seconds=3_600, bins=5)
        assert deployment.monitor().window_seconds == 3_600
        monitor.add_rule("any_drift", metric="psi", open_at=100.0)
        of.write([of.predicted(f"a/{row}", row / 24, 3.0 + row) for row in range(10)])
        of.write([of.known("a/3", 1.0)])
        windows.when(of, 10, 1)
        found = monitor.get_windows()
        assert [window.count for window in found] == [1] * 10
        assert found[3].start == datetime(2013, 7, 1, 3, tzinfo=UTC)
        assert (found[3].matched, found[3].accuracy) == (1, 0.0)
        drift = monitor.get_features("wind")
        assert {(window.feature, sum(window.counts)) for window in drift} == {("wind", 1)}
        assert all(window.psi and window.reference_counts for window in drift)
        assert monitor.unmatched_outcomes() == 0
        assert monitor.get_alerts() == []
        assert monitor.plot("wind").startswith("PSI of wind on delays")
    path = f"{shown}/monitoring/windows"
    assert served.ask("GET", path, key=served.key("eve")).status_code == httpx.codes.NOT_FOUND
    assert served.ask("GET", path.replace("delays", "nothing")).status_code == httpx.codes.NOT_FOUND


PARTS = ("observer", "alerts", "flink-taskmanager", "monitoring", "flink-job")


def test_windows_stay_exact_when_every_part_is_killed_once(platform: Platform, windows: Windows) -> None:
    _count_while_killing(platform, windows, random.Random(4).sample(PARTS, len(PARTS)))  # noqa: S311 - test data


@pytest.mark.long
@pytest.mark.timeout(1_800)
def test_windows_stay_exact_through_series_of_kills(platform: Platform, windows: Windows) -> None:
    chance = random.Random(17)  # noqa: S311 - test data
    for _ in range(5):
        _count_while_killing(platform, windows, [*chance.sample(PARTS, 3), "flink-jobmanager"])


def kill(platform: Platform, service: str) -> None:
    """End a service of the stack as if its machine had failed; its supervisor starts it again."""
    supervisor = Supervisor(platform.stack.site.home)
    pid = eventually(lambda: supervisor.running()[service].pid, f"{service} to run", SECONDS)
    os.kill(pid, signal.SIGKILL)


def _count_while_killing(platform: Platform, windows: Windows, victims: Sequence[str]) -> None:
    """Kill each in turn, between predictions and their outcomes; then every count is exact and no alert was twice."""
    of = Monitored.of(platform, datetime(2013, 7, 1, tzinfo=UTC))
    of.watch()
    of.add_rule("busy", "count", 500.0, 10.0)
    made = rows(3_000, seed=21, days=4)
    known = {row.id: int(row.day > 2) for row in made}
    for part, victim in enumerate(victims):
        some = made[part :: len(victims)]
        of.write([of.predicted(row.id, row.day, row.wind, late=row.late) for row in some])
        kill(platform, victim)
        of.write([of.known(row.id, known[row.id]) for row in some])
    found = windows.when(of, len(made), len(made))
    expect_quality(found, of, made, known)
    expect_features(windows, of, made)

    def opened() -> list[int] | None:
        turns = [one.event for one in platform.events() if one.project == of.project]
        return [turn.window_start for turn in turns if isinstance(turn, AlertOpened)] or None

    # Which of the closed windows grew past the threshold first is not given.
    (only,) = eventually(opened, "the alert", SECONDS)
    assert only in {start(of, day) for day in range(3)}
