"""The values of a column with few of them, and how often each is; of many texts the most frequent, estimated.

Up to MOST values, fewer in a dataset of many columns, are counted exactly. Beyond that whole numbers are counted no
more, and texts go on in a frequent-items sketch (Anderson et al. 2017), whose counts are lower bounds. A column with a
text longer than LONGEST has no categories.
"""

from collections.abc import Sequence
from typing import Any

import datasketches
import pyarrow as pa

MOST = 1_000
LONGEST = 200
_TOGETHER = 1_000_000
"""How many values are kept of all columns of a split together: wide datasets have statistics of bounded size."""


class Categories:
    """Counts the values of one column of a dataset with that many `columns`, batch by batch."""

    def __init__(self, columns: int = 1) -> None:
        share = _TOGETHER // max(columns, 1)
        self._most = min(max(share, 50), MOST)
        self._lg_frequent = min(max(share.bit_length() - 1, 8), 13)
        self._counts: dict[Any, int] = {}
        self._sketch: Any = None
        self.counting = True
        """Whether more values would change anything."""

    @staticmethod
    def can_count(kind: pa.DataType) -> bool:
        """Whether values of that type are counted."""
        return bool(pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_string(kind))

    def take(self, values: Sequence[Any], counts: Sequence[int]) -> None:
        """Count some more; each value of a batch comes once."""
        for value, count in zip(values, counts, strict=True):
            if isinstance(value, str) and len(value) > LONGEST:
                self._give_up()
                return
            if self._sketch is not None:
                self._sketch.update(value, count)
                continue
            self._counts[value] = self._counts.get(value, 0) + count
            if len(self._counts) > self._most and not self._go_on(value):
                return

    def summary(self) -> dict[str, Any]:
        """`counts` of values, in order, and whether these are `all`."""
        if self._sketch is not None:
            found = self._sketch.get_frequent_items(datasketches.frequent_items_error_type.NO_FALSE_NEGATIVES)
            counted = sorted(((value, lower) for value, _, lower, _ in found), key=lambda one: (-one[1], one[0]))[
                : self._most
            ]
        else:
            counted = list(self._counts.items())
        return {"counts": sorted(counted), "all": self.counting and self._sketch is None}

    def _go_on(self, value: Any) -> bool:
        """What happens once there are too many: texts are estimated from now on."""
        if not isinstance(value, str):
            self._give_up()
            return False
        self._sketch = datasketches.frequent_strings_sketch(self._lg_frequent)
        for text, count in self._counts.items():
            self._sketch.update(text, count)
        self._counts.clear()
        return True

    def _give_up(self) -> None:
        self._counts.clear()
        self._sketch = None
        self.counting = False
