"""Asking the search server from a route: in a thread, its errors as ours."""

import logging
from collections.abc import Callable
from typing import TypeVar

import anyio.to_thread

from headrace_api.context import Context
from headrace_api.errors import Busy, Unprocessable
from headrace_projections.errors import Unavailable
from headrace_projections.search.engine import Engine
from headrace_projections.search.errors import NoIndex

logger = logging.getLogger("headrace.api")

T = TypeVar("T")


async def asked(context: Context, question: Callable[[Engine], T]) -> T:
    """The answer; raises Busy where there is none now, Unprocessable where the question is out of bounds."""
    if context.engine is None:
        raise Busy("this API was started without the address of a search server")
    try:
        return await anyio.to_thread.run_sync(question, context.engine)
    except (Unavailable, NoIndex) as error:
        logger.warning("the index cannot be asked: %s", error)
        raise Busy("the index cannot be asked now: try again") from error
    except ValueError as error:
        raise Unprocessable("out-of-bounds", str(error)) from error
