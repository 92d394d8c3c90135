"""Vectors of a feature view that are kept ready: written with the rows, not put together when they are asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headrace._columns import Feature
from headrace._http import Api
from headrace._vectors import typed

FILLED_S = 600.0
"""How long the rows that are there already are waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorDifference:
    """A key and a group of which a vector that is kept ready does not say what the group's row does."""

    key: Mapping[str, Any]
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorConsistency:
    """Vectors that are kept ready beside the rows of their groups; true where they are equal.

    `rows` of all groups were compared; `different` counts those that differ, `differences` names the first of them.
    """

    equal: bool
    rows: int
    different: int
    differences: tuple[VectorDifference, ...]

    def __bool__(self) -> bool:
        return self.equal


class PrecomputedVectors(ABC):
    """Keeping the vectors of one version of a view ready; for Data Owners. What is read is the same, with and without.

    One row an entity is kept with all features, in the same transaction as the groups' rows. It takes a groups' rows
    longer to be written, and vectors less long to be read.
    """

    _api: Api

    @property
    @abstractmethod
    def _path(self) -> str:
        """Where the API has the version."""

    @property
    @abstractmethod
    def root_columns(self) -> list[Feature]:
        """All columns of the root group."""

    @property
    def precomputed(self) -> bool:
        """Whether the vectors are kept ready, or will be as soon as the rows that are there are taken over."""
        return bool(self._api.get(f"{self._path}/precomputed")["precomputed"])

    def precompute(self, *, wait: bool = True, timeout: float = FILLED_S) -> None:
        """Keep the vectors ready from now on; returns when all rows that are there are in them.

        Args:
            wait: without, return at once; reads are answered from the groups' rows until then.
            timeout: how many seconds it waits.

        Raises:
            Invalid: `not-precomputable`; a group is joined by other columns than the root's primary key, is another
                project's, or is not kept online.
            Failed: it took longer than `timeout`.
        """
        path = f"{self._path}/precomputed"
        self._api.put(path, {})
        if wait:
            what = f"the vectors of {path} to be taken over"
            self._api.wait_until(path, lambda now: True if now["ready"] else None, what, seconds=timeout)

    def stop_precomputing(self) -> None:
        """Put vectors together when they are asked for, as without."""
        self._api.delete(f"{self._path}/precomputed")

    def check_consistency(self) -> VectorConsistency:
        """Compare every vector that is kept ready with what the groups' rows make, at one moment.

        Raises:
            Conflict: `vectors-not-ready`; they are not kept ready, or not yet.
        """
        answer = self._api.ask(f"{self._path}/precomputed/consistency", {})
        return consistency_of_vectors(answer, self.root_columns)


def consistency_of_vectors(answer: Mapping[str, Any], root: list[Feature]) -> VectorConsistency:
    """What the API found, keys in the types of the root's."""
    types = {feature.name: feature.type for feature in root}
    return VectorConsistency(
        equal=answer["equal"],
        rows=answer["rows"],
        different=answer["different"],
        differences=tuple(
            VectorDifference(
                key={name: typed(value, types.get(name, "string")) for name, value in one["key"].items()},
                group=one["group"],
            )
            for one in answer["differences"]
        ),
    )
