"""What every chapter needs: the story it is part of, who plays, how much of the year, and where the API is."""

from dataclasses import dataclass

from flights.cast import Cast
from flights.data import Year
from flights.extent import Extent
from flights.story import Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The stage on which chapters 2 and later are played."""

    story: Story
    cast: Cast
    extent: Extent
    year: Year
    api: str
