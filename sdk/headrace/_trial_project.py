"""What a trial that reads topics is given of its project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace._clients import CONSUMING, Consumer, full_name
from headrace._schemas import GivenSchemas


class TrialProject:
    """A project as a trial sees it: no more than what its worker's certificate opens while the rung runs.

    There is no key, and so nothing of the API; the certificate and its key are in memory alone.
    """

    def __init__(self, name: str, connection: Mapping[str, str], group_prefix: str, schemas: Mapping[int, str]) -> None:
        self.name = name
        self._connection = dict(connection)
        self._group_prefix = group_prefix
        self._schemas = GivenSchemas(schemas)

    def __repr__(self) -> str:
        return f"TrialProject({self.name!r})"

    def topic_name(self, topic: str) -> str:
        """The full name of a topic; a bare name is one that members made."""
        return full_name(self.name, topic)

    def consumer(self, topics: str | Sequence[str], group: str = "trial", **overrides: Any) -> Consumer:
        """A confluent-kafka Consumer, subscribed to the topics (full or bare names); close it at the end.

        The group is this worker's own, so it begins at the beginning. Overrides are librdkafka settings with `_` for
        `.`.
        """
        names = [topics] if isinstance(topics, str) else list(topics)
        return Consumer(self.name, names, self._schemas, self._settings(group, overrides))

    def _settings(self, group: str, overrides: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **self._connection,
            "client.id": f"{self.name}__trial",
            "group.id": f"{self._group_prefix}{group}",
            **CONSUMING,
            **{name.replace("_", "."): value for name, value in overrides.items()},
        }
