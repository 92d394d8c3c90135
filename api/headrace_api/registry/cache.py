"""What the API keeps of schemas: texts, which never change, and for a moment who may see them."""

import time
from collections import OrderedDict

from headrace_projections.catalogue.queries.schemas import SchemaRow

MOST_BYTES = 64 << 20
"""Of the texts that are kept; the one that was not asked for the longest goes first."""

MOST_SEEN = 10_000
SEEN_SECONDS = 1.0
"""How long a reader's standing, and that a project uses an id, are taken to hold: a member who is removed, and an id
that is purged, are gone from here after that time."""


class SchemaCache:
    """Schemas by id, and who saw which of them a moment ago. For one thread."""

    def __init__(self) -> None:
        self._rows: OrderedDict[int, SchemaRow] = OrderedDict()
        self._bytes = 0
        self._seen: OrderedDict[tuple[str, str, int], float] = OrderedDict()

    def row(self, schema_id: int) -> SchemaRow | None:
        """The schema of that id, if it is kept."""
        found = self._rows.get(schema_id)
        if found is not None:
            self._rows.move_to_end(schema_id)
        return found

    def keep(self, row: SchemaRow) -> None:
        """Keep the schema, and let go what that is too much for."""
        if row.schema_id in self._rows:
            return
        self._rows[row.schema_id] = row
        self._bytes += _size(row)
        while self._bytes > MOST_BYTES:
            _, gone = self._rows.popitem(last=False)
            self._bytes -= _size(gone)

    def saw(self, user: str, project: str, schema_id: int) -> None:
        """The person may see the schema in the project now."""
        self._seen[user, project, schema_id] = time.monotonic() + SEEN_SECONDS
        self._seen.move_to_end((user, project, schema_id))
        if len(self._seen) > MOST_SEEN:
            self._seen.popitem(last=False)

    def may_see(self, user: str, project: str, schema_id: int) -> bool:
        """Whether the person could see it a moment ago."""
        return self._seen.get((user, project, schema_id), 0.0) > time.monotonic()


def _size(row: SchemaRow) -> int:
    return 200 + len(row.schema) * 4
