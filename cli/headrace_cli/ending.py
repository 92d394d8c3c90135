"""What a command has opened is closed when it ends, however that is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar

_OPENED: ContextVar[ExitStack | None] = ContextVar("opened", default=None)


@contextmanager
def ending() -> Iterator[None]:
    """What `at_the_end` is told until this ends is done then; inside another one, once that ends."""
    if _OPENED.get() is not None:
        yield
        return
    with ExitStack() as opened:
        token = _OPENED.set(opened)
        try:
            yield
        finally:
            _OPENED.reset(token)


def at_the_end(close: Callable[[], object]) -> None:
    """Do this once the command ends, the last one first; outside of commands nobody hears it."""
    if (opened := _OPENED.get()) is not None:
        opened.callback(close)
