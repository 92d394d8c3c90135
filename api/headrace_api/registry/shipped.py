"""The schemas we ship, as a registry: subject = record name, versions in the order of their files. No secrets."""

from collections import defaultdict
from functools import cache

from headrace_api.registry.errors import RegistryError
from headrace_api.registry.lookup import AVRO, Page, Registry, beside
from headrace_events.avro import Written
from headrace_events.compatibility import Compatibility
from headrace_events.subject import Mode
from headrace_projections.catalogue.queries.schemas import ListedRow, SchemaRow, SettingsRow, SubjectVersionRow
from headrace_schemas.catalogue import published


@cache
def shipped_versions() -> dict[str, list[SubjectVersionRow]]:
    """Subject → its versions."""
    found: dict[str, list[SubjectVersionRow]] = defaultdict(list)
    for schema in sorted(published().values(), key=lambda schema: (schema.name, schema.version)):
        found[schema.name].append(
            SubjectVersionRow(subject=schema.name, version=schema.version, schema_id=schema.schema_id)
        )
    return dict(found)


@cache
def _by_shape() -> dict[str, SubjectVersionRow]:
    texts = {schema_id: schema.text for schema_id, schema in published().items()}
    return {AVRO.shape(Written(text=texts[row.schema_id])): row for rows in shipped_versions().values() for row in rows}


async def shipped_as(schema: Written) -> SubjectVersionRow | None:
    """Which of ours the schema is, documentation aside, if any; raises Invalid."""
    return _by_shape().get(await beside(AVRO.shape, schema))


def shipped_schema(schema_id: int) -> SchemaRow | None:
    """Ours of that id, if any."""
    found = published().get(schema_id)
    return SchemaRow(schema_id=schema_id, schema=found.text) if found else None


class ShippedRegistry(Registry):
    """The schemas of the manifest alone."""

    async def subjects(self, page: Page) -> list[str]:
        """Names of subjects."""
        names = sorted(name for name in shipped_versions() if name.startswith(page.prefix) and not page.only)
        return names[page.offset : page.offset + page.limit]

    async def pages(self, page: Page) -> list[ListedRow]:
        """Versions of all subjects."""
        rows = [
            ListedRow(
                subject=row.subject,
                version=row.version,
                schema_id=row.schema_id,
                deleted=False,
                schema=published()[row.schema_id].text,
            )
            for name in sorted(shipped_versions())
            if name.startswith(page.prefix)
            for row in shipped_versions()[name][-1 if page.latest else 0 :]
        ]
        return rows[page.offset : page.offset + page.limit]

    async def versions(self, subject: str) -> list[SubjectVersionRow]:
        """A subject's versions."""
        return shipped_versions().get(subject, [])

    async def using(self, schema_id: int) -> list[SubjectVersionRow]:
        """Where the schema of that id is used."""
        found = published().get(schema_id)
        return [row for row in shipped_versions()[found.name] if row.schema_id == schema_id] if found else []

    async def schema(self, schema_id: int) -> SchemaRow | None:
        """The schema of that id."""
        return shipped_schema(schema_id)

    async def same(self, subject: str, fingerprint: str) -> list[SubjectVersionRow]:
        """None: ours are found by their shape."""
        return []

    async def referrers(self, subject: str, version: int) -> list[int]:
        """None: ours refer to nothing."""
        return []

    async def last_id(self) -> int:
        """The highest id."""
        return max(published())

    async def settings(self, subject: str) -> SettingsRow:
        """What is promised of what we ship: the same of every subject, and nobody changes it over HTTP."""
        return SettingsRow(compatibility=Compatibility.FULL_TRANSITIVE, mode=Mode.READONLY)


def read_only() -> RegistryError:
    """Nobody changes what we ship over HTTP."""
    return RegistryError(42205, "The platform's registry is read-only: register in a project's.")
