"""Why history cannot be read.

HistoryError
├── Impossible     what is asked for can never be answered; the message says what to ask instead
├── NotReached     the offline store is not as far yet as what is asked for; the same call may succeed later
└── Unavailable    storage or memory is short, or a file cannot be read now; the same call may succeed later
"""


class HistoryError(Exception):
    """Anything wrong with reading history."""


class Impossible(HistoryError):
    """What is asked for contradicts the view, its groups or the log; `code` is for programs."""

    def __init__(self, message: str, *, code: str = "invalid-question") -> None:
        super().__init__(message)
        self.code = code


class NotReached(HistoryError):
    """What is asked for lies beyond what the offline store has taken of the log."""


class Unavailable(HistoryError):
    """A table or a file cannot be read now."""
