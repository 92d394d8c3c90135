"""Rows as the API streams them, in Arrow's format, as a frame."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Literal

FrameType = Literal["pandas", "polars", "arrow"]


def frame_from(parts: Iterator[bytes], kind: FrameType) -> Any:
    """The frame whose bytes come in these parts; they are read as they come."""
    import pyarrow as pa  # noqa: PLC0415 - only frames need it

    with pa.ipc.open_stream(io.BufferedReader(_Readable(parts), 1 << 20)) as reader:
        table = reader.read_all()
    return in_frame(table, kind)


def in_frame(table: Any, kind: FrameType) -> Any:
    """The Arrow table as a frame of that kind."""
    if kind == "arrow":
        return table
    if kind == "polars":
        import polars as pl  # noqa: PLC0415 - only frames need it

        return pl.from_arrow(table)
    return table.to_pandas()


class _Readable(io.RawIOBase):
    """Parts of bytes as a file to read from."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._left = b""

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with what is next; 0 at the end."""
        while not self._left:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._left = part
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count
