"""What is counted of the rows of a feature group while they come."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from headrace._http import Api
from headrace._splits import Time, iso
from headrace._time_travel import Moment, moment
from headrace._training_statistics import FeatureStatistics, feature_statistics

COMPUTE_S = 3_600.0
"""How long a computation may take; of large groups it takes minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsConfig:
    """What is counted of a group: of `columns`, or without names of the first 1,000, also of those that come later.

    Correlations are of the first 100 numeric ones among them. Histograms cost nothing while rows come. With
    `exact_uniqueness`, `compute_statistics` counts distinct values one by one; while rows come they are estimated.
    """

    enabled: bool = True
    histograms: bool = True
    correlations: bool = False
    columns: Sequence[str] = ()
    exact_uniqueness: bool = False

    @classmethod
    def of(cls, given: StatisticsConfig | Mapping[str, Any] | bool | None) -> StatisticsConfig | None:
        """What was given: a config, its fields by name, whether to count at all, or nothing."""
        match given:
            case None | StatisticsConfig():
                return given
            case bool():
                return cls(enabled=given)
            case _:
                return cls(**given)

    @property
    def body(self) -> dict[str, Any]:
        """As the API takes it."""
        return {**asdict(self), "columns": list(self.columns)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlations:
    """Pearson's coefficients by pairs of features, over `rows`: those where all these features have a finite number."""

    features: tuple[str, ...]
    rows: int
    coefficients: tuple[tuple[float | None, ...], ...]

    def of(self, one: str, other: str) -> float | None:
        """The coefficient of two features, or None where there is none; raises ValueError for a name it lacks."""
        return self.coefficients[self.features.index(one)][self.features.index(other)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What was counted between two positions of the group's topic, `starts` inclusive and `ends` exclusive.

    An upsert counts as a row each time it comes; a delete counts among `deletes`, and takes nothing back. The log took
    the first of these records at `first_append`, the last at `last_append`. `features` are by name. What
    `compute_statistics` tells is of the last row of each key instead, and of no positions.
    """

    rows: int
    deletes: int
    first_append: datetime | None
    last_append: datetime | None
    starts: tuple[str, ...]
    ends: tuple[str, ...]
    features: Mapping[str, FeatureStatistics]
    correlations: Correlations | None = None

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Statistics:
        """The statistics that the API tells."""
        found = said["correlations"]
        return cls(
            rows=said["rows"],
            deletes=said.get("deletes", 0),
            first_append=_moment(said.get("first_append")),
            last_append=_moment(said.get("last_append")),
            starts=tuple(said.get("starts", ())),
            ends=tuple(said.get("ends", ())),
            features={one["name"]: feature_statistics(one, said["rows"]) for one in said["features"]},
            correlations=found
            and Correlations(
                features=tuple(found["features"]),
                rows=found["rows"],
                coefficients=tuple(map(tuple, found["coefficients"])),
            ),
        )


class ReadStatistics(ABC):
    """The statistics of one version of a feature group, of one's own or of a project that shares it."""

    _api: Api

    @property
    @abstractmethod
    def _path(self) -> str:
        """Where the API has the version."""

    @property
    @abstractmethod
    def _known(self) -> Mapping[str, Any]:
        """What the API says of the version."""

    @property
    def statistics_config(self) -> StatisticsConfig:
        """What is counted of the group."""
        wish = self._known["statistics"]
        return StatisticsConfig() if wish is None else StatisticsConfig(**{**wish, "columns": tuple(wish["columns"])})

    def get_statistics(
        self, computation_time: Time | None = None, feature_names: Sequence[str] | None = None
    ) -> Statistics:
        """What was counted of all rows so far, or of those of commits up to a time; of these features only.

        Rows are counted as the offline store takes them: after `receipt.wait()` they are in.

        Raises:
            NotFound: nothing is counted yet, or the group is not kept offline.
            Invalid: a feature is not counted.
        """
        return self.get_statistics_by_commit_window(None, computation_time, feature_names)

    def get_statistics_by_commit_window(
        self,
        from_commit_time: Time | None = None,
        to_commit_time: Time | None = None,
        feature_names: Sequence[str] | None = None,
    ) -> Statistics:
        """What was counted of the commits whose last record came after the one time and not after the other.

        Of what happened long ago, many commits are told as one: `starts` and `ends` say of which records this is.
        Raises as `get_statistics`.
        """
        asked = _asked(from_commit_time, to_commit_time, feature_names)
        return Statistics.read(self._api.get(f"{self._path}/statistics", **asked))

    def get_all_statistics(
        self,
        from_commit_time: Time | None = None,
        to_commit_time: Time | None = None,
        feature_names: Sequence[str] | None = None,
        limit: int = 20,
    ) -> list[Statistics]:
        """What was counted of each of the last commits, the newest first. Raises Invalid: name fewer of something."""
        asked = _asked(from_commit_time, to_commit_time, feature_names)
        return [Statistics.read(one) for one in self._api.get(f"{self._path}/statistics/windows", limit=limit, **asked)]

    def compute_statistics(
        self,
        as_of: Moment | None = None,
        feature_names: Sequence[str] | None = None,
        *,
        exact_uniqueness: bool | None = None,
    ) -> Statistics:
        """Count the last row of each key that was there at a moment, or that is there now; of large groups, minutes.

        Args:
            as_of: a time, positions, or the receipt of an insert, as for `read`; without it, now.
            feature_names: of these only; without any, of all that are counted.
            exact_uniqueness: count distinct values one by one; without it, as the group is configured.

        Raises:
            NotFound: the group is not kept offline.
            Invalid: a feature is not counted, the group counts nothing, or the moment is none of its.
        """
        asked = {
            "as_of": None if as_of is None else moment(as_of),
            "features": None if feature_names is None else list(feature_names),
            "exact_uniqueness": exact_uniqueness,
        }
        return Statistics.read(self._api.ask(f"{self._path}/statistics/computed", asked, timeout=COMPUTE_S))


class GroupStatistics(ReadStatistics):
    """The statistics of one's own group, and what is counted for them."""

    @abstractmethod
    def _refresh(self) -> Mapping[str, Any]:
        """Ask the API again what it says of the version."""

    def update_statistics_config(
        self, statistics_config: StatisticsConfig | Mapping[str, Any] | bool | None = None
    ) -> StatisticsConfig:
        """Count this from now on, and of all rows that are there already; without an argument, as at first.

        For Data Owners. What was counted otherwise is counted again from the offline table, soon after.

        Raises:
            Invalid: it names a column that the group lacks, or one twice.
            Forbidden: you are no Data Owner.
        """
        wish = StatisticsConfig.of(statistics_config) or StatisticsConfig()
        self._api.put(f"{self._path}/statistics/config", wish.body)
        self._refresh()
        return self.statistics_config


def _asked(since: Time | None, until: Time | None, features: Sequence[str] | None) -> dict[str, Any]:
    return {
        "since": None if since is None else iso(since),
        "until": None if until is None else iso(until),
        "features": None if features is None else list(features),
    }


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
