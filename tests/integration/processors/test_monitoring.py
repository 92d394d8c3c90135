"""From predictions and outcomes to windows and alerts, through the observer, Flink, Postgres and Faust as they run."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from tests.integration.clients import eventually
from tests.integration.monitored import Monitored
from tests.integration.platform import Platform
from tests.integration.served import Served
from tests.integration.windows import SECONDS, Windows, by_day, expect_features, expect_quality, rows, start

from headrace_events.monitor import AlertOpened, AlertResolved

pytestmark = pytest.mark.timeout(420)


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
        of.write([of.known("early/0", 1.0)])
        eventually(lambda: monitor.unmatched_outcomes() or None, "an outcome to wait for its prediction", SECONDS)
        of.write([of.predicted("early/0", 0.0, 3.0)])
        windows.when(of, 11, 2)
        eventually(lambda: monitor.unmatched_outcomes() == 0 or None, "no outcome to wait any more", SECONDS)
    path = f"{shown}/monitoring/windows"
    assert served.ask("GET", path, key=served.key("eve")).status_code == httpx.codes.NOT_FOUND
    assert served.ask("GET", path.replace("delays", "nothing")).status_code == httpx.codes.NOT_FOUND
