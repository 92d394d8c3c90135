"""What a backup holds: every folder and file, with size and SHA-256. It is written last, and names its own digest."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from headrace_broker.private_files import write_private
from headrace_compose.backup.errors import Changed, Incomplete, Newer

FORMAT = 1
NAME = "manifest.json"
PARTS = ("secrets", "kafka", "storage")
"""The folders of a home that a backup takes: all that cannot be computed from the log, and the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file, or with neither size nor hash a folder; `path` is relative and begins with one of PARTS."""

    path: str
    mode: int
    size: int | None = None
    sha256: str | None = None

    def __post_init__(self) -> None:
        """Raise TypeError where a manifest that was read says something else than that."""
        told = (type(self.path), type(self.mode), type(self.size), type(self.sha256))
        if told not in {(str, int, int, str), (str, int, type(None), type(None))}:
            raise TypeError(f"{self!r} is neither a file nor a folder")

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.sha256 is None

    @property
    def permissions(self) -> int:
        """What a copy of it permits its owner; a home is nobody else's, whatever a manifest says."""
        return self.mode & 0o700


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One backup; `made` is when it was begun (RFC 3339, UTC), `version` that of Headrace."""

    made: str
    version: str
    cluster_id: str
    entries: tuple[Entry, ...]

    @property
    def bytes(self) -> int:
        """How much there is to copy."""
        return sum(entry.size or 0 for entry in self.entries)

    @property
    def files(self) -> int:
        """How many files there are."""
        return sum(not entry.is_folder for entry in self.entries)

    @property
    def digest(self) -> str:
        """SHA-256 over all of it."""
        return hashlib.sha256(json.dumps(self._told(), sort_keys=True).encode()).hexdigest()

    def write(self, folder: Path) -> None:
        """Put it into the folder, in one step."""
        told = {**self._told(), "digest": self.digest}
        write_private(folder / NAME, json.dumps(told, indent=1).encode())

    @classmethod
    def read(cls, folder: Path, ours: str) -> Manifest:
        """The manifest of the backup in the folder; `ours` is the version that reads it.

        Raises Incomplete, Newer, Changed.
        """
        path = folder / NAME
        if not path.is_file():
            raise Incomplete(folder, f"it has no {NAME}")
        try:
            told: dict[str, Any] = json.loads(path.read_bytes())
            if release_of(told["version"]) > release_of(ours):
                raise Newer(folder, told["version"], ours)
            if told["format"] != FORMAT:
                raise Incomplete(folder, f"its format is {told['format']!r}, and this version reads {FORMAT}")
            entries = tuple(Entry(**entry) for entry in told["entries"])
            read = cls(made=told["made"], version=told["version"], cluster_id=told["cluster_id"], entries=entries)
            whole = read.digest == told["digest"] and all(_is_inside(entry.path) for entry in entries)
        except (ValueError, KeyError, TypeError) as error:
            raise Incomplete(folder, f"its {NAME} cannot be read ({error!r})") from error
        if not whole:
            raise Changed(path, "does not say what it said")
        return read

    def _told(self) -> dict[str, Any]:
        return {"format": FORMAT, **asdict(self)}


def release_of(version: str) -> tuple[int, ...]:
    """The numbers of a version, without zeros at its end: `0.10.0rc1` is (0, 10); raises ValueError."""
    found = re.match(r"\d+(\.\d+)*", version)
    if found is None:
        raise ValueError(f"{version!r} is no version")
    return tuple(map(int, re.sub(r"(\.0+)+$", "", found[0]).split(".")))


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and parts[0] in PARTS and ".." not in parts
