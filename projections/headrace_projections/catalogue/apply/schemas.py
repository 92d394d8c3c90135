"""Schemas and subjects."""

from headrace_events.envelope import Recorded
from headrace_events.schema import SchemaRegistered
from headrace_events.subject import (
    SubjectCompatibilitySet,
    SubjectModeSet,
    SubjectVersionDeleted,
    SubjectVersionPurged,
    SubjectVersionReferenced,
    SubjectVersionRegistered,
    SubjectVersionReleased,
)
from headrace_projections.catalogue.apply.handlers import on, project_of, records, stamped
from headrace_projections.changes import Change, Delete, Update, Upsert, Values


@on(SchemaRegistered)
def list_schema(event: SchemaRegistered, at: Recorded) -> list[Change]:
    """Show the schema under its id."""
    row = {
        "fingerprint": event.fingerprint,
        "schema": event.schema,
        "referred": records(event.references),
        **stamped("registered", at),
    }
    return [Upsert("schemas", {"schema_id": event.schema_id}, row)]


def _version(event: SubjectVersionRegistered | SubjectVersionDeleted | SubjectVersionPurged, at: Recorded) -> Values:
    return {"project": project_of(at), "subject": event.subject, "version": event.version}


@on(SubjectVersionRegistered)
def list_subject_version(event: SubjectVersionRegistered, at: Recorded) -> list[Change]:
    """Show the version of the subject."""
    row = {"schema_id": event.schema_id, "topic": event.topic, "deleted": False, **stamped("registered", at)}
    return [Upsert("subjects", _version(event, at), row)]


@on(SubjectVersionDeleted)
def hide_subject_version(event: SubjectVersionDeleted, at: Recorded) -> list[Change]:
    """Show the version to those only who ask for deleted ones."""
    return [Update("subjects", _version(event, at), {"deleted": True})]


@on(SubjectVersionPurged)
def drop_subject_version(event: SubjectVersionPurged, at: Recorded) -> list[Change]:
    """Show the version no more; its schema stays, for other subjects may have it."""
    return [Delete("subjects", _version(event, at))]


@on(SubjectVersionReferenced)
def keep_reference(event: SubjectVersionReferenced, at: Recorded) -> list[Change]:
    """Nothing: who refers to a version is read from the schemas."""
    return []


@on(SubjectVersionReleased)
def drop_reference(event: SubjectVersionReleased, at: Recorded) -> list[Change]:
    """Nothing: who refers to a version is read from the schemas."""
    return []


@on(SubjectCompatibilitySet)
def set_compatibility(event: SubjectCompatibilitySet, at: Recorded) -> list[Change]:
    """Show what new versions owe to the earlier ones."""
    row = {"compatibility": event.level and event.level.value, **stamped("changed", at)}
    return [Upsert("subject_settings", {"project": project_of(at), "subject": event.subject}, row)]


@on(SubjectModeSet)
def set_mode(event: SubjectModeSet, at: Recorded) -> list[Change]:
    """Show whether the subject takes changes."""
    row = {"mode": event.mode and event.mode.value, **stamped("changed", at)}
    return [Upsert("subject_settings", {"project": project_of(at), "subject": event.subject}, row)]
