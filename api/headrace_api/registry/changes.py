"""The schema registry's REST API: what changes something. Each change is a command, answered once it shows.

Clients of a registry know nothing of positions: what an answer says, the next request of anybody finds.
"""

from collections.abc import Sequence
from typing import Annotated

import orjson
from fastapi import Depends, Response

from headrace_api.reading import ProjectPath, Reading, until_visible
from headrace_api.registry.errors import RegistryError, schema_missing
from headrace_api.registry.found import registry_router, same_schema
from headrace_api.registry.lookup import AVRO, beside, level_of, live, numbered, posted_schema, versions_of
from headrace_api.registry.models import (
    Flag,
    Level,
    LevelSet,
    ModeShown,
    PostedLevel,
    PostedMode,
    PostedSchema,
    RegistryAnswer,
    SchemaId,
    SubjectPath,
    VersionPath,
)
from headrace_api.registry.owned import ProjectRegistry
from headrace_api.registry.shipped import ShippedRegistry, read_only, shipped_as
from headrace_api.registry.showing import shown
from headrace_api.sending import Sender, Sending
from headrace_events.language import Command
from headrace_events.subject import (
    WHOLE_PROJECT,
    AskedReference,
    DeleteSchema,
    Mode,
    PurgeSchema,
    RegisterSchema,
    SetCompatibility,
    SetMode,
    SubjectVersionDeleted,
    SubjectVersionPurged,
)
from headrace_projections.catalogue.queries import projects as happened

of_project = registry_router()
of_platform = registry_router()


async def _registry(reading: Reading) -> ProjectRegistry:
    return ProjectRegistry(reading.context, reading.project)


Schemas = Annotated[ProjectRegistry, Depends(_registry)]


async def _do(sending: Sender, command: Command) -> None:
    """Send the command, and return when what it did shows; raises the Refusal, NotYetVisible."""
    result = await sending.result(command)
    await until_visible(sending.context, ",".join(result.positions))


@of_platform.post("/subjects/{subject}/versions", summary="The id of a schema that we ship", response_model=SchemaId)
async def find_shipped(subject: SubjectPath, posted: PostedSchema, normalize: Flag = False) -> Response:
    """What serializers do before their first record. A schema that we do not ship is not made here."""
    found = await same_schema(ShippedRegistry(), subject, posted)
    if found is None:
        raise schema_missing(f"in subject '{subject}'") if posted.schema_type in {None, "AVRO"} else read_only()
    return RegistryAnswer({"id": found.schema_id})


@of_project.post("/subjects/{subject}/versions", summary="Register a schema", response_model=SchemaId)
async def register(
    *,
    project: ProjectPath,
    subject: SubjectPath,
    posted: PostedSchema,
    schemas: Schemas,
    sending: Sending,
    normalize: Flag = False,
) -> Response:
    """The schema's id. Where the subject has it, nothing happens; where it has not, it is the next version.

    A schema that we ship has its id everywhere, and is no version of anything but its own subject. For members; in
    subjects of a topic, for Data Owners and those who may write the topic.
    """
    if posted.id is not None and posted.id != -1:
        raise RegistryError(42205, "Ids are given out by the platform, whose projects share them: send none.")
    schema, fingerprint = await posted_schema(schemas, posted)
    known = live(await schemas.same(subject, fingerprint))
    if known:
        return RegistryAnswer({"id": known[-1].schema_id})
    shipped = await shipped_as(schema)
    if shipped is not None:
        return RegistryAnswer({"id": shipped.schema_id})
    text = await beside(AVRO.form, schema) if normalize else orjson.dumps(orjson.loads(posted.schema_text)).decode()
    references = tuple(
        AskedReference(name=one.name, subject=one.subject, version=one.version) for one in posted.references or ()
    )
    version = posted.version if posted.version is not None and posted.version > 0 else None
    wish = RegisterSchema(project=project, subject=subject, schema=text, references=references, version=version)
    await _do(sending, wish)
    made = await shown(lambda: schemas.same(subject, fingerprint))
    if not made:
        raise schema_missing(f"in subject '{subject}' any more")
    return RegistryAnswer({"id": made[-1].schema_id})


@of_project.delete("/subjects/{subject}", summary="Delete a subject", response_model=list[int])
async def delete_subject(
    project: ProjectPath, subject: SubjectPath, _: Reading, sending: Sending, permanent: Flag = False
) -> Response:
    """Hide all its versions, whose numbers are the answer; their schemas are found by id as before.

    With `permanent`, forget the hidden versions; for Data Owners, and not before they are hidden.
    """
    command = PurgeSchema if permanent else DeleteSchema
    await _do(sending, command(project=project, subject=subject))
    return RegistryAnswer(await _gone(sending, project))


@of_project.delete("/subjects/{subject}/versions/{version}", summary="Delete a version", response_model=int)
async def delete_version(
    *,
    project: ProjectPath,
    subject: SubjectPath,
    version: VersionPath,
    schemas: Schemas,
    sending: Sending,
    permanent: Flag = False,
) -> Response:
    """Hide the version (or `latest`), whose number is the answer; with `permanent`, forget it once it is hidden."""
    number = numbered(version)
    if number == -1:
        number = (await versions_of(schemas, subject, hidden=permanent))[-1].version
    command = PurgeSchema if permanent else DeleteSchema
    await _do(sending, command(project=project, subject=subject, version=number))
    return RegistryAnswer(number)


async def _gone(sending: Sender, project: str) -> Sequence[int]:
    """The numbers of the versions that the command hid or forgot."""
    events = await happened.caused_by(sending.context.pool, project, sending.id)
    kinds = {SubjectVersionDeleted.wire, SubjectVersionPurged.wire}
    return [event.body["version"] for event in events if event.type in kinds]


@of_project.put("/config", summary="Set the compatibility level", response_model=LevelSet)
async def set_level(project: ProjectPath, posted: PostedLevel, _: Reading, sending: Sending) -> Response:
    """What new versions owe to earlier ones, where a subject does not say another. For Data Owners."""
    return await _set_level(sending, project, WHOLE_PROJECT, posted)


@of_project.put("/config/{subject}", summary="Set a subject's compatibility level", response_model=LevelSet)
async def set_subject_level(
    project: ProjectPath, subject: SubjectPath, posted: PostedLevel, _: Reading, sending: Sending
) -> Response:
    """What new versions of the subject owe to earlier ones. For Data Owners."""
    return await _set_level(sending, project, subject, posted)


async def _set_level(sending: Sender, project: str, subject: str, posted: PostedLevel) -> Response:
    level = (posted.compatibility or "").upper()
    await _do(sending, SetCompatibility(project=project, subject=subject, level=level))
    return RegistryAnswer({"compatibility": level})


@of_project.delete("/config", summary="Forget the compatibility level", response_model=Level)
async def forget_level(project: ProjectPath, schemas: Schemas, sending: Sending) -> Response:
    """The level that held is the answer; BACKWARD holds from now on. For Data Owners."""
    return await _forget_level(sending, schemas, project, WHOLE_PROJECT)


@of_project.delete("/config/{subject}", summary="Forget a subject's compatibility level", response_model=Level)
async def forget_subject_level(
    project: ProjectPath, subject: SubjectPath, schemas: Schemas, sending: Sending
) -> Response:
    """The level that held is the answer; the project's holds from now on. For Data Owners."""
    return await _forget_level(sending, schemas, project, subject)


async def _forget_level(sending: Sender, schemas: ProjectRegistry, project: str, subject: str) -> Response:
    held = await level_of(schemas, subject)
    await _do(sending, SetCompatibility(project=project, subject=subject, level=None))
    return RegistryAnswer({"compatibilityLevel": held.value})


@of_project.put("/mode", summary="Set the mode", response_model=ModeShown)
async def set_mode(
    project: ProjectPath, posted: PostedMode, _: Reading, sending: Sending, force: Flag = False
) -> Response:
    """Whether subjects take changes: READWRITE, READONLY or READONLY_OVERRIDE. For Data Owners.

    There is no IMPORT: ids are shared by all projects, so none may choose its own.
    """
    return await _set_mode(sending, project, WHOLE_PROJECT, posted)


@of_project.put("/mode/{subject}", summary="Set a subject's mode", response_model=ModeShown)
async def set_subject_mode(
    project: ProjectPath, subject: SubjectPath, posted: PostedMode, _: Reading, sending: Sending, force: Flag = False
) -> Response:
    """Whether the subject takes changes. For Data Owners."""
    return await _set_mode(sending, project, subject, posted)


async def _set_mode(sending: Sender, project: str, subject: str, posted: PostedMode) -> Response:
    mode = (posted.mode or "").upper()
    await _do(sending, SetMode(project=project, subject=subject, mode=mode))
    return RegistryAnswer({"mode": mode})


@of_project.delete("/mode", summary="Forget the mode", response_model=ModeShown)
async def forget_mode(project: ProjectPath, schemas: Schemas, sending: Sending) -> Response:
    """The mode that held is the answer; READWRITE holds from now on. For Data Owners."""
    return await _forget_mode(sending, schemas, project, WHOLE_PROJECT)


@of_project.delete("/mode/{subject}", summary="Forget a subject's mode", response_model=ModeShown)
async def forget_subject_mode(
    project: ProjectPath, subject: SubjectPath, schemas: Schemas, sending: Sending
) -> Response:
    """The mode that held is the answer; the project's holds from now on. For Data Owners."""
    return await _forget_mode(sending, schemas, project, subject)


async def _forget_mode(sending: Sender, schemas: ProjectRegistry, project: str, subject: str) -> Response:
    held = (await schemas.settings(subject)).mode or Mode.READWRITE
    await _do(sending, SetMode(project=project, subject=subject, mode=None))
    return RegistryAnswer({"mode": held.value})
