"""Which row of a key counts: the last by (event time, known-at, offset), whatever the order of arrival."""

from collections.abc import Sequence

import numpy as np

from headrace_projections.rows.fit import Rows
from headrace_projections.rows.ragged import Longs


def last_per_key(parts: Sequence[Rows]) -> list[tuple[Rows, Longs]]:
    """For each part, the indexes of its rows that are the last of their key in all parts together."""
    keys = [key for part in parts for key in part.keys]
    order = np.lexsort(
        (
            np.concatenate([part.offset for part in parts]),
            np.concatenate([part.known_at for part in parts]),
            np.concatenate([part.event_time for part in parts]),
        )
    )
    last = {keys[row]: row for row in order.tolist()}
    chosen = np.sort(np.fromiter(last.values(), np.int64, len(last)))
    found: list[tuple[Rows, Longs]] = []
    start = 0
    for part in parts:
        end = start + len(part)
        mine = chosen[np.searchsorted(chosen, start) : np.searchsorted(chosen, end)]
        found.append((part, mine - start))
        start = end
    return found
