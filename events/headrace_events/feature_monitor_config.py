"""What a feature monitor compares: which window with what, by which metric, and when."""

from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise

from headrace_events.cron import cron
from headrace_events.errors import Invalid
from headrace_events.ids import Micros
from headrace_events.language import value
from headrace_events.numbers import finite

MOST_FEATURES = 100
MOST_BINS = 100
MOST_SECONDS = 100 * 366 * 86_400


class Watchable(StrEnum):
    """What a monitor can watch."""

    FEATURE_GROUP = "feature_group"
    FEATURE_VIEW = "feature_view"


class Strategy(StrEnum):
    """How values are put into bins: of one width, of as many values of the reference, as given, or one a value."""

    EQUI_WIDTH = "EQUI_WIDTH"
    EQUI_FREQUENCY = "EQUI_FREQUENCY"
    CUSTOM_EDGES = "CUSTOM_EDGES"
    CATEGORICAL = "CATEGORICAL"


OF_NUMBERS = frozenset({"mean", "max", "min", "sum", "std_dev"})
OF_COUNTS = frozenset({"count", "completeness", "num_non_null_values", "num_null_values"})
OF_DISTINCT = frozenset(
    {"distinctness", "uniqueness", "entropy", "approx_num_distinct_values", "exact_num_distinct_values"}
)
SCALARS = OF_NUMBERS | OF_COUNTS | OF_DISTINCT
OF_ORDER = frozenset({"WASSERSTEIN", "KOLMOGOROV_SMIRNOV"})
DISTANCES = OF_ORDER | {"PSI", "KL_DIVERGENCE", "JS_DIVERGENCE", "HELLINGER"}

NUMBERS = frozenset({"int", "bigint", "float", "double"})
CATEGORIES = frozenset({"string", "boolean", "int", "bigint"})


def is_number(kind: str) -> bool:
    """Whether values of that feature type are numbers."""
    return kind in NUMBERS or kind.startswith("decimal")


@value
class Watched:
    """A version of a feature group, whose windows are of the time when the log took rows, or of a feature view.

    A view's windows are of event time.
    """

    kind: Watchable
    name: str
    version: int

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ')} {self.name} version {self.version}"


@value
class TimeWindow:
    """From `offset_seconds` before a run, `length_seconds` long, or until the run; without both, all until the run.

    With a length alone, the last one of that length. Of its rows `row_percentage` (0 to 1) are taken, always the same.
    """

    offset_seconds: int | None = None
    length_seconds: int | None = None
    row_percentage: float = 1.0

    def bounds(self, at: Micros) -> tuple[Micros | None, Micros]:
        """Where it begins (None: with the first row) and ends, of a run at that time."""
        if self.offset_seconds is None:
            return (None if self.length_seconds is None else Micros(at - self.length_seconds * 1_000_000)), at
        start = at - self.offset_seconds * 1_000_000
        length = None if self.length_seconds is None else self.length_seconds * 1_000_000
        return Micros(start), Micros(at if length is None else min(start + length, at))


@value
class Reference:
    """What a window is compared with: another window, or a training dataset of the view, by its version."""

    window: TimeWindow | None = None
    training_dataset: int | None = None


@value
class Binning:
    """Bins of a distribution; without a strategy EQUI_FREQUENCY of numbers, and CATEGORICAL of anything else.

    `epsilon` is added to the share of each bin of both sides, which then make 1 again. `edges`, for CUSTOM_EDGES, are
    the outer ones too; what lies outside of them is in the first or last bin.
    """

    strategy: Strategy | None = None
    bins: int = 10
    epsilon: float = 1e-6
    edges: tuple[float, ...] = ()


@value
class Comparison:
    """A shift is detected where the difference is at the threshold or above it; `strict`: above it.

    Of scalars it is how far the value is from that of the reference, or from `specific_value`; `relative`: in shares of
    the latter, unless that is 0. Of distributions, which have a `binning`, it is their distance.
    """

    metric: str
    threshold: float
    strict: bool = False
    relative: bool = False
    specific_value: float | None = None
    binning: Binning | None = None

    def shifted(self, difference: float) -> bool:
        """Whether that is a shift."""
        return difference > self.threshold if self.strict else difference >= self.threshold

    @property
    def counts_distinct(self) -> bool:
        """Whether it needs to know how many different values there are."""
        return self.metric in OF_DISTINCT

    def categorical(self, kind: str) -> bool:
        """Whether values of that feature type have a bin each."""
        strategy = None if self.binning is None else self.binning.strategy
        return strategy is Strategy.CATEGORICAL or (strategy is None and not is_number(kind))

    def takes(self, kind: str | None) -> bool:
        """Whether values of that feature type have the metric; of a type that is not known they may."""
        if kind is None:
            return True
        if self.binning is None:
            nested = kind.startswith(("array", "map", "struct", "embedding"))
            return is_number(kind) or (self.metric not in OF_NUMBERS and not (nested and self.metric in OF_DISTINCT))
        match self.binning.strategy:
            case Strategy.CATEGORICAL:
                return kind in CATEGORIES
            case None:
                return is_number(kind) or (kind in CATEGORIES and self.metric not in OF_ORDER)
            case _:
                return is_number(kind)


@value
class Schedule:
    """Runs at the times of a cron expression in UTC, between `start` and `end`, both inclusive."""

    cron_expression: str
    start: Micros | None = None
    end: Micros | None = None


def check_comparison(comparison: Comparison, reference: Reference | None) -> None:
    """Raise Invalid unless it is one metric, with what that needs."""
    binning, metric = comparison.binning, comparison.metric
    if metric not in (SCALARS if binning is None else DISTANCES):
        known = ", ".join(sorted(SCALARS if binning is None else DISTANCES))
        what = "a scalar" if binning is None else "a distribution"
        raise Invalid("unknown-metric", f"{metric[:80]!r} compares no {what[2:]}s: {known} do", {"metric": metric[:80]})
    if finite(comparison.threshold, "threshold") < 0 or (comparison.threshold == 0 and not comparison.strict):
        raise Invalid("invalid-threshold", "a threshold is above 0, or 0 with strict: equal windows are no shift")
    if comparison.specific_value is not None:
        finite(comparison.specific_value, "specific_value")
        if binning is not None or reference is not None:
            raise Invalid("specific-value", "a specific value is for a scalar, and stands in place of a reference")
    elif reference is None:
        raise Invalid("no-reference", "give a reference window, a training dataset, or a scalar's specific_value")
    if binning is not None:
        _check_binning(binning, comparison)


def _check_binning(binning: Binning, comparison: Comparison) -> None:
    if comparison.relative:
        raise Invalid("invalid-binning", "distances of distributions are not relative")
    if not 2 <= binning.bins <= MOST_BINS:
        raise Invalid("invalid-binning", f"a distribution has 2 to {MOST_BINS} bins")
    if not 0 < finite(binning.epsilon, "smoothing_epsilon") <= 0.01:
        raise Invalid("invalid-binning", "smoothing_epsilon is above 0, at most 0.01")
    if bool(binning.edges) != (binning.strategy is Strategy.CUSTOM_EDGES):
        raise Invalid("invalid-binning", "edges are given with CUSTOM_EDGES, and with nothing else")
    for edge in binning.edges:
        finite(edge, "custom_bin_edges")
    if binning.edges and not 3 <= len(binning.edges) <= MOST_BINS + 1:
        raise Invalid("invalid-binning", f"there are 3 to {MOST_BINS + 1} edges, the outer ones too")
    if any(right <= left for left, right in pairwise(binning.edges)):
        raise Invalid("invalid-binning", "edges rise")
    if binning.strategy is Strategy.CATEGORICAL and comparison.metric in OF_ORDER:
        raise Invalid("invalid-binning", f"{comparison.metric} is of numbers, which CATEGORICAL bins do not order")


def check_window(window: TimeWindow) -> None:
    """Raise Invalid unless it is one."""
    for seconds in (window.offset_seconds, window.length_seconds):
        if seconds is not None and not 0 < seconds <= MOST_SECONDS:
            raise Invalid("invalid-window", f"offset and length of a window are 1 to {MOST_SECONDS} seconds")
    if not 0 < finite(window.row_percentage, "row_percentage") <= 1:
        raise Invalid("invalid-window", "row_percentage is a share: above 0, at most 1")


def check_schedule(schedule: Schedule, now: Micros) -> None:
    """Raise Invalid unless there is a time left at which it runs."""
    begins = now if schedule.start is None else max(now, schedule.start)
    first = cron(schedule.cron_expression, now).after(Micros(begins - 1))
    if first is None or (schedule.end is not None and first > schedule.end):
        raise Invalid("invalid-schedule", "no time of the cron expression lies between start and end from now on")


def chosen(names: tuple[str, ...], comparison: Comparison, types: Mapping[str, str | None]) -> tuple[str, ...]:
    """The features that are compared: those named, or all (name → type) that have the metric. Raises Invalid."""
    for name in names:
        if name not in types:
            raise Invalid("unknown-feature", f"there is no feature {name[:80]!r}", {"feature": name[:80]})
        if not comparison.takes(types[name]):
            raise Invalid("metric-of-other-types", f"{name!r} is {types[name]}, which has no {comparison.metric} here")
    found = names or tuple(name for name, kind in types.items() if comparison.takes(kind))
    if not found:
        raise Invalid("no-features", f"no feature has {comparison.metric}")
    if len(found) > MOST_FEATURES or len(set(found)) != len(found):
        raise Invalid("too-many-features", f"a monitor compares at most {MOST_FEATURES} features, each once: name them")
    return found
