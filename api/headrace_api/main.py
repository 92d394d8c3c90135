"""The process of the API."""

import uvicorn

from headrace_api.app import build
from headrace_api.context import opened
from headrace_api.settings import Settings
from headrace_broker.monitoring import log_to_stderr


def main() -> None:
    """Serve HTTP until SIGTERM."""
    log_to_stderr()
    settings = Settings.read()
    host, _, port = settings.listen.rpartition(":")
    uvicorn.run(
        build(lambda: opened(settings)),
        host=host,
        port=int(port),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_config=None,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
    )


if __name__ == "__main__":
    main()
