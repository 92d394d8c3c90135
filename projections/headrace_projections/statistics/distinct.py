"""How many distinct values there are: HyperLogLog sketches, of numbers fed only with those that can change them.

A sketch keeps, for each of its slots, the hash with the most leading zeros, and a call for each value costs more than
all else that is counted of it. So NumPy hashes whole columns as the sketch would, and of each slot one value is handed
over.

Source: Apache DataSketches 5, HLL: MurmurHash3 (x64, 128 bits) with seed 9001, whose first half says the slot by its
lowest bits and whose second half says the zeros.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any

import datasketches
import numpy as np
import numpy.typing as npt

LG_SLOTS = 12
SLOTS = 1 << LG_SLOTS
FEW = 1_600
"""Of so few values a sketch keeps more than the slots: it is handed all of them."""
_AT_ONCE = 1 << 14
"""Numbers of which all that is worked out lies in the processor's cache."""

Numbers = npt.NDArray[Any]
_Hashes = npt.NDArray[np.uint64]

_SEED = np.uint64(9001 ^ 8)
"""The seed, and the length of what is hashed."""
_C1, _C2 = np.uint64(0x87C3_7B91_1142_53D5), np.uint64(0x4CF5_AD43_2745_937F)
_F1, _F2 = np.uint64(0xFF51_AFD7_ED55_8CCD), np.uint64(0xC4CE_B9FE_1A85_EC53)
_NOTHING = np.iinfo(np.uint64).max
_31, _33 = np.uint64(31), np.uint64(33)


def none() -> Any:
    """A sketch of no value."""
    return datasketches.hll_sketch(LG_SLOTS)


def sketch_of(values: Iterable[Any]) -> Any:
    """A sketch of these numbers and strings, each handed over."""
    made = none()
    deque(map(made.update, values), maxlen=0)
    return made


def both(one: Any, other: Any) -> Any:
    """A sketch of the values of both."""
    union = datasketches.hll_union(LG_SLOTS)
    union.update(one)
    union.update(other)
    return union.get_result()


def sketch_of_numbers(numbers: Numbers) -> Any:
    """A sketch of an array of 64-bit integers or doubles."""
    if len(numbers) <= FEW:
        return sketch_of(numbers.tolist())
    telling, filled = _telling(numbers)
    if filled <= FEW:
        return sketch_of(np.unique(numbers).tolist())
    # As a union of two: what a single sketch estimates while it is fed supposes that it was handed every value.
    return both(sketch_of(telling[::2]), sketch_of(telling[1::2]))


def _telling(numbers: Numbers) -> tuple[list[Any], int]:
    """Values of which a sketch is the same as of all of them, and how many slots they fill."""
    least = np.full(SLOTS, _NOTHING, np.uint64)
    found: list[Any] = []
    for first in range(0, len(numbers), _AT_ONCE):
        some = numbers[first : first + _AT_ONCE] + 0  # which makes -0.0 the same as 0.0
        slots, zeros = _hashed(some.view(np.uint64))
        better = zeros < least[slots]
        some, slots, zeros = some[better], slots[better], zeros[better]
        np.minimum.at(least, slots, zeros)
        found += some[zeros == least[slots]].tolist()
    return found, int(np.count_nonzero(least != _NOTHING))


def _hashed(bits: _Hashes) -> tuple[npt.NDArray[np.int64], _Hashes]:
    """Slots, and hashes that are the less the more leading zeros they have."""
    mixed = bits * _C1
    mixed = ((mixed << _31) | (mixed >> _33)) * _C2
    first = (mixed ^ _SEED) + _SEED
    second = first + _SEED
    _finish(first)
    _finish(second)
    first += second
    second += first
    return (first & np.uint64(SLOTS - 1)).astype(np.int64), second


def _finish(hashes: _Hashes) -> None:
    for factor in (_F1, _F2):
        hashes ^= hashes >> _33
        hashes *= factor
    hashes ^= hashes >> _33
