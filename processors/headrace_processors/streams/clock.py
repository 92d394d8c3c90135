"""How far the source of a streaming feature group has come in event time, and which windows end by that.

Each partition has come as far as its newest row; the source, as far as the slowest partition that still has rows to be
read. One that is read to its end holds nobody up, so an idle partition needs no time-out. The clock never goes back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Micros = int


def pane_end(time: Micros, slide: Micros) -> Micros:
    """The end of the pane a row falls in: the first multiple of the slide after its event time."""
    return (time // slide + 1) * slide


@dataclass(slots=True)
class Clock:
    """The clock of one streaming feature group. `reach` is its longest window; `now` a multiple of the slide, or None.

    `ticked` are the ends that were told; `newest` is the newest event time by partition.
    """

    slide: Micros
    reach: Micros
    lateness: Micros
    ticked: set[Micros] = field(default_factory=set)
    newest: dict[int, Micros] = field(default_factory=dict)
    now: Micros | None = None
    _panes: dict[Micros, Micros] = field(default_factory=dict)
    _settled: Micros | None = None

    @classmethod
    def resumed(
        cls, slide: Micros, reach: Micros, lateness: Micros, ticked: Iterable[Micros], said: Mapping[int, str]
    ) -> "Clock":
        """The clock of a group of which so much was told, by what was said of each partition.

        Any pane that may not be through yet is taken to have rows: an end that is told too often changes nothing.
        """
        told = set(ticked)
        read = {partition: [int(part) for part in text.split("/")] for partition, text in said.items() if text}
        newest = {partition: parts[0] for partition, parts in read.items()}
        clock = cls(
            slide=slide, reach=reach, lateness=lateness, ticked=told, newest=newest, now=max(told, default=None)
        )
        if newest:
            first, last = min(parts[1] for parts in read.values()), pane_end(max(newest.values()), slide)
            clock._panes = {pane: pane for pane in range(first, last + 1, slide)}
        return clock

    def saying(self, partition: int) -> str:
        """What a later clock has to know of the partition: its newest event time, and the first pane not through."""
        newest = self.newest.get(partition)
        return "" if newest is None else f"{newest}/{min(self._panes, default=pane_end(newest, self.slide))}"

    def late(self, time: Micros) -> bool:
        """Whether a row of that event time is too late to be used."""
        return self.now is not None and time < self.now - self.lateness

    def take(self, partition: int, times: Iterable[Micros]) -> None:
        """Rows of these event times came, none of them too late."""
        for time in times:
            pane = pane_end(time, self.slide)
            self._panes.setdefault(pane, pane)
            self.newest[partition] = max(time, self.newest.get(partition, time))
        self._settled = None

    def due(self, behind: Iterable[int]) -> list[Micros]:
        """Go on as far as the partitions say, some of which are `behind`; the ends to be told now, in order."""
        self._go_on(set(behind))
        if self.now is None or self.now == self._settled:
            return []
        ends: set[Micros] = set()
        for pane, begin in sorted(self._panes.items()):
            if pane > self.now:
                break
            last = min(pane + self.reach, self.now)
            ends.update(range(begin, last + 1, self.slide))
            if last == pane + self.reach:
                del self._panes[pane]
            else:
                self._panes[pane] = last + self.slide
        self._settled = self.now
        return sorted(ends - self.ticked)

    def told(self, ends: Iterable[Micros]) -> None:
        """These ends are told, once and for all."""
        self.ticked.update(ends)

    def _go_on(self, behind: set[int]) -> None:
        if not self.newest or not behind <= self.newest.keys():
            return
        newest = min(self.newest[one] for one in behind) if behind else max(self.newest.values())
        reached = newest // self.slide * self.slide
        self.now = reached if self.now is None else max(self.now, reached)
