"""Finding versions and schemas in a registry, by name, by number and by text."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import anyio.to_thread

from headrace_api.registry.errors import RegistryError, schema_missing, subject_missing, version_missing
from headrace_api.registry.models import PostedSchema, SentReference
from headrace_events import schema as schemas
from headrace_events.avro import Written
from headrace_events.compatibility import DEFAULT, Compatibility, Earlier, incompatibilities
from headrace_events.schema import Schema, SchemaReference, fingerprint, must_be_few
from headrace_events.subject import WHOLE_PROJECT
from headrace_projections.catalogue.queries.schemas import ListedRow, SchemaRow, SettingsRow, SubjectVersionRow
from headrace_schemas.avro import ApacheAvro

AVRO = ApacheAvro()
S = TypeVar("S")
_AT_ONCE = 16 << 10
"""Up to this many characters a schema is read on the spot; a larger one in a thread, beside other requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a list: `hidden`, deleted ones too; `only`, deleted ones only; `latest`, one of each subject."""

    prefix: str
    hidden: bool
    only: bool = False
    latest: bool = False
    offset: int
    limit: int


class Registry(ABC):
    """What a registry knows. Deleted versions are in every list that does not say otherwise."""

    @abstractmethod
    async def subjects(self, page: Page) -> list[str]:
        """Names of subjects."""

    @abstractmethod
    async def pages(self, page: Page) -> list[ListedRow]:
        """Versions of all subjects with their schemas, as many as go into one answer."""

    @abstractmethod
    async def versions(self, subject: str) -> list[SubjectVersionRow]:
        """A subject's versions, in order; empty where there is none."""

    @abstractmethod
    async def using(self, schema_id: int) -> list[SubjectVersionRow]:
        """Where the schema of that id is used; empty where it is not."""

    @abstractmethod
    async def schema(self, schema_id: int) -> SchemaRow | None:
        """The schema of that id, whoever uses it."""

    @abstractmethod
    async def same(self, subject: str, fingerprint: str) -> list[SubjectVersionRow]:
        """The versions of the subject that are the schema of that fingerprint."""

    @abstractmethod
    async def referrers(self, subject: str, version: int) -> list[int]:
        """The ids of the schemas that refer to the version."""

    @abstractmethod
    async def last_id(self) -> int | None:
        """The highest id in use."""

    @abstractmethod
    async def settings(self, subject: str) -> SettingsRow:
        """What is said of the subject itself."""


def live(rows: Sequence[SubjectVersionRow]) -> list[SubjectVersionRow]:
    """Those that are not deleted."""
    return [row for row in rows if not row.deleted]


async def versions_of(registry: Registry, subject: str, *, hidden: bool = False) -> list[SubjectVersionRow]:
    """A subject's versions; raises RegistryError where it has none."""
    rows = await registry.versions(subject)
    shown = rows if hidden else live(rows)
    if not shown:
        raise subject_missing(subject)
    return shown


def numbered(version: str) -> int:
    """The number of a version, -1 for the newest; raises RegistryError."""
    if version in {"latest", "-1"}:
        return -1
    if not version.isascii() or not version.isdecimal() or not 0 < int(version[:12]) < 2**31:
        raise RegistryError(
            42202,
            f"The specified version '{version[:80]}' is not a valid version id. Allowed values are between "
            '[1, 2^31-1] and the string "latest".',
        )
    return int(version)


async def version_of(registry: Registry, subject: str, version: str, *, hidden: bool = False) -> SubjectVersionRow:
    """The version (a number, or `latest`) of a subject; raises RegistryError."""
    number = numbered(version)
    rows = await versions_of(registry, subject, hidden=hidden)
    if number == -1:
        return rows[-1]
    found = next((row for row in rows if row.version == number), None)
    if found is None:
        raise version_missing(version)
    return found


async def schema_of(registry: Registry, schema_id: int) -> SchemaRow:
    """The schema of that id; raises RegistryError."""
    found = await registry.schema(schema_id)
    if found is None:
        raise schema_missing(str(schema_id))
    return found


async def written(registry: Registry, text: str, references: Sequence[SchemaReference]) -> Written:
    """The schema with all that it refers to; raises Invalid, RegistryError."""
    found: dict[int, Schema] = {}
    waiting = list(references)
    while waiting:
        schema_id = waiting.pop().schema_id
        if schema_id not in found:
            row = await schema_of(registry, schema_id)
            found[schema_id] = Schema(schema_id=schema_id, text=row.schema, references=row.referred)
            must_be_few(len(found))
            waiting += row.referred
    return schemas.written(found.get, text, references)


async def references_of(registry: Registry, sent: Sequence[SentReference]) -> tuple[SchemaReference, ...]:
    """The references with the ids they lead to; raises RegistryError where one leads nowhere."""
    must_be_few(len(sent))
    found = []
    for one in sent:
        try:
            row = await version_of(registry, one.subject, str(one.version))
        except RegistryError as error:
            raise RegistryError(42201, f"Reference {one.name!r} leads nowhere: {error.message}") from error
        made = SchemaReference(name=one.name, subject=one.subject, version=row.version, schema_id=row.schema_id)
        found.append(made)
    return tuple(found)


async def posted_schema(registry: Registry, posted: PostedSchema) -> tuple[Written, str]:
    """A posted schema, and the fingerprint by which equal ones are found; raises RegistryError, Invalid."""
    if posted.schema_type not in {None, "AVRO"}:
        raise RegistryError(42201, f"Schemas are AVRO here, not {posted.schema_type}.")
    if posted.metadata or posted.rule_set:
        raise RegistryError(42201, "Metadata and rules of a schema are not kept here: send none.")
    references = await references_of(registry, posted.references or ())
    schema = await written(registry, posted.schema_text, references)
    form = await beside(AVRO.form, schema)
    return schema, fingerprint(form, references)


async def beside(read: Callable[[Written], S], schema: Written) -> S:
    """What `read` makes of a schema, without holding other requests up."""
    if len(schema.text) + sum(map(len, schema.referenced)) <= _AT_ONCE:
        return read(schema)
    return await anyio.to_thread.run_sync(read, schema)


async def resolved(registry: Registry, row: SchemaRow) -> str:
    """The schema with whatever it refers to written out."""
    return await beside(AVRO.resolved, await written(registry, row.schema, row.referred))


async def level_of(registry: Registry, subject: str) -> Compatibility:
    """What a new version of the subject owes to the earlier ones."""
    own = (await registry.settings(subject)).compatibility
    return own or (await registry.settings(WHOLE_PROJECT)).compatibility or DEFAULT


async def verdict(
    registry: Registry, subject: str, proposed: Written, rows: Sequence[SubjectVersionRow]
) -> tuple[str, ...]:
    """Why the schema may not follow those versions of the subject; empty where it may."""
    level = await level_of(registry, subject)
    earlier = []
    for row in level.against(rows):
        schema = await schema_of(registry, row.schema_id)
        earlier.append(Earlier(version=row.version, schema=await written(registry, schema.schema, schema.referred)))
    return await anyio.to_thread.run_sync(incompatibilities, AVRO, level, proposed, earlier)
