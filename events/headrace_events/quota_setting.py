"""What administrators say about the quotas of a project."""

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import Invalid, NotFound
from headrace_events.language import Command, Event, command
from headrace_events.project import Project
from headrace_events.quota import QUOTAS, UNTOLD, Keeper, Quota, QuotaChanged, Quotas, evolve

LARGEST = 10**15


@command("quota.set")
class SetQuota(Command):
    """Let the project have that much of something; without a limit, what the platform's table says."""

    project: str
    quota: str
    limit: int | None = None

    @property
    def scope(self) -> str | None:
        """The platform: quotas are the administrators', whatever becomes of the project."""
        return None

    @property
    def key(self) -> str:
        return self.project


def decide(state: Quotas | None, wish: Command, known: Known) -> list[Event]:
    """Take whole numbers only, and nothing twice in a row; the project must be there."""
    match wish:
        case SetQuota(project=project, quota=name, limit=limit):
            quota = _named(name)
            least = 1 if QUOTAS[quota].keeper is Keeper.BROKERS else 0
            if limit is not None and not least <= limit <= LARGEST:
                raise Invalid("invalid-limit", f"this limit is a whole number from {least} to {LARGEST}, not {limit}")
            found = known.state(Project, None, project)
            if found is None or found.phase in {"closing", "deleted"}:
                raise NotFound("project", project)
            if (state or UNTOLD).limits.get(quota.value) == limit:
                return []
            return [QuotaChanged(project=project, quota=quota, limit=limit)]
        case _:
            raise unknown(wish)


def _named(text: str) -> Quota:
    """The quota of that name; raises Invalid."""
    if text not in set(Quota):
        raise Invalid("unknown-quota", f"{text[:80]!r} is no quota: there are {', '.join(Quota)}", {"quota": text[:80]})
    return Quota(text)


aggregate("quota", Quotas, decide=decide, evolve=evolve)
