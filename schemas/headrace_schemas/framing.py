"""Confluent framing: magic byte 0, the schema id in 4 bytes big-endian, then the Avro body.

Source: Confluent's documentation of the schema registry's wire format.
"""

import struct

from headrace_schemas.errors import Undecodable

_HEAD = struct.Struct(">bI")
HEAD_BYTES = _HEAD.size


def frame(schema_id: int) -> bytes:
    """The five bytes that go before a body of that schema."""
    return _HEAD.pack(0, schema_id)


def schema_id_of(payload: bytes) -> int:
    """The schema id a payload carries; raises Undecodable where there is no framing."""
    if len(payload) < HEAD_BYTES:
        raise Undecodable(f"{len(payload)} bytes are too few for a framed record")
    magic, schema_id = _HEAD.unpack_from(payload)
    if magic != 0:
        raise Undecodable(f"the first byte is {magic}, not 0: this is not a framed Avro record")
    return int(schema_id)
