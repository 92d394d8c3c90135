"""Predictions and their outcomes, written while processes die, and what monitoring must have made of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.integration.clients import eventually
from tests.integration.monitored import Monitored
from tests.integration.platform import Platform
from tests.integration.windows import SECONDS, Row, Windows, expect_features, expect_quality, rows, start

from headrace_broker.errors import Unavailable
from headrace_broker.record import Entry
from headrace_events.monitor import AlertOpened

DAYS = 4
BUSY = 500.0


@dataclass(slots=True)
class Predictions:
    """A monitored project whose predictions, outcome by outcome, go to the log in parts."""

    platform: Platform
    windows: Windows
    monitored: Monitored
    parts: list[list[Row]]
    made: list[Row] = field(default_factory=list)

    @classmethod
    def of(cls, platform: Platform, windows: Windows, parts: int, chance: random.Random) -> Predictions:
        """Make the project with a monitor and an alert rule, and the rows of so many parts."""
        monitored = Monitored.of(platform, datetime(2013, 7, 1, tzinfo=UTC))
        monitored.watch()
        monitored.add_rule("busy", "count", BUSY, 10.0)
        made = rows(max(3_000, 400 * parts), seed=chance.randrange(10**6), days=DAYS)
        return cls(platform, windows, monitored, [made[part::parts] for part in range(parts)])

    def next_part(self, meanwhile: Callable[[], None]) -> None:
        """Write the next predictions, then do that, then write what came of them."""
        part = self.parts.pop()
        of = self.monitored
        self._write([of.predicted(row.id, row.day, row.wind, late=row.late) for row in part])
        meanwhile()
        self._write([of.known(row.id, _outcome(row)) for row in part])
        self.made += part

    def _write(self, entries: Sequence[Entry]) -> None:
        """Write them, when the brokers take it; a part whose fate is unknown is written again."""

        def written() -> bool | None:
            try:
                self.monitored.write(entries)
            except Unavailable:
                return None
            return True

        eventually(written, "the brokers to take predictions", SECONDS)

    def expect_exact(self) -> None:
        """Hold every window against what was written, and find that the alert was opened once."""
        made, of = self.made, self.monitored
        found = self.windows.when(of, len(made), len(made))
        expect_quality(found, of, made, {row.id: _outcome(row) for row in made})
        expect_features(self.windows, of, made)
        # Which of the closed windows grew past the threshold first is not given.
        (only,) = eventually(self._opened, "the alert", SECONDS)
        assert only in {start(of, day) for day in range(DAYS - 1)}

    def _opened(self) -> list[int] | None:
        turns = [one.event for one in self.platform.events() if one.project == self.monitored.project]
        return [turn.window_start for turn in turns if isinstance(turn, AlertOpened)] or None


def _outcome(row: Row) -> int:
    return int(row.day > DAYS / 2)
