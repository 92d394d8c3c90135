"""Finding schemas: those of a project's subjects, and those we ship, which every project sees."""

from typing import Protocol

from headrace_api.context import Pool
from headrace_api.registry.canonical import Unreadable, canonical
from headrace_api.registry.models import PostedSchema, RegistryError, schema_missing, subject_missing, version_missing
from headrace_api.registry.shipped import shipped_as, shipped_id, shipped_versions
from headrace_projections.catalogue.queries import topics as queries
from headrace_projections.catalogue.queries.topics import SubjectVersionRow


class Registry(Protocol):
    """What a registry knows."""

    async def subjects(self) -> list[str]:
        """The names of all subjects."""
        ...

    async def versions(self, subject: str) -> list[SubjectVersionRow]:
        """A subject's versions, in order; empty where there is none."""
        ...

    async def by_id(self, schema_id: int) -> list[SubjectVersionRow]:
        """Where the schema of that id is used; empty where it is not."""
        ...


class ShippedRegistry:
    """The schemas of the manifest alone; they are no secret."""

    async def subjects(self) -> list[str]:
        """The names of all subjects."""
        return sorted(shipped_versions())

    async def versions(self, subject: str) -> list[SubjectVersionRow]:
        """A subject's versions, in order; empty where there is none."""
        return shipped_versions().get(subject, [])

    async def by_id(self, schema_id: int) -> list[SubjectVersionRow]:
        """Where the schema of that id is used; empty where it is not."""
        found = shipped_id(schema_id)
        return [found] if found else []


class ProjectRegistry:
    """The project's subjects, and behind them the shipped ones."""

    def __init__(self, pool: Pool, project: str) -> None:
        self._pool = pool
        self._project = project
        self._shipped = ShippedRegistry()

    async def subjects(self) -> list[str]:
        """The names of the project's own subjects."""
        return sorted({row.subject for row in await queries.subject_versions(self._pool, self._project)})

    async def versions(self, subject: str) -> list[SubjectVersionRow]:
        """A subject's versions, in order; empty where there is none."""
        own = await queries.subject_versions(self._pool, self._project, subject)
        return own or await self._shipped.versions(subject)

    async def by_id(self, schema_id: int) -> list[SubjectVersionRow]:
        """Where the schema of that id is used; empty where it is not."""
        return await self._shipped.by_id(schema_id) or await queries.schemas_by_id(self._pool, self._project, schema_id)


async def version_of(registry: Registry, subject: str, version: str) -> SubjectVersionRow:
    """The version (a number, or `latest`) of a subject; raises RegistryError."""
    rows = await registry.versions(subject)
    if not rows:
        raise subject_missing(subject)
    if version in {"latest", "-1"}:
        return rows[-1]
    if not version.isascii() or not version.isdecimal() or len(version) > 9 or int(version) == 0:
        raise RegistryError(42202, f"The specified version '{version}' is not a valid version id.")
    found = next((row for row in rows if row.version == int(version)), None)
    if found is None:
        raise version_missing(version)
    return found


async def same_schema(registry: Registry, subject: str, posted: PostedSchema) -> SubjectVersionRow:
    """The version of the subject with the posted schema, or what we ship of it; raises RegistryError."""
    if posted.schema_type != "AVRO":
        raise RegistryError(42201, f"Schemas are AVRO here, not {posted.schema_type}.")
    try:
        form = canonical(posted.schema_text)
        for row in await registry.versions(subject):
            if canonical(row.schema) == form:
                return row
        shipped = shipped_as(posted.schema_text)
    except Unreadable as error:
        raise RegistryError(42201, str(error)) from error
    if shipped is None:
        raise schema_missing(f"in subject '{subject}'")
    return shipped
