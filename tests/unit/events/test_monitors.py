"""Monitors, their rules, and alerts that open and resolve in turn."""

from dataclasses import replace

import pytest
from tests.unit.events.scenario import Scenario, project
from tests.unit.events.test_deployments import deployed

from headrace_events.monitor import (
    AddAlertRule,
    AlertOpened,
    AlertResolved,
    AlertRuleAdded,
    CreateMonitor,
    Monitor,
    MonitorCreated,
    OpenAlert,
    ResolveAlert,
)

CREATE = CreateMonitor(project="flights", deployment="late", window_seconds=3_600, bins=8)
RULE = AddAlertRule(
    project="flights",
    deployment="late",
    rule="drift",
    metric="psi",
    feature="wind",
    open_at=0.25,
    resolve_at=0.1,
    windows=2,
    cool_down_seconds=60,
)
OPEN = OpenAlert(project="flights", deployment="late", rule="drift", window_start=7, observed=0.5)
RESOLVE = ResolveAlert(project="flights", deployment="late", rule="drift", window_start=9, observed=0.05)
ALERTS = "system:alerts"


def watched() -> Scenario:
    """A deployment with a monitor that has no rule."""
    scenario = deployed()
    scenario.events(CREATE)
    return scenario


def ruled() -> Scenario:
    """A deployment with a monitor that has one rule."""
    scenario = watched()
    scenario.events(RULE)
    return scenario


def test_a_deployment_has_one_monitor() -> None:
    scenario = deployed()
    assert scenario.events(CREATE) == [MonitorCreated(deployment="late", window_seconds=3_600, bins=8)]
    assert scenario.refusal(CREATE) == "monitor-exists"


def test_what_is_not_deployed_is_not_watched() -> None:
    assert project().refusal(CREATE) == "deployment-not-found"


@pytest.mark.parametrize("change", [{"window_seconds": 59}, {"bins": 1}, {"bins": 101}])
def test_a_monitor_has_windows_and_bins_of_some_size(change: dict[str, int]) -> None:
    assert deployed().refusal(replace(CREATE, **change)) == "invalid-monitor"  # type: ignore[arg-type] # one field each


def test_the_smallest_and_the_largest_monitor_are_taken() -> None:
    for window_seconds, bins in ((60, 2), (60, 100)):
        assert deployed().events(replace(CREATE, window_seconds=window_seconds, bins=bins))


def test_a_rule_is_added_as_it_was_asked_for_and_is_closed_at_first() -> None:
    scenario = watched()
    assert scenario.events(RULE) == [
        AlertRuleAdded(
            deployment="late",
            rule="drift",
            metric="psi",
            feature="wind",
            open_at=0.25,
            resolve_at=0.1,
            windows=2,
            cool_down_seconds=60,
        )
    ]
    assert scenario.world.state(Monitor, "flights", "late") == Monitor(open={"drift": False})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"rule": "a b"}, "invalid-name"),
        ({"metric": "mood"}, "unknown-metric"),
        ({"resolve_at": 0.3}, "no-hysteresis"),
        ({"open_at": float("nan")}, "non-finite-number"),
        ({"resolve_at": float("-inf")}, "non-finite-number"),
        ({"windows": 0}, "invalid-rule"),
        ({"cool_down_seconds": -1}, "invalid-rule"),
    ],
)
def test_a_rule_is_refused_for(change: dict[str, object], code: str) -> None:
    assert watched().refusal(replace(RULE, **change)) == code  # type: ignore[arg-type] # one field each


def test_a_rule_needs_a_monitor_and_a_name_of_its_own() -> None:
    assert deployed().refusal(RULE) == "monitor-not-found"
    assert ruled().refusal(RULE) == "alert-rule-exists"


def test_a_scientist_neither_watches_nor_rules() -> None:
    assert deployed().refusal(CREATE, "user:bob") == "owners-only"
    assert watched().refusal(RULE, "user:bob") == "owners-only"


def test_an_alert_opens_and_resolves_in_turn() -> None:
    scenario = ruled()
    assert scenario.refusal(RESOLVE, ALERTS) == "alert-state"
    for _ in range(2):
        assert scenario.events(OPEN, ALERTS) == [
            AlertOpened(deployment="late", rule="drift", window_start=7, observed=0.5)
        ]
        assert scenario.refusal(OPEN, ALERTS) == "alert-state"
        assert scenario.events(RESOLVE, ALERTS) == [
            AlertResolved(deployment="late", rule="drift", window_start=9, observed=0.05)
        ]
        assert scenario.refusal(RESOLVE, ALERTS) == "alert-state"


def test_rules_open_each_for_itself() -> None:
    scenario = ruled()
    scenario.events(replace(RULE, rule="other"))
    scenario.events(OPEN, ALERTS)
    assert scenario.world.state(Monitor, "flights", "late") == Monitor(open={"drift": True, "other": False})


def test_an_alert_is_of_a_rule_that_exists() -> None:
    for wish in (OPEN, RESOLVE):
        assert watched().refusal(wish, ALERTS) == "alert-rule-not-found"
        assert deployed().refusal(wish, ALERTS) == "alert-rule-not-found"


def test_only_the_alert_worker_opens_and_resolves() -> None:
    for wish in (OPEN, RESOLVE):
        assert ruled().refusal(wish, "user:ada") == "not-yours-to-send"
