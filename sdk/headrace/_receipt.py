"""What came of an insert, and when it can be read."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from headrace._errors import Failed
from headrace._rows import Refusal
from headrace._validation import ValidationReport

Ask = Callable[[], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Visible:
    """Whether all rows of an insert can be read; None where the group does not keep them."""

    online: bool | None
    offline: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """`accepted` rows are safe in the log, `refused` ones were not sent.

    `positions` are the furthest places of its rows, `<topic id>:<partition>:<offset>`. Repeat the insert with the same
    `insert_id` after a failure: no row counts twice, and none that came in between is overwritten. `validation` is what
    came of comparing the rows with the group's expectations.
    """

    accepted: int
    refused: tuple[Refusal, ...]
    insert_id: str
    positions: tuple[str, ...]
    validation: ValidationReport | None = None
    _ask: Ask = field(repr=False, compare=False)
    _others: Mapping[int, int] = field(default_factory=dict, repr=False, compare=False)

    @property
    def ends(self) -> tuple[str, ...]:
        """Where the group's log ended with this insert: a position `<topic id>:<partition>:<next offset>` for each.

        Of partitions without a row of it, what the stores had taken when it was sent, or this group object had sent
        before. Nothing where no row was sent.
        """
        places = [position.rsplit(":", 2) for position in self.positions]
        if not places:
            return ()
        ends = {**self._others, **{int(number): int(offset) + 1 for _, number, offset in places}}
        return tuple(f"{places[0][0]}:{number}:{offset}" for number, offset in sorted(ends.items()))

    def visible(self) -> Visible:
        """Whether the rows can be read now."""
        answer = self._ask()
        due = dict(_split(text) for text in self.positions)
        reached = {part["partition"]: part for part in answer["partitions"]}
        return Visible(
            online=_passed(due, reached, "online") if answer["online"] else None,
            offline=_passed(due, reached, "offline") if answer["offline"] else None,
        )

    def wait(self, online: bool = True, offline: bool = True, timeout: float = 60.0) -> "Receipt":
        """Return when the rows can be read where asked; raises Failed after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        pause = 0.01
        while True:
            now = self.visible()
            missing = [
                name
                for name, wanted, seen in (("online", online, now.online), ("offline", offline, now.offline))
                if wanted and seen is False
            ]
            if not missing:
                return self
            if time.monotonic() > deadline:
                raise Failed(
                    f"after {timeout:.0f} s the rows cannot be read {' and '.join(missing)} yet; they are in the log",
                    code="not-visible-in-time",
                    details={"missing": missing, "insert_id": self.insert_id},
                )
            time.sleep(pause)
            pause = min(pause * 1.5, 0.25)


def _split(position: str) -> tuple[int, int]:
    _, partition, offset = position.rsplit(":", 2)
    return int(partition), int(offset)


def _passed(due: Mapping[int, int], reached: Mapping[int, Mapping[str, Any]], where: str) -> bool:
    return all((reached.get(partition) or {}).get(where, 0) > offset for partition, offset in due.items())
