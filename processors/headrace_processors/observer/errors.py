"""What can go wrong in the observer.

ObserverError
├── Unusable        a record that can never become an observation    dead letter
└── NoReference     training data that cannot be read as it should   the reference says so
"""


class ObserverError(Exception):
    """Anything wrong in the observer."""


class Unusable(ObserverError):
    """The record is not a prediction or an outcome, or holds what cannot be counted."""


class NoReference(ObserverError):
    """There is no training data to compare with, or not the one that the log names."""
