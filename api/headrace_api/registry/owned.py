"""A project's registry: its own subjects; behind them those of topics shared with it, and the shipped ones."""

from headrace_api.context import Context
from headrace_api.registry.lookup import Page, Registry
from headrace_api.registry.models import MOST_TEXT
from headrace_api.registry.shipped import ShippedRegistry, shipped_schema
from headrace_projections.catalogue.queries import schemas as queries
from headrace_projections.catalogue.queries import sharing
from headrace_projections.catalogue.queries.schemas import ListedRow, SchemaRow, SettingsRow, SubjectVersionRow


class ProjectRegistry(Registry):
    """What the tables say, and the cache of texts."""

    def __init__(self, context: Context, project: str) -> None:
        self._pool = context.pool
        self._kept = context.schemas
        self._project = project
        self._shipped = ShippedRegistry()

    async def subjects(self, page: Page) -> list[str]:
        """Names of the project's own subjects."""
        return await queries.subjects(
            self._pool,
            self._project,
            prefix=page.prefix,
            hidden=page.hidden,
            only=page.only,
            offset=page.offset,
            limit=page.limit,
        )

    async def pages(self, page: Page) -> list[ListedRow]:
        """Versions of the project's own subjects."""
        return await queries.pages(
            self._pool,
            self._project,
            prefix=page.prefix,
            hidden=page.hidden,
            latest=page.latest,
            offset=page.offset,
            limit=page.limit,
            most=MOST_TEXT,
        )

    async def versions(self, subject: str) -> list[SubjectVersionRow]:
        """A subject's versions."""
        return (
            await queries.versions(self._pool, self._project, subject)
            or await self._shipped.versions(subject)
            or await sharing.shared_versions(self._pool, self._project, subject)
        )

    async def using(self, schema_id: int) -> list[SubjectVersionRow]:
        """Where the schema of that id is used."""
        return (
            await self._shipped.using(schema_id)
            or await queries.using(self._pool, self._project, schema_id)
            or await sharing.shared_using(self._pool, self._project, schema_id)
        )

    async def schema(self, schema_id: int) -> SchemaRow | None:
        """The schema of that id, whoever uses it."""
        found = shipped_schema(schema_id) or self._kept.row(schema_id)
        if found is None:
            found = await queries.schema(self._pool, schema_id)
            if found is not None:
                self._kept.keep(found)
        return found

    async def same(self, subject: str, fingerprint: str) -> list[SubjectVersionRow]:
        """The versions of the subject that are the schema of that fingerprint."""
        return await queries.same(self._pool, self._project, subject, fingerprint)

    async def referrers(self, subject: str, version: int) -> list[int]:
        """The ids of the schemas that refer to the version."""
        return await queries.referrers(self._pool, self._project, subject, version)

    async def last_id(self) -> int | None:
        """The highest id in use."""
        return await queries.last_id(self._pool, self._project)

    async def settings(self, subject: str) -> SettingsRow:
        """What is said of the subject itself."""
        return await queries.settings(self._pool, self._project, subject)
