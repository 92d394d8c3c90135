"""Random splits: which one an example is in follows from what identifies it and from the seed, and from nothing else.

An example's number is BLAKE2b of eight bytes, big-endian, keyed with the seed (eight bytes, little-endian, two's
complement), over its canonical key: that of the root's primary key, and of the event time where the group has one. The
first split has the numbers below its share of 2^64, the next those below the first two shares, the last one the rest.
So an example stays where it is, whatever else is in the dataset and in whatever order the rows lie.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2b
from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa

from headrace_events.entity_key import encode_key
from headrace_projections.history.columns import types_of
from headrace_projections.history.view import EVENT_TIME, KEY, ViewHistory

_LAST = (1 << 64) - 1
"""No split begins after it, for shares make 1 only as far as floats can tell."""
_STORED_AS = {"date": pa.int32(), "timestamp": pa.int64()}


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomSplits:
    """Which of the splits an example is in; `identity` are the columns that identify it, `kinds` their types."""

    seed: int
    shares: Sequence[float]
    identity: Sequence[str]
    kinds: Sequence[str]

    def of(self, batch: pa.RecordBatch) -> Any:
        """The index of each row's split, as a numpy array."""
        key = self.seed.to_bytes(8, "little", signed=True)
        below = [*accumulate(map(Fraction, self.shares[:-1]))]
        ends = np.array([min(int(share * (1 << 64)), _LAST) for share in below], np.uint64)
        values = zip(*(self._values(batch, name) for name in self.identity), strict=True)
        digests = b"".join([blake2b(encode_key(self.kinds, row), digest_size=8, key=key).digest() for row in values])
        return np.searchsorted(ends, np.frombuffer(digests, ">u8").astype(np.uint64), side="right")

    def _values(self, batch: pa.RecordBatch, name: str) -> list[Any]:
        column = batch.column(name)
        kind = self.kinds[self.identity.index(name)]
        plain: list[Any] = column.cast(_STORED_AS.get(kind, column.type)).to_pylist()
        return plain


def random_splits(history: ViewHistory, shares: Sequence[float], seed: int) -> RandomSplits:
    """Those of a view's examples."""
    group = history.root.group
    types = types_of(group.columns)
    identity = {KEY + name: types[name] for name in group.primary_key}
    if group.event_time is not None:
        identity[EVENT_TIME] = "timestamp"
    return RandomSplits(seed=seed, shares=shares, identity=list(identity), kinds=list(identity.values()))
