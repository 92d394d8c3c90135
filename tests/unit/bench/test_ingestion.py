"""How long each row took is told from when it was there to be sent, also where an insert was held up before it."""

from __future__ import annotations

import pytest

from headrace_bench.ingestion import waited


def test_a_row_waited_until_an_offset_behind_it_was_seen() -> None:
    seen = [(10.0, 100), (10.5, 102), (11.0, 105)]
    assert waited(seen, began=10.0, first=100, total=4) == pytest.approx([500, 499, 998, 997])
