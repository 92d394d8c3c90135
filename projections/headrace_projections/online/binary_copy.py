"""Rows as Postgres's binary COPY format takes them, made in bulk.

Source: PostgreSQL documentation, COPY, "Binary Format".
"""

import struct
from collections.abc import Iterator, Sequence

import numpy as np

from headrace_projections.rows.fit import Rows
from headrace_projections.rows.ragged import Longs

HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TAIL = struct.pack(">h", -1)
_KEY = struct.Struct(">hI")
_MIDDLE = np.dtype(
    [
        ("event_time_bytes", ">i4"),
        ("event_time", ">i8"),
        ("known_at_bytes", ">i4"),
        ("known_at", ">i8"),
        ("log_offset_bytes", ">i4"),
        ("log_offset", ">i8"),
        ("deleted_bytes", ">i4"),
        ("deleted", "u1"),
        ("schema_id_bytes", ">i4"),
        ("schema_id", ">i4"),
        ("body_bytes", ">i4"),
    ]
)


def binary_copy(chosen: Sequence[tuple[Rows, Longs]]) -> bytes:
    """These rows as one COPY: key, event_time, known_at, log_offset, deleted, schema_id, body."""
    return b"".join([HEAD, *(piece for rows, indexes in chosen for piece in _pieces(rows, indexes)), TAIL])


def _pieces(rows: Rows, indexes: Longs) -> Iterator[bytes]:
    places = indexes.tolist()
    bodies = [rows.bodies[place] for place in places]
    middle = np.zeros(len(places), _MIDDLE)
    for name in ("event_time", "known_at", "log_offset"):
        middle[f"{name}_bytes"] = 8
    middle["deleted_bytes"] = 1
    middle["schema_id_bytes"] = 4
    middle["event_time"] = rows.event_time[indexes]
    middle["known_at"] = rows.known_at[indexes]
    middle["log_offset"] = rows.offset[indexes]
    middle["deleted"] = rows.deleted
    middle["schema_id"] = rows.schema_id
    middle["body_bytes"] = np.fromiter(map(len, bodies), np.int64, len(bodies))
    raw, width = middle.tobytes(), _MIDDLE.itemsize
    for number, (place, body) in enumerate(zip(places, bodies, strict=True)):
        key = rows.keys[place]
        yield _KEY.pack(7, len(key))
        yield key
        yield raw[number * width : (number + 1) * width]
        yield body
