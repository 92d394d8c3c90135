"""What came of a run of a feature monitor: what was read of each window, and how far they are from one another."""

from dataclasses import replace
from enum import StrEnum

from headrace_events.errors import Invalid
from headrace_events.feature_monitor_config import Comparison
from headrace_events.ids import Micros
from headrace_events.language import value
from headrace_events.numbers import finite


class Source(StrEnum):
    """Where a window was read: rows of the offline store, sketches of its commits, or statistics of training data."""

    ROWS = "rows"
    SKETCHES = "sketches"
    TRAINING_DATASET = "training_dataset"


@value
class WindowRead:
    """The window that was read: its bounds in time, and in the log (`starts` inclusive, `ends` exclusive).

    `start` is None of a window that begins with the first row. Of a training dataset the bounds in the log are its own.
    """

    source: Source
    rows: int
    start: Micros | None = None
    end: Micros | None = None
    starts: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()


@value
class Bins:
    """How many values of each side are in each bin; outer edges are open. Of categories the last one is all others."""

    edges: tuple[float, ...] = ()
    categories: tuple[str, ...] = ()
    detection: tuple[int, ...]
    reference: tuple[int, ...]


@value
class FeatureDrift:
    """One feature: its `difference`, None where one side has no value. Of scalars the two values, of PSI its `chance`.

    `chance` is about what it would be, with so few values, if nothing had shifted. `reason` says why nothing could be
    compared.
    """

    feature: str
    difference: float | None = None
    detection: float | None = None
    reference: float | None = None
    chance: float | None = None
    bins: Bins | None = None
    reason: str | None = None


def checked(results: tuple[FeatureDrift, ...], features: tuple[str, ...]) -> tuple[FeatureDrift, ...]:
    """The results, if they are of the monitor's features, and of finite numbers. Raises Invalid."""
    if tuple(one.feature for one in results) not in {features, ()}:
        raise Invalid("other-features", "a run tells of each feature of its monitor once, in order")
    for one in results:
        for number in (one.difference, one.detection, one.reference, one.chance):
            if number is not None:
                finite(number, one.feature)
    return results


def without_values(results: tuple[FeatureDrift, ...], comparison: Comparison) -> tuple[FeatureDrift, ...]:
    """The same with nothing that is a value of a row: no bins, no least and greatest."""
    values = comparison.metric in {"min", "max"}
    bare = (replace(one, bins=None) for one in results)
    return tuple(replace(one, detection=None, reference=None) if values else one for one in bare)


def shifted_features(results: tuple[FeatureDrift, ...], comparison: Comparison) -> tuple[str, ...]:
    """The features whose difference is a shift; one without a difference is none."""
    return tuple(one.feature for one in results if one.difference is not None and comparison.shifted(one.difference))
