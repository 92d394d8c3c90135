"""The parameters of a trial: a function of the study's seed, the trial's number and the search space, for ever.

Each value comes from SHA-256 of seed, trial and name: no generator whose algorithm a new version may change, and a
dimension that is added or moved changes no other one.
"""

import json
import math
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from headrace_events.searchspace import Dimension


def draw(seed: int, trial: int, space: Sequence[Dimension]) -> Mapping[str, str]:
    """The trial's parameters by name, as JSON."""
    return {dimension.name: json.dumps(_value(seed, trial, dimension)) for dimension in space}


def _value(seed: int, trial: int, dimension: Dimension) -> Any:
    share = _share(f"{seed}/{trial}/{dimension.name}")
    values = dimension.parsed()
    match dimension.kind:
        case "double":
            low, high = float(values[0]), float(values[1])
            return min(high, max(low, low * (1 - share) + high * share))
        case "integer":
            low, high = values
            return min(high, low + math.floor(share * (high - low + 1)))
        case _:
            return values[min(len(values) - 1, math.floor(share * len(values)))]


def _share(text: str) -> float:
    """A number in [0, 1): the first 53 bits of the hash."""
    return (int.from_bytes(sha256(text.encode()).digest()[:8], "big") >> 11) / 2**53
