"""Training datasets: what they were made of, their files, and their hash computed again."""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any

import orjson

from headrace._artifacts import DatasetApi
from headrace._dataset_hash import DatasetHash
from headrace._errors import Failed, NotFound
from headrace._external_readings import ExternalReading, changed_sources, external_readings
from headrace._http import Api
from headrace._locations import Location
from headrace._petastorm_folder import COMMON, PART, common_metadata
from headrace._training_files import batches, schema_of
from headrace._training_statistics import FeatureStatistics, changed, statistics_of

IDENTITY = "_"
"""What the names of the columns begin with that identify an example: `_key_<column>` and `_event_time`."""
_FIRST_SIGN_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingFile:
    """A stored file of a split; `sha256` is of its bytes."""

    split: str
    sha256: str
    size: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSplit:
    """Examples whose event time is in [start, end), microseconds since 1970 UTC; with `share`, a part at random."""

    name: str
    start: int
    end: int
    share: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a training dataset is: the view's version, the bounds, and where the rows of each topic ended.

    The same view, splits, seed (of random ones) and positions (`<topic id>:<partition>:<next offset>`) give the same
    hash, always, unless the view has external groups: the log does not hold their rows, so what was read of them,
    `readings`, has to be the same too.
    """

    view: str
    view_version: int
    version: int
    format: str
    splits: tuple[TrainingSplit, ...]
    seed: int | None
    positions: tuple[str, ...]
    hash: str
    files: tuple[TrainingFile, ...]
    readings: tuple[ExternalReading, ...] = ()


def differences(before: Manifest, after: Manifest) -> list[str]:
    """What tells two datasets apart that should be the same, in words; nothing where their hashes agree."""
    if before.hash == after.hash:
        return []
    sources = changed_sources(before.readings, after.readings)
    rows = [{split.name: 0 for split in one.splits} for one in (before, after)]
    for counted, one in zip(rows, (before, after), strict=True):
        for file in one.files:
            counted[file.split] += file.rows
    counts = [
        f"split {name!r} has {rows[1].get(name, 0)} rows, not {count}"
        for name, count in rows[0].items()
        if rows[1].get(name, 0) != count
    ]
    return sources + (counts or ["as many rows in each split, but other values or types"])


class TrainingDataset:
    """One version of the training data of a feature view. `types` are the view's columns and those of the key."""

    def __init__(self, api: Api, project: str, row: Mapping[str, Any], types: Mapping[str, str]) -> None:
        self._api = api
        self._project = project
        self._row = row
        self._types = types
        self._files = DatasetApi(api, project)

    def __repr__(self) -> str:
        return f"TrainingDataset({self.view!r}, view_version={self.view_version}, version={self.version})"

    @property
    def view(self) -> str:
        """The name of its view."""
        return str(self._row["view"])

    @property
    def view_version(self) -> int:
        """The version of its view."""
        return int(self._row["view_version"])

    @property
    def version(self) -> int:
        """Its version among the view's training datasets."""
        return int(self._row["version"])

    @property
    def state(self) -> str:
        """`requested`, `recorded`, `failed` or `purged`, when last asked."""
        return str(self._row["phase"])

    @property
    def stored(self) -> bool:
        """Whether its files were there when last asked; those of purged data are removed soon after."""
        return bool(self._row["stored"])

    @property
    def splits(self) -> tuple[TrainingSplit, ...]:
        """Its parts, by event time or at random."""
        return tuple(
            TrainingSplit(name=split["name"], start=split["start"], end=split["end"], share=split.get("share"))
            for split in self._row["splits"]
        )

    @property
    def manifest(self) -> Manifest:
        """What it is made of; raises Failed while it is not there, or where it could not be made."""
        row = self._recorded()
        return Manifest(
            view=self.view,
            view_version=self.view_version,
            version=self.version,
            format=row["format"],
            splits=self.splits,
            seed=row["seed"],
            positions=tuple(row["positions"]),
            hash=row["hash"],
            files=tuple(
                TrainingFile(split=file["split"], sha256=file["sha256"], size=file["size"], rows=file["rows"])
                for file in row["files"]
            ),
            readings=external_readings(row.get("readings")),
        )

    @cached_property
    def statistics(self) -> dict[str, dict[str, FeatureStatistics]]:
        """Split → feature → counts, moments, quantiles and histogram; they stay when the files are purged.

        Raises Failed while the dataset is not there, NotFound where it was made before statistics were taken.
        """
        sha256 = self._recorded().get("statistics")
        if sha256 is None:
            raise NotFound(f"{self!r} has no statistics: recreate_training_dataset makes them", code="no-statistics")
        return statistics_of(orjson.loads(self._files.read_content(sha256)))

    def differs_from(self, before: TrainingDataset) -> list[str]:
        """What tells it apart from one that should be the same, in words; nothing where their hashes agree."""
        found = differences(before.manifest, self.manifest)
        if found and all(one._recorded().get("statistics") for one in (before, self)):
            found += changed(before.statistics, self.statistics)
        return found

    def wait(self, timeout: float = 600.0, *, show_progress: bool = True) -> TrainingDataset:
        """Return when the files are there; raises Failed with the reason where they cannot be made, or not in time."""
        began = time.monotonic()
        sign = _Sign(f"{self.view} {self.view_version}, training dataset {self.version}", shown=show_progress)

        def done(row: Mapping[str, Any]) -> Mapping[str, Any] | None:
            sign.show(time.monotonic() - began)
            return None if row["phase"] == "requested" else row

        try:
            self._row = self._api.wait_until(self._path, done, f"{self!r}", seconds=timeout)
        finally:
            sign.clear()
        self._recorded()
        return self

    def read(self, split: str | None = None, *, primary_key: bool = False, event_time: bool = False) -> Any:
        """The rows of a split (or of the only one) as a pandas DataFrame, sorted by key and event time.

        With `primary_key` and `event_time` the columns that identify an example, `_key_<column>` and `_event_time`,
        come after the view's. Raises NotFound, Failed.
        """
        return self.read_arrow(split, primary_key=primary_key, event_time=event_time).to_pandas()

    def read_arrow(self, split: str | None = None, *, primary_key: bool = False, event_time: bool = False) -> Any:
        """As `read`, as an Arrow table."""
        import pyarrow as pa  # noqa: PLC0415 - only training data needs it

        name = self._split(split)
        with self._downloaded(name) as found:
            rows = [batch for path in found for batch in batches(path, self.manifest.format, self._types)]
            table = pa.Table.from_batches(rows, self._schema())
        return table.select(self._shown(primary_key=primary_key, event_time=event_time))

    def download(self, folder: str | Path) -> list[Path]:
        """Write the files, `<split>.<format>`, into the folder, each checked against its hash.

        Those of Petastorm are folders, each a dataset that `make_reader` takes.
        """
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        named = self._named()
        if self.manifest.format != "petastorm":
            return [self._files.download(file.sha256, place / name) for name, file in named]
        for name, file in named:
            (place / name).mkdir(exist_ok=True)
            rows = self._files.download(file.sha256, place / name / PART)
            (place / name / COMMON).write_bytes(common_metadata(rows))
        return [place / name for name, _ in named]

    def export(self, location: str, storage_options: Mapping[str, Any] | None = None) -> list[str]:
        """Write the files, as `download` does, into a folder or object store that fsspec reaches; returns where.

        They go through this program, part by part, each checked against its hash; `storage_options` (credentials, say)
        stay in it. Raises Invalid, Unavailable, Failed.
        """
        return self.export_to(Location(location, storage_options))

    def export_to(self, place: Location) -> list[str]:
        """As `export`, to a place that is there already."""
        named = self._named()
        if self.manifest.format != "petastorm":
            return [place.write(name, self._files.parts(file.sha256), file.sha256) for name, file in named]
        return [self._export_folder(place.inside(name), file) for name, file in named]

    def _export_folder(self, place: Location, file: TrainingFile) -> str:
        """Write the Petastorm dataset of one file there; what it is read by last."""
        with tempfile.TemporaryDirectory(prefix="headrace-training-") as folder:
            rows = self._files.download(file.sha256, Path(folder) / PART)
            with rows.open("rb") as content:
                place.write(PART, iter(lambda: content.read(1 << 20), b""), file.sha256)
            common = common_metadata(rows)
        place.write(COMMON, [common], hashlib.sha256(common).hexdigest())
        return place.address

    def batches(
        self, split: str | None = None, *, primary_key: bool = False, event_time: bool = False
    ) -> Iterator[Any]:
        """As `read`, in Arrow record batches one after the other, for what is larger than memory.

        The files lie in a temporary folder until the last batch is taken.
        """
        shown = self._shown(primary_key=primary_key, event_time=event_time)
        with self._downloaded(self._split(split)) as found:
            for path in found:
                for batch in batches(path, self.manifest.format, self._types):
                    yield batch.select(shown)

    def recompute_hash(self) -> str:
        """The hash of the rows in the files, downloaded and checked for this: equal to the manifest's, or they differ.

        Memory does not grow with the files.
        """
        made = DatasetHash(self._schema())
        manifest = self.manifest
        for split in dict.fromkeys(file.split for file in manifest.files):
            with self._downloaded(split) as found:
                made.add_split(
                    split, (batch for path in found for batch in batches(path, manifest.format, self._types))
                )
        return made.hexdigest()

    @contextmanager
    def _downloaded(self, split: str) -> Iterator[list[Path]]:
        with tempfile.TemporaryDirectory(prefix="headrace-training-") as folder:
            files = [file for file in self._stored() if file.split == split]
            yield [self._files.download(file.sha256, Path(folder) / str(number)) for number, file in enumerate(files)]

    def _split(self, name: str | None) -> str:
        names = [split.name for split in self.splits]
        if name is None and len(names) == 1:
            return names[0]
        if name not in names:
            raise NotFound(f"{self!r} has the splits {', '.join(names)}: say which", code="split-not-found")
        return name

    def _shown(self, *, primary_key: bool, event_time: bool) -> list[str]:
        return [
            column
            for column in self._types
            if not column.startswith(IDENTITY) or (event_time if column == "_event_time" else primary_key)
        ]

    def _schema(self) -> Any:
        return schema_of(self._types)

    def _stored(self) -> tuple[TrainingFile, ...]:
        manifest = self.manifest
        if self.state == "purged":
            raise NotFound(
                f"the files of {self!r} were purged: recreate_training_dataset({self.version}) makes the same again",
                code="training-data-purged",
            )
        return manifest.files

    def _named(self) -> list[tuple[str, TrainingFile]]:
        """The files, each with what it is called elsewhere; a name that would lead out of a folder is refused."""
        form = self.manifest.format
        found = [(f"{file.split}.{form}", file) for file in self._stored()]
        if strange := [name for name, _ in found if PurePath(name).name != name or "\\" in name]:
            raise Failed(f"{self!r} has a split that can name no file, {strange[0]!r}: read it", code="no-file-name")
        return found

    def _recorded(self) -> Mapping[str, Any]:
        if self.state == "requested":
            self._row = self._api.get(self._path)
        if self.state == "failed":
            raise Failed(f"{self!r} could not be made: {self._row['reason']}", code="training-dataset-failed")
        if self.state == "requested":
            raise Failed(f"{self!r} is still being made: wait()", code="training-dataset-not-ready")
        return self._row

    @property
    def _path(self) -> str:
        return (
            f"/api/projects/{self._project}/feature-views/{self.view}/versions/{self.view_version}"
            f"/training-datasets/{self.version}"
        )


class _Sign:
    """One line on the terminal that says what is waited for; none where nobody looks."""

    def __init__(self, what: str, *, shown: bool) -> None:
        self._what = what
        self._wanted = shown and sys.stderr.isatty()
        self._there = False

    def show(self, seconds: float) -> None:
        if self._wanted and seconds >= _FIRST_SIGN_S:
            print(f"\r{self._what}: being made for {seconds:.0f} s …", end="", file=sys.stderr, flush=True)
            self._there = True

    def clear(self) -> None:
        if self._there:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
