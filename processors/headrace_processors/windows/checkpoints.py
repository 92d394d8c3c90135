"""The job's checkpoints on disk: which one to go on from, and which folders nobody needs any more.

They lie in `<SQL's fingerprint>/<job id>/chk-<n>/`. State belongs to the SQL that made it; so another SQL starts from
the beginning of the topics, which are kept. A checkpoint is complete when its `_metadata` is there.
"""

import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """The checkpoints of one SQL text."""

    folder: Path

    @classmethod
    def of(cls, root: Path, sql: Iterable[bytes]) -> "Checkpoints":
        """Those under `root` for this SQL."""
        return cls(root / hashlib.sha256(b"\0".join(sql)).hexdigest()[:16])

    def newest(self) -> Path | None:
        """The complete checkpoint that was finished last, or None."""
        complete = list(self.folder.glob("*/chk-*/_metadata"))
        return max(complete, key=lambda path: (path.stat().st_mtime_ns, str(path))).parent if complete else None

    def forget_others(self, job: str) -> list[str]:
        """Remove what other jobs left, once this job has a complete checkpoint of its own; returns their ids."""
        if not any((self.folder / job).glob("chk-*/_metadata")):
            return []
        others = [path for path in self.folder.iterdir() if path.is_dir() and path.name != job]
        for path in others:
            shutil.rmtree(path)
        return [path.name for path in others]
