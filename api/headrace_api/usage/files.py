"""How many bytes the files of a project take, measured now and then."""

import time
from dataclasses import dataclass, field
from typing import Any

import anyio.to_thread

from headrace_broker.artifacts import Artifacts

REMEMBERED_S = 10.0
"""How long a measurement counts; what is stored through this process meanwhile is added to it."""

FOLDERS = ("artifacts", "offline")
MOST_PROJECTS = 10_000


@dataclass(slots=True)
class FileBytes:
    """The last measurement of each project."""

    _measured: dict[str, tuple[float, int]] = field(default_factory=dict)

    async def of(self, artifacts: Artifacts, project: str) -> int:
        """The bytes of its artifacts and offline tables."""
        at, size = self._measured.get(project, (0.0, 0))
        if time.monotonic() - at < REMEMBERED_S and at:
            return size
        size = await anyio.to_thread.run_sync(_measure, artifacts, project)
        if len(self._measured) >= MOST_PROJECTS:
            self._measured.clear()
        self._measured[project] = (time.monotonic(), size)
        return size

    def add(self, project: str, size: int) -> None:
        """That much was stored just now."""
        if project in self._measured:
            at, before = self._measured[project]
            self._measured[project] = (at, before + size)


def _measure(artifacts: Artifacts, project: str) -> int:
    files: Any = artifacts.files
    total = 0
    for folder in FOLDERS:
        path = f"{artifacts.root}/{folder}/{project}"
        files.invalidate_cache(path)
        try:
            total += int(files.du(path, total=True))
        except FileNotFoundError:
            continue  # nothing was stored there, or something went while it was measured
    return total
