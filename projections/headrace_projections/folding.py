"""Many changes made few: the last word on each key, so that a row that changed often is written once a batch.

Folding a batch and writing the result leaves the tables as writing its changes one after the other would.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from headrace_projections.changes import Append, Change, Delete, Forget, Upsert, Values
from headrace_projections.errors import Unfounded

Key = tuple[tuple[str, Any], ...]


@dataclass(slots=True)
class Standing:
    """What a batch does to one key: perhaps remove its row, then perhaps write `row` (None: nothing to write).

    `founded` says that the row must be there before the batch, for the first thing done to it is an update.
    """

    key: Values
    removed: bool = False
    founded: bool = False
    row: dict[str, Any] | None = None


@dataclass(slots=True)
class Folded:
    """Per table: the standing of each key, in the order they were first touched, and the rows that are added.

    What is forgotten is so before anything else happens: the batch holds nothing of it any more.
    """

    standings: dict[str, dict[Key, Standing]] = field(default_factory=dict)
    appended: dict[str, list[Values]] = field(default_factory=dict)
    forgotten: list[Forget] = field(default_factory=list)

    def take(self, change: Change) -> None:
        """Fold one change in; raises Unfounded where it updates a row that the batch has removed."""
        if isinstance(change, Append):
            self.appended.setdefault(change.table, []).append(change.row)
            return
        standings = self.standings.setdefault(change.table, {})
        if isinstance(change, Forget):
            self._forget(change, standings)
            return
        key = tuple(change.key.items())
        standing = standings.get(key)
        if standing is None:
            standing = standings[key] = Standing(change.key)
        if isinstance(change, Delete):
            standing.removed, standing.row = True, None
        elif standing.row is not None:
            standing.row |= change.row
        elif isinstance(change, Upsert):
            standing.row = dict(change.row)
        elif standing.removed:
            raise Unfounded(change.table, f"{dict(change.key)} is updated after it was deleted")
        else:
            standing.founded, standing.row = True, dict(change.row)

    def _forget(self, change: Forget, standings: dict[Key, Standing]) -> None:
        gone = change.where.items()
        for key in [key for key, standing in standings.items() if gone <= standing.key.items()]:
            del standings[key]
        if change.table in self.appended:
            self.appended[change.table] = [row for row in self.appended[change.table] if not gone <= row.items()]
        self.forgotten.append(change)

    def __bool__(self) -> bool:
        return bool(self.standings or self.appended or self.forgotten)


def fold(changes: Iterable[Change]) -> Folded:
    """Fold the changes in order; raises Unfounded."""
    folded = Folded()
    for change in changes:
        folded.take(change)
    return folded
