"""Ids of commands, made by whoever sends them, before the first try."""

import os
import time
import uuid


def new_command_id() -> str:
    """A UUID of version 7 (RFC 9562): ordered by the millisecond it was made in, random after that."""
    milliseconds = time.time_ns() // 1_000_000
    bits = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    bits = (bits & ~(0xF << 76)) | (0x7 << 76)
    bits = (bits & ~(0x3 << 62)) | (0x2 << 62)
    return str(uuid.UUID(int=bits))
