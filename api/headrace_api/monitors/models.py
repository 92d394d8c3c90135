"""What is sent and answered about monitors."""

from pydantic import BaseModel, Field

from headrace_api.body import Body, Name
from headrace_projections.catalogue.queries.monitors import AlertRow, AlertRuleRow, MonitorRow


class NewMonitor(Body):
    """A monitor to be."""

    deployment: Name
    window_seconds: int = 86_400
    bins: int = 10


class NewAlertRule(Body):
    """When an alert opens and resolves."""

    rule: Name
    metric: Name = Field(examples=["psi"])
    feature: Name = Field(default="", description="empty: the whole deployment")
    open_at: float = Field(description="opens at or above")
    resolve_at: float = Field(description="resolves at or below; the gap is the hysteresis")
    windows: int = Field(default=1, description="so many windows in a row")
    cool_down_seconds: int = 0


class MonitorWithRules(BaseModel):
    """A monitor, its rules, and its alerts, the last opened first."""

    monitor: MonitorRow
    rules: list[AlertRuleRow]
    alerts: list[AlertRow]
