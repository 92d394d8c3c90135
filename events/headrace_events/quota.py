"""Quotas of a project: how much of what it may have, by the platform's table or as an administrator says."""

from collections.abc import Mapping
from enum import StrEnum

from headrace_events.aggregates import Known, unknown
from headrace_events.errors import Conflict
from headrace_events.language import Event, Home, event, value


class Quota(StrEnum):
    """What is limited."""

    TOPICS = "topics"
    PARTITIONS = "partitions"
    MEMBERS = "members"
    FEATURE_GROUPS = "feature-groups"
    DEPLOYMENTS = "deployments"
    CPU_SECONDS = "cpu-seconds"
    GPU_SECONDS = "gpu-seconds"
    STORAGE_BYTES = "storage-bytes"
    FEATURE_ROWS = "feature-rows"
    PRODUCE_RATE = "produce-bytes-per-second"
    FETCH_RATE = "fetch-bytes-per-second"
    REQUEST_SHARE = "request-percentage"


class Keeper(StrEnum):
    """Who keeps a project within a quota."""

    COMMANDS = "commands"
    UPLOADS = "uploads"
    BROKERS = "brokers"
    NOBODY = "nobody"


@value
class Kind:
    """What is counted, who sees to it, and how much a project has unless an administrator says so (None: no limit)."""

    counts: str
    keeper: Keeper
    default: int | None


QUOTAS: Mapping[Quota, Kind] = {
    Quota.TOPICS: Kind(
        counts="topics that members made, and those of feature groups", keeper=Keeper.COMMANDS, default=100
    ),
    Quota.PARTITIONS: Kind(counts="the partitions of these topics", keeper=Keeper.COMMANDS, default=400),
    Quota.MEMBERS: Kind(counts="members", keeper=Keeper.COMMANDS, default=200),
    Quota.FEATURE_GROUPS: Kind(counts="versions of feature groups", keeper=Keeper.COMMANDS, default=100),
    Quota.DEPLOYMENTS: Kind(counts="deployments that have not failed", keeper=Keeper.COMMANDS, default=50),
    Quota.CPU_SECONDS: Kind(
        counts="processor time of trials, as their workers measured it", keeper=Keeper.COMMANDS, default=3_600_000
    ),
    Quota.GPU_SECONDS: Kind(
        counts="GPUs of trials, times the seconds they ran", keeper=Keeper.COMMANDS, default=360_000
    ),
    Quota.STORAGE_BYTES: Kind(
        counts="bytes of stored files, offline tables and online tables", keeper=Keeper.UPLOADS, default=100 * 2**30
    ),
    Quota.FEATURE_ROWS: Kind(
        counts="records that feature groups have taken, deletions too", keeper=Keeper.NOBODY, default=1_000_000_000
    ),
    Quota.PRODUCE_RATE: Kind(counts="bytes a second that each certificate writes", keeper=Keeper.BROKERS, default=None),
    Quota.FETCH_RATE: Kind(counts="bytes a second that each certificate reads", keeper=Keeper.BROKERS, default=None),
    Quota.REQUEST_SHARE: Kind(
        counts="percent of one broker thread that each certificate keeps busy", keeper=Keeper.BROKERS, default=None
    ),
}
"""Every quota there is."""


class QuotaExceeded(Conflict):
    """The project has as much of it as it may have."""

    def __init__(self, project: str, quota: Quota, *, limit: int, used: int, asked: int) -> None:
        super().__init__(
            "quota-exceeded",
            f"{used} of {limit} {quota.value} of project {project!r} are in use, and this asks for {asked} more: "
            "free some, or ask an administrator for a higher quota",
            {"quota": quota.value, "limit": str(limit), "used": str(used), "asked": str(asked)},
        )


@event("quota.changed", Home.PLATFORM)
class QuotaChanged(Event):
    """The project may have that much of it; without a limit, what the platform's table says."""

    project: str
    quota: Quota
    limit: int | None = None

    @property
    def key(self) -> str:
        return self.project


@value
class Quotas:
    """What administrators said about one project, by quota."""

    limits: Mapping[str, int]

    def limit(self, quota: Quota) -> int | None:
        """How much the project may have; None is no limit."""
        return self.limits.get(quota.value, QUOTAS[quota].default)


UNTOLD = Quotas(limits={})
"""The quotas of a project about which no administrator said anything."""


def must_fit(known: Known, project: str, more: Mapping[Quota, int]) -> None:
    """Raise QuotaExceeded unless the project may have that much more; lowering a quota takes nothing away."""
    quotas = known.state(Quotas, None, project) or UNTOLD
    for quota, asked in more.items():
        limit, used = quotas.limit(quota), known.used(project, quota)
        if limit is not None and used + asked > limit:
            raise QuotaExceeded(project, quota, limit=limit, used=used, asked=asked)


def evolve(state: Quotas | None, fact: Event) -> Quotas:
    """Fold one event."""
    match fact:
        case QuotaChanged(quota=quota, limit=limit):
            limits = {name: one for name, one in (state or UNTOLD).limits.items() if name != quota.value}
            return Quotas(limits=limits if limit is None else {**limits, quota.value: limit})
        case _:
            raise unknown(fact)
