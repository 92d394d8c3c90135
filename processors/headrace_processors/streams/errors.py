"""What can go wrong with streaming feature groups.

StreamsError
└── Unusable     an aggregate that no row can come of
"""


class StreamsError(Exception):
    """Anything wrong with a streaming feature group."""


class Unusable(StreamsError):
    """The aggregate does not fit the group that it is for."""
