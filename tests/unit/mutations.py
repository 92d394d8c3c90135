"""Bytes that are almost right."""

from __future__ import annotations

from hypothesis import strategies as st


def mutated(whole: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """The bytes with up to three places cut, overwritten or filled in."""
    edit = st.tuples(st.floats(0, 1), st.integers(0, 4), st.binary(max_size=4))
    return st.builds(_edited, whole, st.lists(edit, max_size=3))


def _edited(raw: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    for where, cut, filled in edits:
        place = int(where * len(raw))
        raw = raw[:place] + filled + raw[place + cut :]
    return raw
