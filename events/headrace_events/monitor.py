"""Monitors of deployments, their alert rules, and the alerts that open and resolve."""

from collections.abc import Mapping

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.deployment import Deployment
from headrace_events.errors import AlreadyExists, Conflict, Invalid, NotFound
from headrace_events.ids import object_name
from headrace_events.language import Command, Event, command, event, value
from headrace_events.numbers import finite


@command("monitor.create")
class CreateMonitor(Command):
    """Watch a deployment in windows of event time; the reference is the training data of its model version."""

    project: str
    deployment: str
    window_seconds: int = 86_400
    bins: int = 10

    @property
    def key(self) -> str:
        return self.deployment


@command("monitor.add_alert_rule")
class AddAlertRule(Command):
    """Open an alert when `metric` is at or above `open_at` for `windows` windows, one after the other.

    The metric is that of `feature`, or of the whole deployment where that is empty. The alert resolves when the metric
    is at or below `resolve_at`; the gap between the two is the hysteresis.
    """

    project: str
    deployment: str
    rule: str
    metric: str
    feature: str = ""
    open_at: float
    resolve_at: float
    windows: int = 1
    cool_down_seconds: int = 0

    @property
    def key(self) -> str:
        return self.deployment


@command("monitor.open_alert")
class OpenAlert(Command):
    """The alert worker says: the rule's condition holds. `window_start` is microseconds UTC."""

    project: str
    deployment: str
    rule: str
    window_start: int
    observed: float

    @property
    def key(self) -> str:
        return self.deployment


@command("monitor.resolve_alert")
class ResolveAlert(Command):
    """The alert worker says: the condition has passed."""

    project: str
    deployment: str
    rule: str
    window_start: int
    observed: float

    @property
    def key(self) -> str:
        return self.deployment


@event("monitor.created")
class MonitorCreated(Event):
    """Windows of the deployment are computed, the past ones too."""

    deployment: str
    window_seconds: int
    bins: int

    @property
    def key(self) -> str:
        return self.deployment


@event("monitor.alert_rule_added")
class AlertRuleAdded(Event):
    """The rule counts from here on."""

    deployment: str
    rule: str
    metric: str
    feature: str
    open_at: float
    resolve_at: float
    windows: int
    cool_down_seconds: int

    @property
    def key(self) -> str:
        return self.deployment


@event("monitor.alert_opened")
class AlertOpened(Event):
    """Somebody should look."""

    deployment: str
    rule: str
    window_start: int
    observed: float

    @property
    def key(self) -> str:
        return self.deployment


@event("monitor.alert_resolved")
class AlertResolved(Event):
    """The condition has passed."""

    deployment: str
    rule: str
    window_start: int
    observed: float

    @property
    def key(self) -> str:
        return self.deployment


@value
class Monitor:
    """The rules of a monitor, each with whether its alert is open."""

    open: Mapping[str, bool]


METRICS = frozenset({"psi", "null_share", "count", "latency_ms_p95", "error_share", "accuracy", "log_loss"})


def decide(state: Monitor | None, wish: Command, known: Known) -> list[Event]:
    """One monitor per deployment; an alert opens only while closed, and resolves only while open."""
    match wish:
        case CreateMonitor(deployment=deployment, window_seconds=window_seconds, bins=bins):
            if known.state(Deployment, wish.project, deployment) is None:
                raise NotFound("deployment", deployment)
            if state is not None:
                raise AlreadyExists("monitor", deployment)
            if window_seconds < 60 or not 2 <= bins <= 100:
                raise Invalid("invalid-monitor", "a window lasts 60 seconds or more and has 2 to 100 bins")
            return [MonitorCreated(deployment=deployment, window_seconds=window_seconds, bins=bins)]
        case AddAlertRule():
            if state is None:
                raise NotFound("monitor", wish.deployment)
            object_name(wish.rule, "alert rule")
            if wish.rule in state.open:
                raise AlreadyExists("alert rule", wish.rule)
            if wish.metric not in METRICS:
                raise Invalid("unknown-metric", f"known metrics are {', '.join(sorted(METRICS))}")
            if finite(wish.resolve_at, "resolve_at") > finite(wish.open_at, "open_at"):
                raise Invalid("no-hysteresis", "resolve_at is at most open_at")
            if wish.windows < 1 or wish.cool_down_seconds < 0:
                raise Invalid("invalid-rule", "windows is 1 or more and cool_down_seconds 0 or more")
            return [
                AlertRuleAdded(
                    deployment=wish.deployment,
                    rule=wish.rule,
                    metric=wish.metric,
                    feature=wish.feature,
                    open_at=wish.open_at,
                    resolve_at=wish.resolve_at,
                    windows=wish.windows,
                    cool_down_seconds=wish.cool_down_seconds,
                )
            ]
        case OpenAlert(deployment=deployment, rule=rule, window_start=window_start, observed=observed):
            _must_be(state, rule, is_open=False)
            return [AlertOpened(deployment=deployment, rule=rule, window_start=window_start, observed=observed)]
        case ResolveAlert(deployment=deployment, rule=rule, window_start=window_start, observed=observed):
            _must_be(state, rule, is_open=True)
            return [AlertResolved(deployment=deployment, rule=rule, window_start=window_start, observed=observed)]
        case _:
            raise unknown(wish)


def _must_be(state: Monitor | None, rule: str, *, is_open: bool) -> None:
    if state is None or rule not in state.open:
        raise NotFound("alert rule", rule)
    if state.open[rule] is not is_open:
        raise Conflict("alert-state", f"the alert of {rule!r} is {'open' if state.open[rule] else 'closed'}")


def evolve(state: Monitor | None, fact: Event) -> Monitor:
    """Fold one event."""
    now = dict(state.open) if state else {}
    match fact:
        case MonitorCreated():
            pass
        case AlertRuleAdded(rule=rule) | AlertResolved(rule=rule):
            now[rule] = False
        case AlertOpened(rule=rule):
            now[rule] = True
        case _:
            raise unknown(fact)
    return Monitor(open=now)


aggregate("monitor", Monitor, decide=decide, evolve=evolve)
