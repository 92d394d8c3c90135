"""The windows of a rule, measured: which of its deployment's histories it is computed from, and as far as they say."""

from collections.abc import Callable

from headrace_events.monitor import AlertRuleAdded
from headrace_processors.alerts.history import History
from headrace_processors.alerts.hysteresis import Measured
from headrace_projections.monitoring.metrics import EVERY_FEATURE
from headrace_projections.monitoring.names import LATENCY, WHOLE
from headrace_projections.monitoring.reference import Reference


def features_of(rule: AlertRuleAdded, reference: Reference) -> tuple[str, ...]:
    """The values whose histories the rule reads; of a whole deployment, psi and null_share are the highest of any."""
    if rule.metric == "latency_ms_p95":
        return (LATENCY,)
    if rule.metric in EVERY_FEATURE and rule.feature == WHOLE:
        return tuple(feature for feature in reference.edges if not feature.startswith("@"))
    return (rule.feature,)


def measure(rule: AlertRuleAdded, reference: Reference, history: Callable[[str], History]) -> list[Measured]:
    """The rule's metric in every closed window in order of time, up to the first window that is not settled."""
    whole = history(WHOLE).windows
    histories = [history(feature).windows for feature in features_of(rule, reference)]
    measured: list[Measured] = []
    for start in sorted(whole)[:-1]:
        kept = [windows.get(start) for windows in histories]
        if any(one is None or one.count != whole[start].count for one in kept):
            break
        values = [one.metrics[rule.metric] for one in kept if one is not None and rule.metric in one.metrics]
        measured.append(Measured(start, max(values, default=None)))
    return measured
