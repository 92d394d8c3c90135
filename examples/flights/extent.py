"""How much of the year the story plays: all of it, or a sample that takes a minute."""

from dataclasses import dataclass
from datetime import datetime

from flights.data import day


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """The days that are played, midnights UTC of 2013. In each, 30 June comes late, and July is lived by the hour."""

    first: datetime
    """No flight before it is loaded."""
    split: datetime
    """Examples before it are for training, later ones for testing."""
    until: datetime
    """July is lived until then; what follows is loaded in bulk."""
    end: datetime
    """No flight from here on is loaded."""
    flights: int
    """So many flights are on the topic in the end."""
    predictions: int
    """So many flights are predicted at least."""


YEAR = Extent(
    first=day(1, 1),
    split=day(6, 1),
    until=day(7, 23),
    end=datetime(2014, 1, 2, tzinfo=day(1, 1).tzinfo),
    flights=336_776,
    predictions=20_000,
)
SAMPLE = Extent(first=day(6, 22), split=day(6, 28), until=day(7, 6), end=day(7, 7), flights=13_731, predictions=4_000)
EXTENTS = {"year": YEAR, "sample": SAMPLE}
