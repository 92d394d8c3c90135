"""Whether both stores of a feature group say the same: the answer of the API, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headrace._columns import Feature
from headrace._vectors import typed

_TYPES = {"_event_time": "timestamp", "_known_at": "timestamp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreDigest:
    """A store's last rows: how many keys, how many of them deleted, and SHA-256 over all rows in the order of keys."""

    keys: int
    deleted: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDifference:
    """A key on which the stores differ, and what each has in the columns that do; None where it has no row.

    Columns that begin with `_` say what the log knows. `reason` says why an online row cannot be read.
    """

    key: Mapping[str, Any]
    online: Mapping[str, Any] | None
    offline: Mapping[str, Any] | None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """Both stores of a group after the same records, up to `positions`; true where they are equal.

    `different` counts the keys that differ; `differences` names the first of them.
    """

    equal: bool
    positions: tuple[str, ...]
    online: StoreDigest
    offline: StoreDigest
    different: int
    differences: tuple[KeyDifference, ...]

    def __bool__(self) -> bool:
        return self.equal


def consistency_of(answer: Mapping[str, Any], features: list[Feature]) -> Consistency:
    """What the API found, in the types of the features."""
    types = {**_TYPES, **{feature.name: feature.type for feature in features}}

    def row(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
        if values is None:
            return None
        return {name: typed(value, types.get(name, "string")) for name, value in values.items()}

    return Consistency(
        equal=answer["equal"],
        positions=tuple(answer["positions"]),
        online=StoreDigest(**answer["online"]),
        offline=StoreDigest(**answer["offline"]),
        different=answer["different"],
        differences=tuple(
            KeyDifference(
                key=row(one["key"]) or {},
                online=row(one["online"]),
                offline=row(one["offline"]),
                reason=one["reason"],
            )
            for one in answer["differences"]
        ),
    )
