"""The Avro schema of a feature group's rows, made from its columns."""

import json
from collections.abc import Sequence

from headrace_events.language import value

AVRO_TYPES: dict[str, str | dict[str, str]] = {
    "boolean": "boolean",
    "int": "int",
    "bigint": "long",
    "float": "float",
    "double": "double",
    "string": "string",
    "binary": "bytes",
    "date": {"type": "int", "logicalType": "date"},
    "timestamp": {"type": "long", "logicalType": "timestamp-micros"},
}
"""Feature type → Avro type."""


@value
class Column:
    """A column of a feature group; `type` is a key of AVRO_TYPES."""

    name: str
    type: str
    description: str = ""


def row_schema(project: str, group: str, version: int, columns: Sequence[Column], required: Sequence[str]) -> str:
    """The canonical JSON text of the schema: every column that is not required is nullable, null by default."""
    fields: list[dict[str, object]] = []
    for column in columns:
        avro = AVRO_TYPES[column.type]
        if column.name in required:
            fields.append({"name": column.name, "type": avro})
        else:
            fields.append({"name": column.name, "type": ["null", avro], "default": None})
    record = {
        "type": "record",
        "name": f"{group}_{version}",
        "namespace": "headrace.features." + project.replace("-", "_"),
        "fields": fields,
    }
    return json.dumps(record, separators=(",", ":"))
