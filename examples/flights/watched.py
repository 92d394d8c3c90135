"""Step 7: what the windows say, revised by late outcomes, computed again with numpy from the log."""

import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from flights.flink import running_job
from flights.july import July
from flights.logged import outcome_times, outcomes, predictions
from flights.program import NUMBERS
from flights.stage import Stage
from flights.story import Chapter
from headrace import Deployment, FeatureWindow, Monitor, TrainingDataset, Window

DAY_US = 86_400_000_000
TOLERANCE = 1e-9
SHOWN = "humid"
EPSILON = 1e-6
PREDICTION, LATENCY = "@prediction", "@latency_ms"
"""What the model said and how long it took: binned as the inputs are."""
BINNED = (*NUMBERS, PREDICTION, LATENCY)


def begin(stage: Stage, deployment: Deployment) -> Monitor:
    """Watch the deployment by day, as its owner, with two alert rules."""
    monitor = stage.cast.owner.get_model_serving().get_deployment(deployment.name).monitor(window_seconds=86_400)
    monitor.add_rule("warm_weather", metric="psi", feature="temp", open_at=0.25, resolve_at=0.1, windows=2)
    monitor.add_rule("dry_or_humid", metric="psi", feature=SHOWN, open_at=5.0, resolve_at=3.0, windows=2)
    stage.story.say(f"{monitor.deployment} is watched by day, with rules on temp and {SHOWN}; no drift is injected")
    return monitor


def play(stage: Stage, chapter: Chapter, monitor: Monitor, july: July, dataset: TrainingDataset) -> None:
    """Wait for the windows, let the late outcomes come, and compare everything with the log."""
    story = stage.story
    predicted, known = predictions(stage), outcomes(stage)
    windows = _until(
        monitor.get_windows,
        lambda found: _sums(found) == (len(predicted), len(known)),
        "windows of all predictions, and of the outcomes that came so far",
    )
    before = {one.window_start: one.matched for one in windows}
    story.say(
        f"{len(windows)} windows count {len(predicted):,} predictions; {sum(before.values()):,} outcomes are known"
    )
    july.send(july.held)
    known = outcomes(stage)
    order = outcome_times(stage)
    in_reverse = sum(later < earlier for earlier, later in pairwise(order))
    windows = _until(
        monitor.get_windows, lambda found: _sums(found) == (len(predicted), len(known)), "windows of all outcomes"
    )
    revised = sum(one.matched > before.get(one.window_start, 0) for one in windows)
    late = sum(one.matched for one in windows) - sum(before.values())
    share = late / len(known)
    story.say(f"{late:,} outcomes ({share:.0%}) came after their windows: {revised} windows were revised")
    features = _until(
        monitor.get_features,
        lambda found: _by_name(found) == dict.fromkeys(BINNED, len(predicted)),
        "windows of all values",
    )
    _check_windows(windows, predicted, known)
    compared = _check_features(monitor, predicted, dataset)
    story.say(
        f"{len(windows)} windows and {compared} distributions equal what numpy finds in the log, to {TOLERANCE:g}"
    )
    story.console.print(monitor.plot(SHOWN), highlight=False)
    alerts = _until(monitor.get_alerts, lambda found: any(not alert.open for alert in found), "an alert to resolve")
    for alert in alerts:
        story.say(f"alert {alert.rule}: {'open' if alert.open else 'resolved'}, opened at PSI {alert.observed:.2f}")
    job = running_job()
    chapter.figures = {
        "windows": [[str(one.start.date()), one.count, one.matched, one.accuracy] for one in windows],
        "psi": {SHOWN: [one.psi for one in features if one.feature == SHOWN]},
        "outcomes": len(known),
        "outcome_records_sent_twice": len(order) - len(known),
        "outcome_records_before_their_predecessor": in_reverse,
        "late_outcomes": late,
        "late_share": round(share, 4),
        "windows_revised": revised,
        "distributions_compared": compared,
        "alerts": [[alert.rule, alert.open, alert.observed] for alert in alerts],
        "unmatched_outcomes": monitor.unmatched_outcomes(),
        "flink_job": job.id,
        "flink_checkpoints_completed": job.completed,
        "flink_last_checkpoint": job.last,
    }
    chapter.result = (
        f"{len(windows)} windows, {len(known):,} outcomes ({share:.0%} late), {len(alerts)} alerts; all equal the log"
    )


def _until(ask: Callable[[], Any], enough: Callable[[Any], bool], what: str, seconds: float = 180.0) -> Any:
    deadline = time.monotonic() + seconds
    while not enough(found := ask()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s for {what}; there are {found}")
        time.sleep(0.5)
    return found


def _sums(windows: list[Window]) -> tuple[int, int]:
    """How many predictions are in the windows, and how many of them have an outcome."""
    return sum(one.count for one in windows), sum(one.matched for one in windows)


def _by_name(features: list[FeatureWindow]) -> Counter[str]:
    """How many values of each name are in the windows."""
    found = Counter[str]()
    for one in features:
        found[one.feature] += one.count
    return found


def _check_windows(
    windows: list[Window], predicted: dict[str, dict[str, Any]], known: dict[str, dict[str, Any]]
) -> None:
    """Counts and quality of every day, from the log."""
    for window in windows:
        ids = [one for one, record in predicted.items() if _day(record) == window.window_start]
        matched = [(predicted[one]["prediction"], known[one]["outcome"]) for one in ids if one in known]
        latencies = [predicted[one]["latency_ms"] for one in ids]
        p, y = np.array(matched, dtype=float).reshape(-1, 2).T
        _same(window.count, len(ids), "count", window)
        _same(window.matched, len(matched), "matched", window)
        _same(window.failed, sum(predicted[one]["error"] is not None for one in ids), "failures", window)
        _same(window.latency_ms_mean, float(np.mean(latencies)), "mean latency", window)
        if matched:
            _same(window.accuracy, float(np.mean((p >= 0.5) == (y >= 0.5))), "accuracy", window)
            _same(window.brier_score, float(np.mean((p - y) ** 2)), "Brier score", window)
            _same(window.log_loss, float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))), "log loss", window)


def _check_features(monitor: Monitor, predicted: dict[str, dict[str, Any]], dataset: TrainingDataset) -> int:
    """Bins of every value and day, with what is missing, and PSI where the training data's files hold the value too."""
    training = dataset.read("train")
    compared = 0
    for name in BINNED:
        for window in monitor.get_features(name):
            values = np.array(
                [_value(record, name) for record in predicted.values() if _day(record) == window.window_start],
                dtype=float,
            )
            what, found = f"{name} on {window.start:%d %B}", _counts(values, window.edges)
            _same_counts(window.counts, found, what)
            _same_counts((window.count, window.missing), np.array((values.size, np.isnan(values).sum())), what)
            compared += 1
            if name not in NUMBERS:  # the model's own output on its training data is not recorded
                if window.reference_counts is not None or window.psi is not None:
                    raise AssertionError(f"{name} is compared with training data that nobody has")
                continue
            expected = _counts(training[name].to_numpy(dtype=float), window.edges)
            _same_counts(window.reference_counts or (), expected, f"the training data of {name}")
            if not found.sum():  # nothing was known of it that day, so nothing can be compared
                if window.psi is not None:
                    raise AssertionError(f"PSI of {name} on {window.start:%d %B} is {window.psi} of no values")
                continue
            _same(window.psi, _psi(expected, found), f"PSI of {name}", window)
    return compared


def _value(record: dict[str, Any], name: str) -> float | None:
    """The value of that name, as the prediction on the log has it."""
    found: float | None = (
        record[name.removeprefix("@")] if name in {PREDICTION, LATENCY} else record["numbers"].get(name)
    )
    return found


def _day(record: dict[str, Any]) -> int:
    micros = int(record["event_time"].timestamp() * 1_000_000)
    return micros - micros % DAY_US


def _counts(values: Any, edges: tuple[float, ...]) -> Any:
    finite = values[np.isfinite(values)]
    return np.bincount(np.searchsorted(edges, finite, side="left"), minlength=len(edges) + 1)


def _psi(expected: Any, found: Any) -> float:
    q, p = (counts / counts.sum() + EPSILON for counts in (expected, found))
    q, p = q / q.sum(), p / p.sum()
    return float(np.sum((p - q) * np.log(p / q)))


def _same(shown: float | None, computed: float, what: str, window: Window | FeatureWindow) -> None:
    if shown is None or abs(shown - computed) > TOLERANCE * max(1.0, abs(computed)):
        raise AssertionError(f"{what} on {window.start:%d %B} is {shown}, numpy finds {computed}")


def _same_counts(shown: tuple[int, ...], computed: Any, what: str) -> None:
    if list(shown) != computed.tolist():
        raise AssertionError(f"the bins of {what} are {shown}, numpy finds {computed.tolist()}")
