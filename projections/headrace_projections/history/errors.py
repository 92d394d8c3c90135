"""Why history cannot be read.

HistoryError
├── Impossible     what is asked for can never be answered; the message says what to ask instead
└── Unavailable    storage or memory is short, or a file cannot be read now; the same call may succeed later
"""


class HistoryError(Exception):
    """Anything wrong with reading history."""


class Impossible(HistoryError):
    """What is asked for contradicts the view, its groups or the log."""


class Unavailable(HistoryError):
    """A table or a file cannot be read now."""
