"""The Avro schema of a feature group's rows, made from its columns."""

import json
from collections.abc import Sequence

from headrace_events.errors import Invalid
from headrace_events.feature_default import in_avro as default_in_avro
from headrace_events.feature_type import canonical, in_avro, parsed
from headrace_events.language import value

MOST_COLUMNS = 10_000


@value
class Column:
    """A column of a feature group; `type` is one of `feature_type`."""

    name: str
    type: str
    description: str = ""


@value
class Appended:
    """A column that came later; `default` (JSON, none is null) is what rows written without it have."""

    name: str
    type: str
    description: str = ""
    default: str | None = None

    @property
    def column(self) -> Column:
        """As any other column."""
        return Column(name=self.name, type=self.type, description=self.description)


def known_type(column: str, kind: str) -> str:
    """The type as events have it; raises Invalid, naming the column."""
    try:
        return canonical(kind)
    except Invalid as error:
        raise Invalid(error.code, f"column {column!r}: {error.message}", {"column": column, **error.details}) from None


def row_schema(project: str, group: str, version: int, columns: Sequence[Column], required: Sequence[str]) -> str:
    """The canonical JSON text of the schema: every column that is not required is nullable, null by default."""
    fields: list[dict[str, object]] = []
    for column in columns:
        avro = in_avro(parsed(column.type), column.name)
        if column.name in required:
            fields.append({"name": column.name, "type": avro})
        else:
            fields.append({"name": column.name, "type": ["null", avro], "default": None})
    namespace, name = record_name(project, group, version)
    record = {"type": "record", "name": name, "namespace": namespace, "fields": fields}
    return json.dumps(record, separators=(",", ":"))


def record_name(project: str, group: str, version: int) -> tuple[str, str]:
    """Namespace and name of all schemas of the group's rows."""
    return "headrace.features." + project.replace("-", "_"), f"{group}_{version}"


def is_of(text: str, project: str, group: str, version: int) -> bool:
    """Whether the schema is called what schemas of the group's rows are."""
    schema = json.loads(text)
    named = isinstance(schema, dict) and (schema.get("namespace"), schema.get("name"))
    return named == record_name(project, group, version)


def grown_schema(text: str, features: Sequence[Appended]) -> str:
    """The schema with these columns after its own; what has no default is null in rows that lack it."""
    record = json.loads(text)
    for feature in features:
        avro = in_avro(parsed(feature.type), feature.name)
        default = default_in_avro(feature.type, feature.default)
        union = ["null", avro] if default is None else [avro, "null"]
        record["fields"].append({"name": feature.name, "type": union, "default": default})
    return json.dumps(record, separators=(",", ":"))
