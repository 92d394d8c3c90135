"""A process runs a bounded number of queries at a time; who finds no place is told so."""

from __future__ import annotations

from contextlib import ExitStack

import pyarrow as pa
import pytest

from headrace_projections.history.engine import AT_ONCE, Engine
from headrace_projections.history.errors import Unavailable

SCHEMA = pa.schema([("a", pa.int32())])
QUERY = "SELECT 1 AS a"


def test_a_query_keeps_its_place_until_it_ends_and_one_too_many_is_told_to_try_again() -> None:
    with ExitStack() as stack:
        for _ in range(AT_ONCE):
            stack.enter_context(Engine(threads=1).stream(QUERY, SCHEMA))
        with pytest.raises(Unavailable, match=f"{AT_ONCE} reads of the history are under way"):
            stack.enter_context(Engine(threads=1, patience=0.0).stream(QUERY, SCHEMA))
    with Engine(threads=1, patience=0.0).stream(QUERY, SCHEMA) as batches:
        assert [batch.to_pydict() for batch in batches] == [{"a": [1]}]


def test_a_query_that_fails_gives_its_place_back() -> None:
    for _ in range(AT_ONCE + 1):
        with pytest.raises(Unavailable, match="cannot be read"), Engine(patience=0.0).stream("SELECT", SCHEMA):
            pass
