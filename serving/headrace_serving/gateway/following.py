"""The thread that folds the metadata feed into the directory."""

import logging
import threading

from headrace_broker.feed import MetadataFeed
from headrace_serving.gateway.directory import Directory

logger = logging.getLogger("headrace.gateway")


class Following:
    """Folds events until it is closed; where that fails, it says so and `failed` is set."""

    def __init__(self, feed: MetadataFeed, directory: Directory) -> None:
        self.caught_up = threading.Event()
        self.failed = threading.Event()
        self._feed = feed
        self._directory = directory
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metadata", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                for recorded in self._feed.poll(0.2).events:
                    self._directory.apply(recorded)
                if self._feed.at_end():
                    self.caught_up.set()
        except Exception:
            logger.exception("metadata is not followed any more")
            self.failed.set()

    def close(self) -> None:
        """Stop."""
        self._closing.set()
        self._thread.join(5.0)
        self._feed.close()
