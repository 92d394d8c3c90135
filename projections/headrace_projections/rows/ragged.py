"""Many byte strings as one buffer with offsets, cut and joined without a loop."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Longs = npt.NDArray[np.int64]


def joined(parts: Sequence[bytes]) -> tuple[Bytes, Longs]:
    """The parts end to end, and where each begins (one more than there are parts: the last is the end)."""
    return np.frombuffer(b"".join(parts), np.uint8), offsets_of(np.fromiter(map(len, parts), np.int64, len(parts)))


def offsets_of(lengths: Longs) -> Longs:
    """Where parts of these lengths begin when they lie end to end; the last entry is the end."""
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def span(starts: Longs, lengths: Longs) -> Longs:
    """Every index of every part, part by part."""
    offsets = offsets_of(lengths)
    return np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)


def fixed(starts: Longs, width: int) -> Longs:
    """Every index of parts of one width, one row a part."""
    return starts[:, None] + np.arange(width)
