"""What of its quotas a project uses: a sum over the states of its aggregates, which needs no events of its own."""

import math
from collections.abc import Mapping

from headrace_events.deployment import Deployment
from headrace_events.feature_group import FeatureGroup
from headrace_events.halving import Study
from headrace_events.member import Membership
from headrace_events.quota import Quota
from headrace_events.topic import Topic

NOTHING: Mapping[Quota, int] = {}


def used_by(state: object) -> Mapping[Quota, int]:
    """What an aggregate in that state uses, of the quotas that the command processor keeps."""
    match state:
        case Topic(closed=False, given=False, settings=settings):
            return {Quota.TOPICS: 1, Quota.PARTITIONS: settings.partitions}
        case Membership(roles=roles):
            return {Quota.MEMBERS: len(roles)}
        case FeatureGroup(versions=versions, deleted=deleted):
            return {Quota.FEATURE_GROUPS: len(versions) - len(deleted)}
        case Deployment(phase="created" | "ready"):
            return {Quota.DEPLOYMENTS: 1}
        case Study(cpu_seconds=cpu, gpu_seconds=gpu) if cpu or gpu:
            return {Quota.CPU_SECONDS: math.ceil(cpu), Quota.GPU_SECONDS: math.ceil(gpu)}
        case _:
            return NOTHING
