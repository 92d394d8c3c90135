"""What a rebuild is asked for, what it says while it works, and what it comes to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from headrace_projections.moments import Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """How far a rebuild has come: events so far, a second, and seconds to go (None while nobody can tell)."""

    events: int
    events_per_second: float
    seconds_left: float | None = None


Report = Callable[[Advance], None]


def say_nothing(advance: Advance) -> None:
    """Report to nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A place where the live projection is not what the log says; column '' is a whole row, missing or extra."""

    table: str
    row: str
    column: str
    live: str | None
    rebuilt: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The live projection beside the rebuilt one: a digest of each, how many places differ, and the first of them."""

    live: str
    rebuilt: str
    differing: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """The outcome. `place` is where the rebuilt projection lies now.

    `equal`, the digests and `differences` (the first hundred; `differing` counts all) are there after a verification.
    `skipped` counts dismissed dead letters.
    """

    name: str
    place: str
    events: int
    seconds: float
    events_per_second: float
    skipped: int = 0
    live_digest: str | None = None
    rebuilt_digest: str | None = None
    equal: bool | None = None
    differing: int = 0
    differences: tuple[Difference, ...] = ()


def outcome(name: str, place: str, events: int, seconds: float, compared: Comparison | None) -> Rebuilt:
    """What a rebuild came to, with its verification where there was one."""
    return Rebuilt(
        name=name,
        place=place,
        events=events,
        seconds=seconds,
        events_per_second=events / seconds,
        live_digest=compared.live if compared else None,
        rebuilt_digest=compared.rebuilt if compared else None,
        equal=compared.live == compared.rebuilt if compared else None,
        differing=compared.differing if compared else 0,
        differences=compared.differences if compared else (),
    )


class Rebuildable(Protocol):
    """A projection that can be made again from the log, beside the live one."""

    @property
    def name(self) -> str:
        """What it is called on the command line."""
        ...

    def rebuild(self, *, verify: bool = False, as_of: Moment | None = None, report: Report = say_nothing) -> Rebuilt:
        """Make it again and put it in the live one's place, or (`as_of`) beside it as it was then.

        `verify` compares every row and column with the live one before it is replaced.
        """
        ...
