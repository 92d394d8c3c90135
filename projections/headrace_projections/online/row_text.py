"""Rows as text that stands in answers: the JSON values of some of their features, with commas in between."""

from collections.abc import Iterator, Mapping, Sequence, Set

import orjson
from psycopg.rows import TupleRow

from headrace_projections.online.as_json import as_json
from headrace_projections.online.bodies import BodyReader
from headrace_projections.online.vectors_table import Told
from headrace_projections.rows.fit import Rows
from headrace_projections.rows.groups import Group
from headrace_projections.rows.ragged import Longs


class RowTexts:
    """Makes texts of bodies as the ordinary way reads them; keeps what it takes to read a schema."""

    def __init__(self) -> None:
        self._readers: dict[int, BodyReader] = {}

    def of_batch(
        self,
        group: Group,
        schemas: Mapping[int, str],
        chosen: Sequence[tuple[Rows, Longs]],
        written: Set[bytes],
        features: Sequence[str],
    ) -> Iterator[Told]:
        """What the chosen rows say whose keys were written."""
        defaults = group.defaults
        for rows, indexes in chosen:
            reader = None if rows.deleted else self._reader(rows.schema_id, schemas)
            times = rows.event_time
            for place in indexes.tolist():
                if (key := rows.keys[place]) in written:
                    body = rows.bodies[place]
                    text = None if reader is None else text_of(reader, body, features, defaults)
                    yield key, int(times[place]), text

    def of_stored(
        self, group: Group, schemas: Mapping[int, str], stored: Sequence[TupleRow], features: Sequence[str]
    ) -> Iterator[Told]:
        """What rows of the group's table (key, event time, deleted, schema id, body) say."""
        defaults = group.defaults
        for key, event_time, deleted, schema_id, body in stored:
            text = None if deleted else text_of(self._reader(schema_id, schemas), body, features, defaults)
            yield key, event_time, text

    def _reader(self, schema_id: int, schemas: Mapping[int, str]) -> BodyReader:
        found = self._readers.get(schema_id)
        if found is None:
            found = self._readers[schema_id] = BodyReader(orjson.loads(schemas[schema_id]))
        return found


def text_of(reader: BodyReader, body: bytes, features: Sequence[str], defaults: Mapping[str, object]) -> bytes:
    """The features of one row; what it lacks has its default, or is null."""
    row = reader.read(body)
    return as_json([row.get(name, defaults.get(name)) for name in features])[1:-1]
