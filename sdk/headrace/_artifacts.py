"""Files of a project, named by the SHA-256 of their bytes."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from headrace._errors import Failed
from headrace._http import Api

_PART = 1 << 20


class DatasetApi:
    """Stores and reads files. The same bytes have the same name, and are stored once."""

    def __init__(self, api: Api, project: str) -> None:
        self._api = api
        self._path = f"/api/projects/{project}/artifacts"

    def upload(self, local_path: str | os.PathLike[str]) -> str:
        """Store a file; returns its SHA-256, by which it is read again. Raises HeadraceError."""
        path = Path(local_path)
        digest = _hash(path)
        if not self.exists(digest):
            self._api.upload(f"{self._path}/{digest}", lambda: _parts(path))
        return digest

    def upload_bytes(self, content: bytes) -> str:
        """Store bytes; returns their SHA-256."""
        digest = hashlib.sha256(content).hexdigest()
        if not self.exists(digest):
            self._api.upload(f"{self._path}/{digest}", lambda: [content])
        return digest

    def exists(self, sha256: str) -> bool:
        """Whether a file of that hash is stored."""
        return self._api.exists(f"{self._path}/{sha256}")

    def read_content(self, sha256: str) -> bytes:
        """The bytes, checked against their hash; raises NotFound, Failed."""
        content = b"".join(self._api.download(f"{self._path}/{sha256}"))
        _must_be(sha256, hashlib.sha256(content).hexdigest())
        return content

    def parts(self, sha256: str) -> Iterator[bytes]:
        """The bytes as they come; whoever takes them checks the hash. Raises NotFound, Unreachable."""
        return self._api.download(f"{self._path}/{sha256}")

    def download(self, sha256: str, local_path: str | os.PathLike[str]) -> Path:
        """Write the file there once its bytes are known to be right; raises NotFound, Failed."""
        path = Path(local_path)
        partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
        found = hashlib.sha256()
        try:
            with partial.open("wb") as out:
                for part in self._api.download(f"{self._path}/{sha256}"):
                    found.update(part)
                    out.write(part)
            _must_be(sha256, found.hexdigest())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        return path


def _must_be(promised: str, found: str) -> None:
    if promised != found:
        raise Failed(f"the stored bytes have SHA-256 {found}, not {promised}", code="wrong-hash")


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(_PART):
            yield part


def _hash(path: Path) -> str:
    found = hashlib.sha256()
    for part in _parts(path):
        found.update(part)
    return found.hexdigest()
