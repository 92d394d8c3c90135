"""Artifacts as the API moves them: in parts, without holding up the event loop, named only once their hash is known."""

import posixpath
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import anyio.to_thread

from headrace_broker.artifacts import Artifacts

CHUNK = 1 << 20


class WrongHash(Exception):
    """The bytes are not those that the name promises."""

    def __init__(self, promised: str, found: str) -> None:
        super().__init__(f"the bytes have SHA-256 {found}, not {promised}")
        self.promised = promised
        self.found = found


@dataclass(frozen=True, slots=True)
class ArtifactStore:
    """The platform's artifacts, written and read in parts."""

    artifacts: Artifacts

    @classmethod
    def at(cls, url: str) -> "ArtifactStore":
        """The store at an fsspec URL, such as `file:///data`."""
        return cls(Artifacts.at(url))

    @property
    def files(self) -> Any:
        """The file system they lie on."""
        return self.artifacts.files

    def path(self, project: str, digest: str) -> str:
        """Where the artifact lies, or would."""
        return self.artifacts.path(project, digest)

    async def size(self, project: str, digest: str) -> int | None:
        """The artifact's size in bytes, or None if it is not there."""
        return await anyio.to_thread.run_sync(self._size, self.path(project, digest))

    def _size(self, path: str) -> int | None:
        try:
            return int(self.files.info(path)["size"])
        except FileNotFoundError:
            return None

    async def write(self, project: str, digest: str, parts: AsyncIterator[bytes]) -> int:
        """Store the bytes, under their name only once they are known to be right; raises WrongHash."""
        final = self.path(project, digest)
        temporary = posixpath.join(self.artifacts.root, "artifacts", project, ".incoming", uuid.uuid4().hex)
        await anyio.to_thread.run_sync(lambda: self.files.makedirs(posixpath.dirname(temporary), exist_ok=True))
        await anyio.to_thread.run_sync(lambda: self.files.makedirs(posixpath.dirname(final), exist_ok=True))
        found = sha256()
        size = 0
        out: Any = await anyio.to_thread.run_sync(lambda: self.files.open(temporary, "wb"))
        try:
            try:
                async for part in parts:
                    found.update(part)
                    size += len(part)
                    await anyio.to_thread.run_sync(out.write, part)
            finally:
                await anyio.to_thread.run_sync(out.close)
            _must_be(digest, found.hexdigest())
            await anyio.to_thread.run_sync(lambda: self.files.mv(temporary, final))
        except BaseException:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._discard, temporary)
            raise
        return size

    def _discard(self, path: str) -> None:
        if self.files.exists(path):
            self.files.rm(path)

    def read(self, project: str, digest: str) -> Iterator[bytes]:
        """The bytes, in parts; raises FileNotFoundError at the first one."""
        with self.files.open(self.path(project, digest), "rb") as file:
            while part := file.read(CHUNK):
                yield part


def _must_be(promised: str, found: str) -> None:
    if found != promised:
        raise WrongHash(promised, found)
