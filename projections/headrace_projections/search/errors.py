"""What can go wrong with the search server.

SearchError
├── Unreachable    it does not answer, or has too much to do      retry
├── Rejected       it cannot take a document or a request         stop
└── NoIndex        the index asked for does not exist             start the projector, then retry
"""


class SearchError(Exception):
    """Anything wrong with the search server."""


class Unreachable(SearchError):
    """The search server does not answer, or not in time; the same call may succeed later."""


class Rejected(SearchError):
    """The search server understood, and refused."""


class NoIndex(SearchError):
    """There is no index of that name (yet)."""
