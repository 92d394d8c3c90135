"""The bounds of training data in event time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from math import fsum

from headrace._errors import Invalid
from headrace._training_dataset import TrainingSplit
from headrace._values import FIRST_MICROS, LAST_MICROS, WrongValue, micros_of, plain

Time = datetime | date | str
"""A time; without a zone it is UTC. Strings are ISO 8601, dates are midnight."""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def adjacent(bounds: Mapping[str, tuple[Time | None, Time | None]]) -> list[TrainingSplit]:
    """Splits in order; a bound that is not given is the neighbour's, or open at the outer sides. Raises Invalid."""
    names = list(bounds)
    given = [[None if bound is None else micros(bound) for bound in pair] for pair in bounds.values()]
    splits = []
    for index, name in enumerate(names):
        start, end = given[index]
        if start is None:
            start = FIRST_MICROS if index == 0 else given[index - 1][1]
        if end is None:
            end = LAST_MICROS + 1 if index == len(names) - 1 else given[index + 1][0]
        if start is None or end is None:
            raise Invalid(
                f"say where {name!r} begins and ends: {name}_start=…, {name}_end=… (event times)", code="no-bounds"
            )
        if start >= end:
            raise Invalid(f"split {name!r} ends before it starts", code="empty-split", details={"split": name})
        splits.append(TrainingSplit(name=name, start=start, end=end))
    for earlier, later in pairwise(splits):
        if later.start < earlier.end:
            raise Invalid(f"splits {earlier.name!r} and {later.name!r} overlap in event time", code="splits-overlap")
    return splits


def at_random(
    shares: Mapping[str, float | None], start: Time | None, end: Time | None, inner: Mapping[str, Time | None]
) -> list[TrainingSplit]:
    """`train` and what the shares name, all between the same bounds; `train` gets what the others leave.

    `inner` are bounds that only splits by time have. Raises Invalid.
    """
    given = [name for name, bound in inner.items() if bound is not None]
    if given:
        sizes_given = " and ".join(f"{name}_size" for name in shares)
        raise Invalid(
            f"{given[0]} is for splits by time, {sizes_given} for random ones: give one or the other",
            code="mixed-splits",
        )
    sizes: dict[str, float] = {}
    for name, size in shares.items():
        if not isinstance(size, int | float) or isinstance(size, bool) or not 0 < size < 1:
            raise Invalid(f"{name}_size is a share between 0 and 1, as in 0.2, not {size!r}", code="invalid-shares")
        sizes[name] = float(size)
    left = 1 - fsum(sizes.values())
    if left <= 0:
        raise Invalid(f"{' and '.join(f'{name}_size' for name in sizes)} leave nothing to train", code="invalid-shares")
    (bounds,) = adjacent({"train": (start, end)})
    return [
        TrainingSplit(name=name, start=bounds.start, end=bounds.end, share=share)
        for name, share in {"train": left, **sizes}.items()
    ]


def iso(given: Time) -> str:
    """The time as ISO 8601 in UTC; raises Invalid."""
    return (_EPOCH + timedelta(microseconds=micros(given))).isoformat()


def micros(given: Time) -> int:
    """The time as microseconds since 1970 UTC; raises Invalid."""
    try:
        value = datetime.fromisoformat(given) if isinstance(given, str) else plain(given)
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time(), UTC)
        return micros_of(value)
    except (WrongValue, ValueError) as error:
        raise Invalid(
            f"{given!r} is no time: give a datetime, a date, or ISO 8601 ({error})", code="invalid-time"
        ) from None
