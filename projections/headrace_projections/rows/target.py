"""What a store of rows does for the runner."""

from collections.abc import Mapping
from typing import Protocol

from headrace_broker.follower import Partition
from headrace_events.envelope import Recorded
from headrace_projections.rows.fit import Fitted
from headrace_projections.rows.groups import Group, Groups


class Target(Protocol):
    """A store that keeps the position with the rows."""

    @property
    def name(self) -> str:
        """The projection's name."""
        ...

    def wants(self, group: Group) -> bool:
        """Whether the group is to be read at all."""
        ...

    def learn(self, recorded: Recorded, groups: Groups) -> None:
        """Take note of an event; `groups` is what all events so far say of groups, and goes on changing."""
        ...

    def open(self, group: Group) -> Mapping[Partition, int]:
        """Make room for the group, let go of rows that do not count any more; the next offset of each partition."""
        ...

    def write(self, group: Group, fitted: Fitted, ends: Mapping[Partition, int]) -> None:
        """Take rows and refusals; `ends` are the next offsets after them. Raises Superseded."""
        ...

    def forget(self, project: str) -> None:
        """Remove everything of the project, whether this target has opened it or another one before."""
        ...

    def remove(self, group: Group) -> None:
        """Remove everything of the group, whether this target has opened it or another one before."""
        ...

    def tick(self) -> Mapping[str, Exception]:
        """Do what time asks for; what went wrong, by topic."""
        ...

    def close(self) -> None:
        """Stop; nothing that was promised is lost."""
        ...
