"""Places that files are written to: a local folder, or a folder of an object store that fsspec reaches."""

from __future__ import annotations

import copy
import hashlib
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from headrace._errors import Failed, Invalid, Unavailable


class Location:
    """A folder anywhere, as in `/data/flights`, `file:///data/flights` or `s3://bucket/flights`.

    `storage_options` are fsspec's, as for credentials; they stay in this program. Raises Invalid where fsspec, or what
    it needs for that kind of place, is not installed.
    """

    def __init__(self, location: str, storage_options: Mapping[str, Any] | None = None) -> None:
        try:
            import fsspec  # noqa: PLC0415 - only this needs it

            self._files, self._root = fsspec.core.url_to_fs(location, **(storage_options or {}))
        except ImportError as error:
            raise Invalid(
                f"writing there needs a package: {error}; pip install 'headrace[storage]' has fsspec",
                code="not-installed",
            ) from None
        except ValueError as error:
            raise Invalid(f"no files can be written there: {error}", code="unknown-location") from None

    def inside(self, name: str) -> Location:
        """The folder of that name in this one."""
        found = copy.copy(self)
        found._root = f"{self._root.rstrip('/')}/{name}"
        return found

    @property
    def address(self) -> str:
        """As a URL."""
        return str(self._files.unstrip_protocol(self._root))

    def write(self, name: str, parts: Iterable[bytes], sha256: str) -> str:
        """Write the file whole or not at all, in the parts that come; returns its address.

        Raises Failed where the bytes are not those that `sha256` promises, Unavailable where they cannot be written.
        """
        path = f"{self._root.rstrip('/')}/{name}"
        partial = f"{path}.{uuid.uuid4().hex}.partial"
        found = hashlib.sha256()
        try:
            self._files.makedirs(self._root, exist_ok=True)
            try:
                with self._files.open(partial, "wb") as out:
                    for part in parts:
                        found.update(part)
                        out.write(part)
                if found.hexdigest() != sha256:
                    raise Failed(f"the stored bytes have SHA-256 {found.hexdigest()}, not {sha256}", code="wrong-hash")
                self._files.mv(partial, path)
            finally:
                if self._files.exists(partial):
                    self._files.rm_file(partial)
        except OSError as error:
            raise Unavailable(f"{name} cannot be written: {error}", code="location-unavailable") from error
        return str(self._files.unstrip_protocol(path))
