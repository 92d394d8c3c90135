"""Calls of the client that do not keep the time they are given."""

import threading

import pytest

from headrace_broker import transactions
from headrace_broker.errors import OutcomeUnknown
from headrace_broker.transactions import in_time


def test_a_call_that_never_comes_back_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "OVERTIME_S", 0.01)
    never = threading.Event()
    with pytest.raises(OutcomeUnknown, match="wait did not come back"):
        in_time(0.01, never.wait)
    never.set()


def test_a_call_that_comes_back_gives_its_answer_or_its_error() -> None:
    assert in_time(10.0, int, "7") == 7
    with pytest.raises(ValueError, match="seven"):
        in_time(10.0, int, "seven")
    with pytest.raises(TimeoutError, match="of its own"):
        in_time(10.0, _raise, TimeoutError("of its own"))


def _raise(error: Exception) -> None:
    raise error
