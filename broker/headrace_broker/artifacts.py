"""Artifact files: stored under the SHA-256 of their bytes, a folder per project, anywhere that fsspec reaches.

An artifact lies at `artifacts/<project>/<first two digits>/<sha256>` below the storage URL. It appears there whole or
not at all, and whoever reads it checks its hash.
"""

import hashlib
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec

from headrace_broker.errors import Corrupt, Missing, Unavailable

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Artifacts:
    """The artifacts of all projects."""

    files: Any
    root: str

    @classmethod
    def at(cls, url: str) -> "Artifacts":
        """The artifacts below a storage URL, e.g. `file:///srv/headrace` or `s3://bucket/headrace`."""
        files, root = fsspec.core.url_to_fs(url)
        return cls(files, root)

    def path(self, project: str, sha256: str) -> str:
        """Where an artifact lies; raises ValueError for what is no SHA-256 or would leave the project's folder."""
        if not _SHA256.fullmatch(sha256) or not project or "/" in project or project.startswith("."):
            raise ValueError(f"{project!r} and {sha256[:80]!r} do not name an artifact")
        return f"{self.root}/artifacts/{project}/{sha256[:2]}/{sha256}"

    def read(self, project: str, sha256: str) -> bytes:
        """The verified bytes; raises Missing, Corrupt, Unavailable."""
        path = self.path(project, sha256)
        try:
            with self.files.open(path, "rb") as file:
                content: bytes = file.read()
        except FileNotFoundError as error:
            raise Missing(f"project {project} has no artifact {sha256}") from error
        except OSError as error:
            raise Unavailable(f"artifact {sha256} cannot be read: {error}") from error
        if hashlib.sha256(content).hexdigest() != sha256:
            raise Corrupt(f"artifact {sha256} of project {project} holds other bytes than it should")
        return content

    def fetch(self, project: str, sha256: str, file: Path) -> None:
        """Copy an artifact of any size to a local file, verified; raises Missing, Corrupt, Unavailable."""
        path = self.path(project, sha256)
        try:
            self.files.get_file(path, str(file))
        except FileNotFoundError as error:
            raise Missing(f"project {project} has no artifact {sha256}") from error
        except OSError as error:
            raise Unavailable(f"artifact {sha256} cannot be read: {error}") from error
        with file.open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != sha256:
                raise Corrupt(f"artifact {sha256} of project {project} holds other bytes than it should")

    def write(self, project: str, content: bytes) -> str:
        """Store the bytes, unless they are there; return their SHA-256. Raises Unavailable."""

        def put(part: str) -> None:
            with self.files.open(part, "wb") as file:
                file.write(content)

        return self._put(project, hashlib.sha256(content).hexdigest(), put)

    def store(self, project: str, file: Path) -> str:
        """Store a copy of a local file of any size, unless it is there; return its SHA-256. Raises Unavailable."""
        with file.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        return self._put(project, sha256, lambda part: self.files.put_file(str(file), part))

    def discard(self, project: str, sha256: str) -> None:
        """Remove one artifact, if it is there; raises Unavailable."""
        path = self.path(project, sha256)
        try:
            if self.files.exists(path):
                self.files.rm_file(path)
        except OSError as error:
            raise Unavailable(f"artifact {sha256} cannot be removed: {error}") from error

    def remove(self, project: str) -> None:
        """Remove everything that the project ever stored; raises Unavailable."""
        folder = self.path(project, "0" * 64).rpartition("/")[0].rpartition("/")[0]
        try:
            if self.files.exists(folder):
                self.files.rm(folder, recursive=True)
        except OSError as error:
            raise Unavailable(f"the artifacts of {project} cannot be removed: {error}") from error

    def _put(self, project: str, sha256: str, put: Callable[[str], object]) -> str:
        path = self.path(project, sha256)
        try:
            if self.files.exists(path):
                return sha256
            self.files.makedirs(path.rpartition("/")[0], exist_ok=True)
            part = f"{path}.{uuid.uuid4().hex}.part"
            put(part)
            self.files.mv(part, path)
        except OSError as error:
            raise Unavailable(f"artifact {sha256} cannot be stored: {error}") from error
        return sha256
