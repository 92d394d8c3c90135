"""From the command that makes a monitor to its alert: what is decided and what is run, together, in memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.unit.events.scenario import Scenario, project
from tests.unit.processors.feature_monitors.made import COLUMNS, HOUR, MONITOR, NOW, Process

from headrace_events.feature_group import CreateFeatureGroup
from headrace_events.feature_monitor_config import Schedule
from headrace_events.feature_monitor_words import (
    CreateFeatureMonitor,
    FeatureMonitorAlertOpened,
    FeatureMonitorAlertResolved,
    FeatureMonitorEvaluated,
)
from headrace_events.ids import Micros
from headrace_events.language import Event
from headrace_events.row_schema import Column

COLUMNS_OF_ORDERS = tuple(Column(name=name, type=kind) for name, kind in COLUMNS.items())


def hour(scenario: Scenario, process: Process, at: int) -> list[Event]:
    """What happens when the clock of both shows that time: commands and events go round until nothing is left."""
    scenario.world.now = process.now = Micros(at)
    seen: list[Event] = []
    for _ in range(4):
        process.clock += 1
        process.monitors.step()
        said, process.said = process.said, []
        for command in said:
            events = scenario.events(command, "system:training-datasets")
            process.happen(*events)
            seen += events
    return seen


def test_a_schedule_finds_a_shift_once_and_its_end_once(tmp_path: Path) -> None:
    scenario, process = project("shop"), Process(tmp_path)
    scenario.world.now = Micros(NOW - 5 * HOUR // 2)
    orders = CreateFeatureGroup(
        project="shop", name="orders", columns=COLUMNS_OF_ORDERS, primary_key=("id",), event_time="at"
    )
    scenario.events(orders)
    wish = CreateFeatureMonitor(
        project="shop",
        name="drifts",
        watched=MONITOR.watched,
        features=MONITOR.features,
        detection=MONITOR.detection,
        reference=MONITOR.reference,
        comparison=replace(MONITOR.comparison, threshold=1.0),
        schedule=Schedule(cron_expression="0 * * * *"),
        exact=True,
    )
    process.happen(*scenario.events(wish))
    for before, shift in ((4, 0.0), (3, 0.0), (2, 100.0), (1, 100.0)):
        process.write(*((NOW - before * HOUR + second, shift + second % 10) for second in range(1, 101)))
    found = [hour(scenario, process, NOW - back * HOUR + 5) for back in (2, 1, 0)]
    evaluated = [one for events in found for one in events if isinstance(one, FeatureMonitorEvaluated)]
    assert [(one.number, one.monitoring_time, one.shift_detected) for one in evaluated] == [
        (1, NOW - 2 * HOUR, False),
        (2, NOW - HOUR, True),
        (3, NOW, False),
    ]
    assert isinstance(found[1][-1], FeatureMonitorAlertOpened)
    assert isinstance(found[2][-1], FeatureMonitorAlertResolved)
    assert hour(scenario, process, NOW + 6) == [], "it waits for the next hour"
