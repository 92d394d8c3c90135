"""The process of the API."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from headrace_api.app import build
from headrace_api.context import Context, opened
from headrace_api.settings import Settings
from headrace_broker.listening import listening
from headrace_broker.monitoring import log_to_stderr

logger = logging.getLogger("headrace.api")


def main() -> None:
    """Serve HTTP until SIGTERM, or until results or credentials can be followed no more: then start anew."""
    log_to_stderr()
    settings = Settings.read()
    host, _, port = settings.listen.rpartition(":")
    uvicorn.run(
        build(lambda: watched(settings)),
        host=host,
        port=int(port),
        loop="uvloop",
        **listening(settings.trusted_proxies),
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
    )


@asynccontextmanager
async def watched(settings: Settings) -> AsyncIterator[Context]:
    """The context; this process ends where it is of no more use."""
    async with opened(settings) as context:
        watching = asyncio.create_task(_watch(context))
        try:
            yield context
        finally:
            watching.cancel()


async def _watch(context: Context) -> None:
    while context.commands.healthy and context.credentials.healthy:
        context.trail.tell_rest()
        await asyncio.sleep(0.5)
    logger.critical("results or credentials are not followed any more: the process ends, to be started anew")
    signal.raise_signal(signal.SIGTERM)


if __name__ == "__main__":
    main()
