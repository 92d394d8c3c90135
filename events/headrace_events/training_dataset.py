"""Training datasets: a view's rows between two bounds, pinned by positions and hash so that they can be made again."""

from collections.abc import Mapping
from itertools import pairwise
from math import fsum
from typing import Any

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import Conflict, Invalid, NotFound
from headrace_events.external_reading import ExternalReading, GivenReading, check_readings, check_times
from headrace_events.feature_group_clearing import must_not_be_clearing
from headrace_events.feature_view import FeatureView
from headrace_events.ids import Micros, object_name
from headrace_events.language import Command, Event, command, event, value
from headrace_events.share import must_be_shared
from headrace_events.training_files import (
    DeleteTrainingDataset,
    PurgeTrainingData,
    RecordTrainingFilesRemoved,
    TrainingDataPurged,
    TrainingDatasetDeleted,
    TrainingFilesRemoved,
)
from headrace_events.training_formats import must_be_format
from headrace_events.versions import next_version

MOST_SPLITS = 100
"""Each of them takes a join or an open file while the dataset is made."""


@value
class Split:
    """A part of the dataset: examples whose event time is in [start, end), microseconds UTC.

    With a `share` it is a random part of them: the splits have the same bounds, and their shares make 1.
    """

    name: str
    start: Micros
    end: Micros
    share: float | None = None


@value
class DatasetFile:
    """A stored file of one split; `address` is its artifact address, `sha256` of its bytes."""

    split: str
    address: str
    sha256: str
    size: int
    rows: int


@command("training_dataset.create")
class CreateTrainingDataset(Command):
    """Ask for a dataset of `view`; `positions` (of an earlier one) make the same rows again, none means up to now.

    `seed` is that of random splits, 0 if not given: the same seed puts the same example into the same split. `readings`
    are what was read off the view's external groups, one of each.
    """

    project: str
    view: str
    view_version: int
    version: int | None = None
    splits: tuple[Split, ...]
    positions: tuple[str, ...] = ()
    format: str = "parquet"
    seed: int | None = None
    readings: tuple[GivenReading, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.view}.{self.view_version}"


@command("training_dataset.record")
class RecordTrainingDataset(Command):
    """The training processor says: made. `hash` is over the sorted rows in canonical encoding, not the files.

    `statistics` is the SHA-256 of the stored statistics of each split and feature.
    """

    project: str
    view: str
    view_version: int
    version: int
    files: tuple[DatasetFile, ...]
    positions: tuple[str, ...]
    hash: str
    statistics: str | None = None
    readings: tuple[ExternalReading, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.view}.{self.view_version}"


@command("training_dataset.record_failure")
class RecordTrainingDatasetFailure(Command):
    """The training processor says: it cannot be made, and why."""

    project: str
    view: str
    view_version: int
    version: int
    reason: str

    @property
    def key(self) -> str:
        return f"{self.view}.{self.view_version}"


@event("training_dataset.requested")
class TrainingDatasetRequested(Event):
    """The training processor makes it; `seed` is there where its splits are random, `readings` of external groups."""

    view: str
    view_version: int
    version: int
    splits: tuple[Split, ...]
    positions: tuple[str, ...]
    format: str
    seed: int | None = None
    readings: tuple[GivenReading, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.view}.{self.view_version}"


@event("training_dataset.recorded")
class TrainingDatasetRecorded(Event):
    """The dataset exists; `positions` are where each topic's rows ended, exclusive.

    `statistics` is the SHA-256 of the stored statistics of each split and feature. What `readings` tell of the log does
    not hold: to have the rows of external groups again, their files have to be there still.
    """

    view: str
    view_version: int
    version: int
    files: tuple[DatasetFile, ...]
    positions: tuple[str, ...]
    hash: str
    statistics: str | None = None
    readings: tuple[ExternalReading, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.view}.{self.view_version}"


@event("training_dataset.failed")
class TrainingDatasetFailed(Event):
    """The dataset could not be made."""

    view: str
    view_version: int
    version: int
    reason: str

    @property
    def key(self) -> str:
        return f"{self.view}.{self.view_version}"


@value
class TrainingDatasets:
    """The versions of a view's training datasets, by number: requested, recorded, failed, purged or deleted.

    `emptied` are those whose files are gone.
    """

    versions: Mapping[str, str]
    emptied: tuple[int, ...] = ()


MADE = frozenset({"recorded", "purged"})
"""What is said of a version that was made, so that its manifest holds, whether its files are still there or not."""


def decide(state: TrainingDatasets | None, wish: Command, known: Known) -> list[Event]:
    """Check bounds; let each requested version be recorded, of what is still shared, or fail once; let its files go."""
    versions = state.versions if state else {}
    match wish:
        case CreateTrainingDataset():
            view = known.state(FeatureView, wish.project, wish.view)
            if view is None or not view.live(wish.view_version):
                raise NotFound("feature view", f"{wish.view} version {wish.view_version}")
            _must_be_readable(view, wish, known)
            groups = view.read(wish.view_version, wish.project)
            check_readings(wish.readings, groups, known)
            must_not_be_clearing(groups, known)
            seed = _seed(wish)
            _check_splits(wish.splits)
            check_times(groups[0], ((split.start, split.end) for split in wish.splits), known)
            must_be_format(wish.format)
            version = next_version(versions, wish.version, "training dataset", wish.key)
            return [
                TrainingDatasetRequested(
                    view=wish.view,
                    view_version=wish.view_version,
                    version=version,
                    splits=wish.splits,
                    positions=wish.positions,
                    format=wish.format,
                    seed=seed,
                    readings=wish.readings,
                )
            ]
        case RecordTrainingDataset():
            _must_be_requested(versions, wish.version)
            _must_be_readable(known.state(FeatureView, wish.project, wish.view), wish, known)
            return [
                TrainingDatasetRecorded(
                    view=wish.view,
                    view_version=wish.view_version,
                    version=wish.version,
                    files=wish.files,
                    positions=wish.positions,
                    hash=wish.hash,
                    statistics=wish.statistics,
                    readings=wish.readings,
                )
            ]
        case RecordTrainingDatasetFailure():
            _must_be_requested(versions, wish.version)
            return [
                TrainingDatasetFailed(
                    view=wish.view, view_version=wish.view_version, version=wish.version, reason=wish.reason
                )
            ]
        case PurgeTrainingData() | DeleteTrainingDataset() | RecordTrainingFilesRemoved():
            return _left(state or TrainingDatasets(versions={}), wish)
        case _:
            raise unknown(wish)


def _left(
    state: TrainingDatasets, wish: PurgeTrainingData | DeleteTrainingDataset | RecordTrainingFilesRemoved
) -> list[Event]:
    """What a version becomes whose files go: purged, deleted, and then empty; nothing new where it is that already."""
    of: Mapping[str, Any] = {"view": wish.view, "view_version": wish.view_version, "version": wish.version}
    phase = state.versions.get(str(wish.version))
    match wish:
        case RecordTrainingFilesRemoved():
            if phase not in {"purged", "deleted"}:
                raise Conflict("not-leaving", f"version {wish.version} is {phase or 'unknown'}: its files stay")
            return [] if wish.version in state.emptied else [TrainingFilesRemoved(**of)]
        case _ if phase in {None, "deleted"}:
            raise NotFound("training dataset", f"{wish.view} version {wish.view_version}, dataset {wish.version}")
        case _ if phase == "requested":
            raise Conflict("still-being-made", f"version {wish.version} is being made: wait until it is recorded")
        case DeleteTrainingDataset():
            return [TrainingDatasetDeleted(**of)]
        case _ if phase == "failed":
            raise Conflict("no-files", f"version {wish.version} could not be made, so it has no files")
        case _:
            return [] if phase == "purged" else [TrainingDataPurged(**of)]


def _must_be_readable(
    view: FeatureView | None, wish: CreateTrainingDataset | RecordTrainingDataset, known: Known
) -> None:
    """Raise NotFound or Sensitive unless what the view borrows is shared with the project now."""
    borrowed = view.borrowed if view is not None else {}
    for group in borrowed.get(str(wish.view_version), ()):
        must_be_shared(group, wish.project, known)


def _check_splits(splits: tuple[Split, ...]) -> None:
    if not splits:
        raise Invalid("no-splits", "a training dataset has at least one split with its bounds")
    if len(splits) > MOST_SPLITS:
        raise Invalid("too-many-splits", f"a training dataset has at most {MOST_SPLITS} splits, not {len(splits)}")
    for split in splits:
        object_name(split.name, "split")
        if split.start >= split.end:
            raise Invalid("empty-split", f"split {split.name!r} ends before it starts", {"split": split.name})
    if len({split.name for split in splits}) != len(splits):
        raise Invalid("duplicate-split", "two splits have one name")
    if any(split.share is not None for split in splits):
        _check_shares(splits)
        return
    ordered = sorted(splits, key=lambda split: split.start)
    for earlier, later in pairwise(ordered):
        if later.start < earlier.end:
            raise Invalid("splits-overlap", f"splits {earlier.name!r} and {later.name!r} overlap in event time")


def _check_shares(splits: tuple[Split, ...]) -> None:
    shares = [split.share for split in splits if split.share is not None]
    if len(shares) != len(splits) or len({(split.start, split.end) for split in splits}) != 1:
        raise Invalid("mixed-splits", "splits are either by time, or each has a share of the same event times")
    if not all(0 < share < 1 for share in shares) or abs(fsum(shares) - 1) > 1e-9:
        raise Invalid("invalid-shares", f"the shares of random splits are between 0 and 1 and make 1, not {shares}")


def _seed(wish: CreateTrainingDataset) -> int | None:
    """The seed of random splits; raises Invalid where there are none, and where it has more than 64 bits."""
    if not any(split.share is not None for split in wish.splits):
        if wish.seed is not None:
            raise Invalid("seed-without-shares", "a seed is for random splits: give each a share, or leave it out")
        return None
    seed = wish.seed or 0
    if not -(1 << 63) <= seed < 1 << 63:
        raise Invalid("invalid-seed", "a seed is a whole number of at most 64 bits")
    return seed


def _must_be_requested(versions: Mapping[str, str], version: int) -> None:
    if versions.get(str(version)) != "requested":
        raise Conflict("not-requested", f"version {version} is {versions.get(str(version), 'unknown')}")


def evolve(state: TrainingDatasets | None, fact: Event) -> TrainingDatasets:
    """Fold one event."""
    versions = dict(state.versions) if state else {}
    emptied = state.emptied if state else ()
    match fact:
        case TrainingDatasetRequested(version=version):
            versions[str(version)] = "requested"
        case TrainingDatasetRecorded(version=version):
            versions[str(version)] = "recorded"
        case TrainingDatasetFailed(version=version):
            versions[str(version)] = "failed"
        case TrainingDataPurged(version=version):
            versions[str(version)] = "purged"
        case TrainingDatasetDeleted(version=version):
            versions[str(version)] = "deleted"
            emptied = tuple(other for other in emptied if other != version)
        case TrainingFilesRemoved(version=version):
            emptied = (*emptied, version)
        case _:
            raise unknown(fact)
    return TrainingDatasets(versions=versions, emptied=emptied)


aggregate("training_dataset", TrainingDatasets, decide=decide, evolve=evolve)
