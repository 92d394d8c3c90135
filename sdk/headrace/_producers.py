"""A project's producers: found again by their use, made anew with a renewed certificate, closed with the project."""

import threading
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakSet

from headrace._certificates import ClientFiles
from headrace._clients import Producer

FLUSHED_S = 5.0
"""How long closing waits for what is still on its way; what is left then is purged, and its senders are told."""

Use = tuple[str | None, frozenset[tuple[str, Any]]]
Make = Callable[[str | None, ClientFiles, Mapping[str, Any]], Producer]
"""Makes a producer of a topic, with those certificate files and overrides."""


class Producers:
    """Every producer that was made here and still lives. Safe to share between threads."""

    def __init__(self, make: Make) -> None:
        self._make = make
        self._kept: dict[Use, tuple[ClientFiles, Producer]] = {}
        self._living: WeakSet[Producer] = WeakSet()
        self._lock = threading.Lock()

    def new(self, topic: str | None, files: ClientFiles, overrides: Mapping[str, Any]) -> Producer:
        """A producer for whoever asks, and nobody else."""
        made = self._make(topic, files, overrides)
        with self._lock:
            self._living.add(made)
        return made

    def kept(self, topic: str | None, files: ClientFiles, overrides: Mapping[str, Any]) -> Producer:
        """The producer of this use; another one than before where the certificate is another.

        Whoever still sends with the one before finishes with it.
        """
        use = (topic, frozenset(overrides.items()))
        with self._lock:
            found = self._kept.get(use)
            if found is None or found[0] != files:
                found = self._kept[use] = (files, self._make(topic, files, overrides))
                self._living.add(found[1])
            return found[1]

    def close(self) -> None:
        """Send what is on its way, and end the connections of all of them."""
        with self._lock:
            living = list(self._living)
            self._kept.clear()
            self._living.clear()
        for producer in living:
            if producer.closed:
                continue
            if producer.flush(FLUSHED_S):
                producer.purge()
            producer.close()
