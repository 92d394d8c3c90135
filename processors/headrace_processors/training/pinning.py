"""Fixing what a dataset is made of: the history of its groups up to positions that never move again."""

from collections.abc import Callable, Mapping, Sequence

from headrace_broker.follower import Partition
from headrace_projections.history.errors import Impossible
from headrace_projections.history.positions import Ends, ends_of
from headrace_projections.history.tables import history_of
from headrace_projections.history.view import GroupHistory
from headrace_projections.rows.groups import Group


def pin(groups: Sequence[Group], positions: Sequence[str], end: Callable[[Partition], int]) -> dict[str, Ends]:
    """Topic id → ends: the given positions, or else where the topics end now. `end` tells the latter.

    Raises Impossible for a group without offline history, and for positions that do not fit or that the log has not
    reached.
    """
    for group in groups:
        if not group.offline:
            raise Impossible(
                f"feature group {group.name!r} version {group.version} is kept online only: training data comes from"
                " the offline store, so make a version of the group that is offline too"
            )
    now = {group.topic_id: {where.partition: end(where) for where in group.places} for group in groups}
    if not positions:
        return dict(now)
    ends = ends_of(groups, positions)
    for group in groups:
        for where, begins in group.starts.items():
            if ends[group.topic_id][where.partition] < begins:
                raise Impossible(
                    f"feature group {group.name!r} version {group.version} was cleared up to position"
                    f" {group.topic_id}:{where.partition}:{begins}: rows before it are gone"
                )
    for group in groups:
        for partition, offset in ends[group.topic_id].items():
            if offset > now[group.topic_id][partition]:
                raise Impossible(
                    f"position {group.topic_id}:{partition}:{offset} lies beyond the end of the topic of"
                    f" {group.name!r}, which is {now[group.topic_id][partition]}"
                )
    return ends


def pinned_histories(storage: str, groups: Sequence[Group], ends: Mapping[str, Ends]) -> dict[str, GroupHistory] | None:
    """Topic id → the group's history up to `ends`; None while an offline table has not taken all of it.

    Raises Unavailable.
    """
    found = {group.topic_id: history_of(storage, group, ends[group.topic_id]) for group in groups}
    complete = {topic_id: history for topic_id, history in found.items() if history is not None}
    return complete if len(complete) == len(found) else None
