"""The schemas we ship, as subjects: subject = record name, versions in the order of their files."""

from collections import defaultdict
from functools import cache

from headrace_api.registry.canonical import canonical
from headrace_projections.catalogue.queries.topics import SubjectVersionRow
from headrace_schemas.catalogue import published


@cache
def shipped_versions() -> dict[str, list[SubjectVersionRow]]:
    """Subject → its versions."""
    found: dict[str, list[SubjectVersionRow]] = defaultdict(list)
    for schema in sorted(published().values(), key=lambda schema: (schema.name, schema.version)):
        row = SubjectVersionRow(
            subject=schema.name, version=schema.version, schema_id=schema.schema_id, schema=schema.text
        )
        found[schema.name].append(row)
    return dict(found)


@cache
def _by_form() -> dict[str, SubjectVersionRow]:
    return {canonical(row.schema): row for rows in shipped_versions().values() for row in rows}


def shipped_as(text: str) -> SubjectVersionRow | None:
    """Which of ours the schema is, if any; raises Unreadable."""
    return _by_form().get(canonical(text))


def shipped_id(schema_id: int) -> SubjectVersionRow | None:
    """Ours of that id, if any."""
    found = published().get(schema_id)
    return next((row for row in shipped_versions()[found.name] if row.schema_id == schema_id), None) if found else None
