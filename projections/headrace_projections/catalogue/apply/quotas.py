"""What administrators said about quotas."""

from headrace_events.envelope import Recorded
from headrace_events.quota import QuotaChanged
from headrace_projections.catalogue.apply.handlers import authored, on
from headrace_projections.changes import Change, Delete, Upsert


@on(QuotaChanged)
def change_quota(event: QuotaChanged, at: Recorded) -> list[Change]:
    """Show how much the project may have; what the platform's table says is not written down."""
    key = {"project": event.project, "quota": event.quota.value}
    if event.limit is None:
        return [Delete("quotas", key)]
    return [Upsert("quotas", key, {"most": event.limit, **authored("changed", at)})]
