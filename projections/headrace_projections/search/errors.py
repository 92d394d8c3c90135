"""What can go wrong with the search server, in the room's tree of errors.

ProjectionError
├── Unavailable
│   └── Unreachable    it does not answer, or has too much to do      retry
├── Rejected           it cannot take a document or a request         stop
└── NoIndex            the index asked for does not exist             start the projector, then retry
"""

from headrace_projections.errors import ProjectionError, Unavailable


class Unreachable(Unavailable):
    """The search server does not answer, or not in time; the same call may succeed later."""


class Rejected(ProjectionError):
    """The search server understood, and refused."""


class NoIndex(ProjectionError):
    """There is no index of that name (yet)."""
