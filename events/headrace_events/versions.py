"""Version numbers: whole numbers from 1, each used once."""

from collections.abc import Mapping

from headrace_events.errors import AlreadyExists, Invalid


def next_version(versions: Mapping[str, object], asked: int | None, what: str, name: str) -> int:
    """The asked version if it was never used, or the one after the last; raises AlreadyExists, Invalid."""
    if asked is None:
        return max((int(number) for number in versions), default=0) + 1
    if asked < 1:
        raise Invalid("invalid-version", "versions are whole numbers from 1")
    if str(asked) in versions:
        raise AlreadyExists(what, f"{name} version {asked}")
    return asked
